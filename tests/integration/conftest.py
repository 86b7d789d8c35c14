"""What test modules of integration share: one release of a world without faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.integration.questions import reader, released
from tests.integration.true_party import Party, true_party


@pytest.fixture(scope="session")
def release_of_truth_url(shared_folder: Path, parsed_models: Path) -> Iterator[str]:
    """Address of a warehouse with a release in which every accepted value is the true one; read only."""
    with released(shared_folder, parsed_models) as url:
        yield url


@pytest.fixture(scope="session")
def release_of_truth(release_of_truth_url: str) -> Iterator[psycopg.Connection]:
    """A connection to that warehouse."""
    with reader(release_of_truth_url) as connection:
        yield connection


@pytest.fixture(scope="module")
def party(release_of_truth: psycopg.Connection) -> Party:
    return true_party(release_of_truth)
