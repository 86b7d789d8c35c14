"""A tiny sample world, built once a worker: 2,800 members in all 40 sources."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sources.sample.world import build

SCALE, SEED, AS_OF = 0.0005, 20261122, date(2026, 11, 22)


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny world; read only, tests that change it make a copy."""
    folder = tmp_path_factory.mktemp("sample")
    build(SCALE, SEED, AS_OF, folder)
    return folder
