"""The units and their mapping, read once."""

from __future__ import annotations

import pytest

from tests.unit.seeds.rows import read


@pytest.fixture(scope="module")
def units():
    return read("administrative_unit")


@pytest.fixture(scope="module")
def mapping():
    return read("administrative_unit_mapping")
