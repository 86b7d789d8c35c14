"""Vietnamese text: decoding of what arrives."""
