"""Typed rows: what a database has checked is read as its text would be, and the digest tells rows apart."""

from __future__ import annotations

import itertools
from typing import Any

import psycopg
from psycopg import sql

from sources import landing
from sources.contract import load_contracts
from sources.extract import ExtractRequest, extract
from sources.landing import BatchTables
from tests.extracting import source
from tests.intake_world import land, source_of

MEMBER = load_contracts()["member"]
DATES = ("1980-01-02", "1970-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "0044-03-15 BC", "infinity", None)
NUMBERS = (0, 40, -5, 999_999_999, -999_999_999, 1_000_000_000, -1_000_000_000, 2_147_483_647, None)
COLUMNS = {
    "source_key": "so", "birth_date": "ngay_sinh", "card_issue_date": "ngay_cap", "badge_years": "huy_hieu",
    "dossier_documents_1": "tai_lieu",
}  # fmt: skip


def typed(connection: psycopg.Connection, table: str, url: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The typed rows of a table of a PostgreSQL source, and what the connector says of its types."""
    made = source({"connector": "database", "url": url}, "member", {"table": table, "columns": COLUMNS})
    tables = BatchTables.of("member", 1)
    landing.create_landing(connection, MEMBER, tables)
    delivery = extract(ExtractRequest(made, "member", url, landing.table_name(tables.landing), environment={}))
    statement = landing.typing_statement(connection, MEMBER, made.records["member"], tables, delivery.native)
    assert landing.type_rows(connection, MEMBER, statement, tables) == delivery.delivered
    rows = connection.execute(
        sql.SQL("select to_jsonb(t) - 'landed' - 'file' from {} as t order by row_no").format(tables.typed)
    ).fetchall()
    landing.drop(connection, tables)
    return [row for (row,) in rows], delivery.native


def test_what_a_database_has_checked_reads_as_its_text(warehouse: psycopg.Connection, warehouse_url: str) -> None:
    warehouse.autocommit = True
    warehouse.execute(
        "create table goc (so text, ngay_sinh date, ngay_cap date, huy_hieu integer, tai_lieu smallint);"
        "create table chu (so text, ngay_sinh text, ngay_cap text, huy_hieu text, tai_lieu text)"
    )
    with warehouse.cursor() as cursor:
        for table in ("goc", "chu"):
            cursor.executemany(
                f"insert into {table} values (%s, %s, %s, %s, %s)",
                [(str(i), d, d, n, n and n % 1000) for i, (d, n) in enumerate(itertools.product(DATES, NUMBERS))],
            )
    native, types = typed(warehouse, "goc", warehouse_url)
    texts, none = typed(warehouse, "chu", warehouse_url)
    assert types == {
        "birth_date": "date", "card_issue_date": "date", "badge_years": "integer", "dossier_documents_1": "integer",
    }  # fmt: skip
    assert none == {}
    assert native == texts
    assert {row["birth_date"] for row in native} == {*DATES[:4], None}
    assert {row["birth_date__unread"] for row in native} == {*DATES[4:]}
    assert {row["badge_years"] for row in native} == {*NUMBERS[:5], None}
    assert {row["badge_years__unread"] for row in native} == {*map(str, NUMBERS[5:8]), None}


def test_the_digest_of_a_row_is_of_what_each_field_says(warehouse: psycopg.Connection) -> None:
    said: dict[str, dict[str, str | None]] = {
        "plain": {"full_name": "Lê An", "other_name": "Ba"},
        "same, spelled otherwise": {"full_name": " LÊ  AN", "other_name": "Ba "},
        "moved between fields": {"full_name": "Lê An", "other_name": None, "old_party_card_no": "Ba"},
        "cut otherwise": {"full_name": "Lê AnB", "other_name": "a"},
        "exchanged": {"full_name": "Ba", "other_name": "Lê An"},
        "nothing": {"full_name": None, "other_name": None},
    }
    contract, tables = MEMBER, BatchTables.of("member", 1)
    landing.create_landing(warehouse, contract, tables)
    land(warehouse, contract, landing.table_name(tables.landing), [{"source_key": "1", **row} for row in said.values()])
    mapping = source_of("member").records["member"]
    landing.type_rows(warehouse, contract, landing.typing_statement(warehouse, contract, mapping, tables), tables)
    found = warehouse.execute(sql.SQL("select row_hash from {} order by row_no").format(tables.typed)).fetchall()
    digests = dict(zip(said, (digest for (digest,) in found), strict=True))
    assert digests.pop("same, spelled otherwise") == digests["plain"]
    assert len(set(digests.values())) == len(digests)
