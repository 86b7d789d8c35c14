"""What test modules of integration share: one release of a world without faults."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.questions import reader, released


@pytest.fixture(scope="session")
def release_of_truth_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a warehouse with a release in which every accepted value is the true one; read only."""
    folder = tmp_path_factory.getbasetemp()
    with released(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) as url:
        yield url


@pytest.fixture(scope="session")
def release_of_truth(release_of_truth_url: str) -> Iterator[psycopg.Connection]:
    """A connection to that warehouse."""
    with reader(release_of_truth_url) as connection:
        yield connection
