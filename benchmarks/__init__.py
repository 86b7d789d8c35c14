"""The figures of each issue, repeated by one command each: `make bench-NAME`."""
