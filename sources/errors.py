"""The base of every error that a person is meant to read."""

from __future__ import annotations


class ExplainedError(Exception):
    """Its message is one sentence that says where and what to do; the command line prints it as it is."""
