"""What tests of forms share: the small country as published relations, empty or with members typed by hand."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from orchestration.warehouse import connect
from tests.forms_world import make_relations, put_organisation
from tests.integration.forms.country import HAND, ROOTS, cell_code, live, root


@pytest.fixture
def country(warehouse_url: str) -> Iterator[psycopg.Connection]:
    """Three provinces; in each two communes, in each commune one basic organisation with one cell."""
    make_relations(warehouse_url)
    with connect(warehouse_url, autocommit=True) as connection:
        for province in ROOTS:
            put_organisation(connection, root(province), f"/{root(province)}/", organisation_type="T1")
            for branch in (1, 2):
                commune, base = f"{province}.{branch:03}.000.000.000", f"{province}.{branch:03}.001.000.000"
                path = f"/{root(province)}/{commune}/"
                unit = "14758" if (province, branch) == ("38", 1) else None
                put_organisation(connection, commune, path, organisation_type="H1", administrative_unit_code=unit)
                kind = {"organisation_type": "C1", "sector": "9b1" if branch == 2 else "5"}
                put_organisation(connection, base, f"{path}{base}/", **kind)
                cell = cell_code(province, branch)
                put_organisation(connection, cell, f"{path}{base}/{cell}/", organisation_type="B2", sector="5")
        yield connection


@pytest.fixture
def url(country: psycopg.Connection, warehouse_url: str) -> str:
    return warehouse_url


@pytest.fixture
def by_hand(country: psycopg.Connection, url: str) -> str:
    for life in HAND:
        live(country, life)
    return url
