"""Helpers of the connector tests: a source made of one system, extracted into a landing table that can be read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from sources.contract import load_contracts
from sources.extract import Delivery, ExtractRequest, SourceError, extract
from sources.registry import Source

PLACE = ("row_no", "file", "sheet", "deleted")
#: How often a service of a test looks whether it shall end, in seconds.
POLL = 0.02


@dataclass
class Taken:
    """A delivery and what is in its landing table, in the order of the source's rows."""

    delivery: Delivery
    rows: list[dict[str, Any]]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]

    def warned(self, *words: str) -> bool:
        return any(all(w in warning for w in words) for warning in self.delivery.warnings)


def source(system: Mapping[str, Any], record: str, mapping: Mapping[str, Any], **limits: Any) -> Source:
    """A source of one system and one record."""
    return Source.model_validate(
        {
            "code": "38",
            "name": "Tỉnh ủy Thanh Hóa",
            "limits": limits,
            "systems": {"s": dict(system)},
            "records": {record: {"system": "s", **mapping}},
        }
    )


def create_landing(connection: psycopg.Connection[Any], record: str) -> str:
    """A landing table as intake makes it; returns its name as SQL."""
    name = f'landing."{record}_{uuid.uuid4().hex[:8]}"'
    fields = ", ".join(f'"{p.name}" text' for p in load_contracts()[record].properties)
    connection.execute("create schema if not exists landing")  # where no warehouse was prepared
    connection.execute(
        f"create unlogged table {name} (row_no bigint, file text, sheet text, deleted boolean default false, {fields})"
    )
    return name


def take(
    url: str, system: Mapping[str, Any], record: str, mapping: Mapping[str, Any], *, since: str | None = None,
    limit: int | None = None, environment: Mapping[str, str] | None = None, **limits: Any,
) -> Taken:  # fmt: skip
    """Extract and read back."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        table = create_landing(connection, record)
        request = ExtractRequest(
            source(system, record, mapping, **limits), record, url, table, since, limit, environment or {}
        )
        try:
            delivery = extract(request)
        except SourceError:
            left = connection.execute(f"select count(*) as n from {table}").fetchone()
            assert left == {"n": 0}, "a failed delivery leaves nothing behind"
            raise
        rows = connection.execute(f"select * from {table} order by file, sheet, row_no").fetchall()
        connection.execute(f"drop table {table}")
    assert delivery.delivered == len(rows), "every row that was delivered has landed"
    return Taken(delivery, rows)


def refused(url: str, *args: Any, **options: Any) -> SourceError:
    """The error of an extraction that must fail."""
    with pytest.raises(SourceError) as caught:
        take(url, *args, **options)
    error = caught.value
    assert error.sentence_vi.startswith("Nguồn 38")
    assert error.sentence_vi.endswith(".")
    assert "Traceback" not in str(error)
    return error
