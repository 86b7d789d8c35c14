"""A key given to another person means the same to the gate of intake and to the person step."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import sql

from expectations import faults
from identity.step import link_persons
from orchestration.reference import load_reference
from sources import landing
from sources.contract import load_contracts
from sources.landing import BatchTables
from tests.intake_world import good_row, land, load_prefixes, source_of
from tests.raw_rows import say
from tests.reused_keys import CASES, OTHERS, Said

BIRTHS = {4: ("-01-01", "Y"), 7: ("-01", "M"), 10: ("", "D")}
RULES = {"member": "MEM-047", "cadre": "CAD-038"}


def stored(said: Said) -> dict[str, Any]:
    """A row as raw holds it: a date of birth known in part is filled up and says so."""
    row: dict[str, Any] = {"admission_date": None, **said}
    if born := said["birth_date"]:
        rest, row["birth_date_precision"] = BIRTHS[len(born)]
        row["birth_date"] = born + rest
    return row


@pytest.mark.parametrize("record", ["member", "cadre"])
def test_intake_tells_another_person_from_a_correction(warehouse: psycopg.Connection, record: str) -> None:
    load_prefixes(warehouse)
    warehouse.autocommit = True
    contract, tables = load_contracts()[record], BatchTables.of(record, 2)
    mapping = source_of(record).records[record]
    unsaid = {"admission_date": None, "old_identity_no": None, "party_card_no": None, "old_party_card_no": None}
    nothing = dict.fromkeys(unsaid | {"other_name": None})
    rows = []
    for case, (before, now, _) in CASES.items():
        say(warehouse, record, "38", case, **stored(before))
        rows.append(good_row(contract, case, **{k: v for k, v in {**nothing, **now}.items() if k in contract.by_name}))
    landing.create_landing(warehouse, contract, tables)
    land(warehouse, contract, landing.table_name(tables.landing), rows)
    statement = landing.typing_statement(warehouse, contract, mapping, tables)
    landing.type_rows(warehouse, contract, statement, tables)
    faults.find(warehouse, contract, mapping, tables, "38")
    alarmed = warehouse.execute(
        sql.SQL("select source_key from {} where %s = any(broken)").format(tables.faults), [RULES[record]]
    ).fetchall()
    assert {case for (case,) in alarmed} == OTHERS


@pytest.mark.parametrize("record", ["member", "cadre"])
def test_only_a_changed_name_is_weighed(warehouse: psycopg.Connection, record: str) -> None:
    load_prefixes(warehouse)
    contract, tables = load_contracts()[record], BatchTables.of(record, 2)
    mapping = source_of(record).records[record]
    rows = [good_row(contract, key) for key in ("new", "known", "renamed")]
    for row in rows[1:]:
        say(warehouse, record, "38", row["source_key"], full_name=row["full_name"])
    rows[2]["full_name"] = "Trần Thị Bình"
    landing.create_landing(warehouse, contract, tables)
    land(warehouse, contract, landing.table_name(tables.landing), rows)
    statement = landing.typing_statement(warehouse, contract, mapping, tables)
    landing.type_rows(warehouse, contract, statement, tables)
    warehouse.execute("set local track_functions = 'all'")
    faults.find(warehouse, contract, mapping, tables, "38")
    weighed = "select calls from pg_stat_xact_user_functions where schemaname = 'identity' and funcname = %s"
    assert warehouse.execute(weighed, ["another_person"]).fetchall() == [(1,)]


@pytest.mark.parametrize("record", ["member", "cadre"])
def test_the_person_step_tells_the_same(warehouse: psycopg.Connection, record: str) -> None:
    list(load_reference(warehouse))
    for case, (before, _, _) in CASES.items():
        say(warehouse, record, "38", case, **stored(before))
    link_persons(warehouse, date(2026, 11, 22))
    for case, (_, now, _) in CASES.items():
        say(warehouse, record, "38", case, batch=2, **stored(now))
    assert link_persons(warehouse, date(2026, 11, 22)).reused_keys == len(OTHERS)
    alarmed = "select left_key from identity.conflict where reason = 'key_of_another_person'"
    assert {case for (case,) in warehouse.execute(alarmed).fetchall()} == OTHERS


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        ("an", "an", True),
        ("an", "anh", True),
        ("an", "n", True),
        ("an", "am", True),
        ("an", "na", True),
        ("an", "anna", False),
        ("an", "binh", False),
        ("0123", "0132", True),
        ("0123", "0213", True),
        ("0123", "3210", False),
        ("", "", True),
        ("", "a", True),
        ("", "ab", False),
    ],
)
def test_one_slip(warehouse: psycopg.Connection, one: str, other: str, slip: bool) -> None:
    assert warehouse.execute("select identity.one_slip(%s, %s)", [one, other]).fetchone() == (slip,)
