"""Contracts and what is made from them do not drift apart, in either direction."""

from __future__ import annotations

import psycopg
import pytest

from sources import landing
from sources.contract import RECORDS, load_contracts
from sources.landing import REPAIRS, BatchTables
from tests.intake_world import source_of

OURS = {"source", "file", "sheet", "row_no", "repairs", "row_hash", "first_batch", "last_batch"}


def _columns(connection: psycopg.Connection, schema: str, table: str) -> dict[str, str]:
    return dict(
        connection.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and attnum > 0 and not attisdropped",
            [schema, table],
        ).fetchall()
    )


@pytest.mark.parametrize("record", RECORDS)
def test_raw_table_has_the_fields_of_its_contract_and_no_other(warehouse: psycopg.Connection, record: str) -> None:
    found = _columns(warehouse, "raw", record)
    assert {n: t for n, t in found.items() if n not in OURS} == dict(load_contracts()[record].columns())


def test_every_raw_table_has_a_contract(warehouse: psycopg.Connection) -> None:
    found = warehouse.execute("select tablename from pg_tables where schemaname = 'raw'").fetchall()
    assert {name for (name,) in found} == set(RECORDS)


@pytest.mark.parametrize("record", RECORDS)
def test_typed_table_matches_contract_and_raw(warehouse: psycopg.Connection, record: str) -> None:
    contract, tables = load_contracts()[record], BatchTables.of(record, 1)
    landing.create_landing(warehouse, contract, tables)
    mapping = source_of(record).records[record]
    statement = landing.typing_statement(warehouse, contract, mapping, tables)
    landing.type_rows(warehouse, contract, statement, tables)
    found = _columns(warehouse, "landing", f"{record}_1_typed")
    unread = {p.unread: "text" for p in contract.properties if p.may_be_unread}
    place = {
        "landed": "tid",
        "row_no": "bigint",
        "file": "text",
        "sheet": "text",
        "repairs": "text[]",
        "row_hash": "bigint",
    }
    assert found == dict(contract.columns()) | unread | place


def test_repairs_of_contracts_are_known() -> None:
    used = {p.repair for c in load_contracts().values() for p in c.properties if p.repair}
    assert used == REPAIRS
