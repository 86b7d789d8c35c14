"""Connectors: how one record leaves one source system. Each runs in a child process, see `sources.extract`."""
