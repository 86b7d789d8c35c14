"""Which changes of an organisation intake lets through, and which it holds: one code, its days and its decisions."""

from __future__ import annotations

import psycopg
import pytest

from sources.contract import load_contracts
from tests.intake_world import World, good_row, world

ORGANISATION = load_contracts()["organisation"]
REORGANISED = "2025-07-01"


@pytest.fixture
def organisations(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection) -> World:
    return world(monkeypatch, warehouse_url, warehouse, "organisation")


def _cell(key: str, **values: str | None) -> dict[str, str | None]:
    cell: dict[str, str | None] = {
        "organisation_code": "38.001.002.000.001",
        "organisation_type": "B2",
        "parent_code": "38.001.002.000.000",
        "name": "Chi bộ Thôn Đông",
        "valid_from": "2020-01-01",
        "decision_no": "12-QĐ/ĐU",
        "decision_date": "2019-12-20",
    }
    return good_row(ORGANISATION, key, **(cell | values))


def _broken(w: World, rows: list[dict[str, str | None]]) -> dict[str, int]:
    """Rows by the rule that they break, as one delivery."""
    outcome = w.take(rows)
    assert outcome.status == "accepted", outcome.reason
    return {r.rule_id: r.failed for r in outcome.results if r.failed}


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        # one begins on the day on which the other ends, and a day before
        ({"valid_to": REORGANISED}, {"valid_from": REORGANISED}, 0),
        ({"valid_to": "2025-07-02"}, {"valid_from": REORGANISED}, 2),
        ({"valid_to": "2024-02-29"}, {"valid_from": "2024-02-29"}, 0),
        ({"valid_to": "2024-02-29"}, {"valid_from": "2024-02-28"}, 2),
        # both stand; nobody says since when, or nobody says of either
        ({}, {"valid_from": REORGANISED}, 2),
        ({"valid_to": REORGANISED}, {"valid_from": None}, 2),
        ({"valid_from": None, "valid_to": REORGANISED}, {"valid_from": REORGANISED}, 0),
        ({"valid_from": None}, {"valid_from": None}, 2),
    ],
)
def test_one_code_stands_for_one_organisation_a_day(
    organisations: World, before: dict[str, str | None], after: dict[str, str | None], held: int
) -> None:
    renamed = {"name": "Chi bộ Thôn Đông Hải", "decision_no": "7-QĐ/ĐU", "decision_date": "2019-12-31"}
    broken = _broken(organisations, [_cell("before", **before), _cell("after", **(renamed | after))])
    assert broken == ({"ORG-005": held} if held else {})


def test_a_long_claim_meets_every_later_one(organisations: World) -> None:
    claims = [("2020-01-01", None), ("2021-01-01", "2022-01-01"), ("2023-01-01", "2024-01-01")]
    rows = [_cell(f"K{i}", valid_from=start, valid_to=end) for i, (start, end) in enumerate(claims)]
    assert _broken(organisations, rows) == {"ORG-005": 3}


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Chi bộ Thôn Đông Hải"},
        {"parent_code": "38.001.000.000.000"},
        {"organisation_type": "C2"},
    ],
)
def test_a_new_decision_on_one_record_breaks_no_rule_on_any_night(
    organisations: World, changed: dict[str, str | None]
) -> None:
    """The decision is later than the founding, on the night that brings it and on those that only repeat it."""
    others = [_cell(f"K{i}", organisation_code=f"38.001.002.000.01{i}") for i in range(3)]
    decided = changed | {"decision_no": "7-QĐ/ĐU", "decision_date": "2026-05-19"}
    assert _broken(organisations, [_cell("cell"), *others]) == {}
    assert _broken(organisations, [_cell("cell", **decided), *others]) == {}
    assert _broken(organisations, [_cell("cell", **decided), *others[:2]]) == {}


@pytest.mark.parametrize(("decided", "found"), [("2020-01-01", {}), ("2020-01-02", {"ORG-030": 1})])
def test_a_founding_is_decided_before_it_takes_effect(
    organisations: World, decided: str, found: dict[str, int]
) -> None:
    assert _broken(organisations, [_cell("cell", decision_date=decided)]) == found
