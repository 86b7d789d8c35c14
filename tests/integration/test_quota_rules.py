"""Quotas that a source delivers again: adjustments are new decisions, never edits of the old one."""

from __future__ import annotations

import psycopg
import pytest

from sources.contract import load_contracts
from tests.intake_world import World, good_row, world

QUOTA = load_contracts()["staffing_quota"]
DECIDED = {"decision_no": "15-QĐ/TU", "decision_date": "2025-12-20"}


@pytest.fixture
def quotas(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection) -> World:
    return world(monkeypatch, warehouse_url, warehouse, "staffing_quota")


def _quota(key: str, **values: str | None) -> dict[str, str | None]:
    said: dict[str, str | None] = {"agency_code": "VP", "category": "CONG_CHUC", "year": "2026", "assigned": "12"}
    return good_row(QUOTA, key, **(said | DECIDED | values))


@pytest.mark.parametrize(
    ("before", "after", "is_edited"),
    [
        # one post more or less, and none; what is kept in reserve alike
        ({}, {"assigned": "12"}, False),
        ({}, {"assigned": "13"}, True),
        ({}, {"assigned": "11"}, True),
        ({"reserve": "2"}, {"reserve": "2"}, False),
        ({"reserve": "2"}, {"reserve": "3"}, True),
        ({"reserve": None}, {"reserve": "0"}, False),
        # a new decision may say what it wants: by its number, or by its day where numbers begin again
        ({}, {"assigned": "13", "decision_no": "16-QĐ/TU"}, False),
        ({}, {"assigned": "13", "decision_date": "2025-12-21"}, False),
        ({}, {"assigned": "13", "decision_date": None}, True),
        ({"decision_date": None}, {"assigned": "13"}, True),
        # nobody says which decision it was
        ({"decision_no": None}, {"assigned": "13"}, False),
        ({}, {"assigned": "13", "decision_no": None}, False),
        # the same decision on something else
        ({}, {"assigned": "13", "year": "2027"}, False),
        ({}, {"assigned": "13", "agency_code": "BTC"}, False),
        ({}, {"assigned": "13", "category": "VIEN_CHUC_NSNN"}, False),
    ],
)
def test_another_figure_under_the_same_decision_is_a_warning(
    quotas: World, before: dict[str, str | None], after: dict[str, str | None], is_edited: bool
) -> None:
    first = quotas.take([_quota("K1", **before), _quota("K2")])
    assert {r.rule_id for r in first.results if r.failed} == set()
    # the other row tells that the delivery is another one
    second = quotas.take([_quota("K1", **(before | after)), _quota("K2", authority_level="TINH")])
    assert (second.status, second.quarantined) == ("accepted", 0)
    assert quotas.open_rows("assigned")[0] == (int(str(after.get("assigned", "12"))),)
    assert {r.rule_id: r.failed for r in second.results if r.failed} == ({"QUO-016": 1} if is_edited else {})
