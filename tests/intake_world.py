"""Helpers of the intake tests: deliveries given as rows, landed without a connector, taken in for real."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import sql

from orchestration import intake
from orchestration.batches import BatchOutcome
from orchestration.settings import PROJECT
from sources.connectors.base import Delivery
from sources.contract import Contract, Property, load_contracts
from sources.extract import ExtractRequest
from sources.registry import Source

TODAY = date(2026, 11, 22)
Row = Mapping[str, str | None]


def load_prefixes(connection: psycopg.Connection) -> None:
    """reference.identity_prefix, which dbt makes in production."""
    with (PROJECT / "dbt_project" / "seeds" / "identity_prefix.csv").open(encoding="utf-8", newline="") as lines:
        prefixes = [(row["prefix"],) for row in csv.DictReader(lines)]
    connection.execute("create table if not exists reference.identity_prefix (prefix text)")
    with connection.cursor() as cursor:
        cursor.executemany("insert into reference.identity_prefix values (%s)", prefixes)
    connection.commit()


def source_of(record: str, code: str = "38", columns: Mapping[str, str] | None = None, **mapping: Any) -> Source:
    """A source that delivers one record, every field under its own name unless `columns` says otherwise."""
    columns = dict(columns or {p.name: p.name for p in load_contracts()[record].properties})
    return Source.model_validate(
        {
            "code": code,
            "name": "Tỉnh ủy Thanh Hóa",
            "systems": {"s": {"connector": "csv", "location": "/nowhere"}},
            "records": {record: {"system": "s", "columns": columns, **mapping}},
        }
    )


@dataclass
class World:
    """A warehouse and a source whose next delivery is `rows`; a row with "deleted" set is a tombstone."""

    url: str
    connection: psycopg.Connection
    source: Source
    record: str
    rows: list[Row] = field(default_factory=list)
    delivery: dict[str, Any] = field(default_factory=dict)
    asked_since: list[str | None] = field(default_factory=list)

    def extract(self, request: ExtractRequest) -> Delivery:
        """What a connector does, from rows in memory."""
        self.asked_since.append(request.since)
        land(self.connection, load_contracts()[self.record], request.landing_table, self.rows)
        mapping = self.source.records[self.record]
        return Delivery(delivered=len(self.rows), **({"mode": mapping.mode} | self.delivery))

    def take(self, rows: Sequence[Row] | None = None, **delivery: Any) -> BatchOutcome:
        """Take in a delivery."""
        if rows is not None:
            self.rows = list(rows)
        self.delivery = delivery
        (outcome,) = intake.take_in(
            self.source,
            load_contracts()[self.record].kind,
            warehouse_url=self.url,
            run_id="test",
            business_date=TODAY,
            environment={},
        )
        return outcome

    def open_rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """Open rows of raw in the order of their keys."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns or ("source_key", "row_hash")))
        statement = sql.SQL("select {} from {} where last_batch is null order by source_key").format(
            names, sql.Identifier("raw", self.record)
        )
        return self.connection.execute(statement).fetchall()

    def value(self, statement: str, *values: Any) -> Any:
        """The first column of the first row."""
        row = self.connection.execute(statement, values).fetchone()
        return row and row[0]


def world(
    monkeypatch: pytest.MonkeyPatch, url: str, connection: psycopg.Connection, record: str, **mapping: Any
) -> World:
    """A world of one record; the connection commits by itself."""
    load_prefixes(connection)
    connection.autocommit = True
    made = World(url, connection, source_of(record, **mapping), record)
    monkeypatch.setattr(intake, "extract", made.extract)
    return made


def land(connection: psycopg.Connection, contract: Contract, table: str, rows: Sequence[Row]) -> None:
    """Write rows into a landing table."""
    names = ["row_no", "deleted", *(p.name for p in contract.properties)]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("copy {} ({}) from stdin").format(sql.SQL(table), columns)) as copy,
    ):
        for number, row in enumerate(rows, start=2):
            copy.write_row([number, bool(row.get("deleted")), *(row.get(p.name) for p in contract.properties)])


_GOOD = {
    "date": "19/05/2010",
    "integer": "3",
    "numeric": "2,34",
    "boolean": "Có",
    "text": "Giá trị",
}
_REPAIRED = {
    "identifier12": "038060123456",
    "identifier9": "123456789",
    "identifier8": "12345678",
    "organisationCode": "38.001.002.003.004",
    "unitCode": "38",
    "rankCode": "01.003",
    "step": "3/9",
    "personName": "Nguyễn Văn An",
}
_FITTING = {
    "period": "2026-Q1",
    "term": "2025-2030",
    "birth_date": "05/06/1960",
    "name": "Chi bộ thôn Đông",
    "year": "2026",
    "badge_years": "40",
}
HOSTILE = (
    *(None, "", " ", "-", "KHÔNG", "nt", "abc", "Lê Thị 7", "30/02/1980", "1899-01-01", "2020-01-01", "01-01-1970"),
    *("1956", "05/1956", "31203", "-1", "999999", "1e5", "NaN", "12345678901", "38001002003004", "099060123456"),
    *("\\x00", "';drop table raw.member;--", "=1+1", "Ð", "x", "1", "TW", "MAT", "CA_NHAN", "TAP_THE", "2026"),
)


def good_value(p: Property) -> str:
    """A text that reads as a value of a field."""
    if p.name in _FITTING:
        return _FITTING[p.name]
    if p.codes:
        return p.codes[0].label
    return _REPAIRED.get(p.repair or "", _GOOD[p.physical_type])


def good_row(contract: Contract, key: str, **values: str | None) -> dict[str, str | None]:
    """A row with every required field, nothing else, and what the test is about."""
    row: dict[str, str | None] = {p.name: good_value(p) for p in contract.properties if p.required}
    return {**row, "source_key": key, **values}


def hostile_rows(contract: Contract, count: int, seed: int = 1) -> list[dict[str, str | None]]:
    """Rows of which about a third of all values are bad, some keys missing or double."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        row: dict[str, str | None] = {
            p.name: good_value(p) if chance.random() < 0.65 else chance.choice(HOSTILE) for p in contract.properties
        }
        row["source_key"] = chance.choice((f"K{number}", f"K{number}", f"K{number % 7}", None))
        rows.append(row)
    return rows
