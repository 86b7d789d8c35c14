"""What arrives: contracts, registry, connectors, the sample world."""
