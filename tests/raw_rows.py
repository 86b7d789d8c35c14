"""Rows of raw for tests: what a source said, without a delivery."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from sources.contract import load_contracts
from sources.partitions import partition

#: Values that make a row of each record whole; tests name only what they are about.
DEFAULTS: dict[str, dict[str, Any]] = {
    "organisation": {"name": "Chi bộ", "organisation_type": "B2"},
    "agency": {"name": "Cơ quan", "agency_type": "DANG", "agency_level": "TINH"},
    "member": {"full_name": "Nguyễn Văn An", "sex": "M", "admission_date": "2010-05-19", "status": "CHINH_THUC"},
    "membership_transfer": {"transfer_type": "CHINH_THUC", "left_date": "2026-03-01", "state": "DA_TIEP_NHAN"},
    "cadre": {"full_name": "Nguyễn Văn An", "sex": "M", "category": "CC"},
    "position_assignment": {"position_title": "Bí thư", "assignment_kind": "BO_NHIEM", "started_on": "2024-01-01"},
    "evaluation": {"subject_kind": "CA_NHAN", "period_type": "NAM", "period": "2025", "level": "HTTNV"},
    "planning": {"target_position": "Bí thư", "term": "2025-2030", "status": "VAO"},
    "training": {"training_type": "LLCT"},
    "award": {"form": "Bằng khen"},
    "discipline": {"discipline_kind": "DANG", "form": "KHIEN_TRACH"},
    "staffing_quota": {"year": 2026, "category": "CONG_CHUC", "assigned": 10},
    "headcount": {"counted_on": "2026-06-30", "category": "CONG_CHUC", "present": 9},
}


def open_partition(connection: psycopg.Connection, record: str, *sources: str) -> None:
    """Make room in raw.<record> for sources that have not delivered."""
    for source in sources:
        connection.execute(
            sql.SQL("create table if not exists {} partition of {} for values in ({})").format(
                partition(record, source), sql.Identifier("raw", record), sql.Literal(source)
            )
        )


def say(
    connection: psycopg.Connection, record: str, source: str, source_key: str, batch: int = 1, **values: Any
) -> None:
    """One open row of raw.<record>; a standing version of the same key is closed by this batch.

    A date of birth that says no precision is known to the day.
    """
    contract = load_contracts()[record]
    row = {**DEFAULTS[record], **values}
    for p in contract.properties:
        if p.partial_date and row.get(p.name) is not None:
            row.setdefault(p.precision, "D")
    withdraw(connection, record, source, source_key, batch)
    open_partition(connection, record, source)
    row = {"row_hash": 0} | row | {"source": source, "source_key": source_key, "first_batch": batch}
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier("raw", record),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() for _ in row),
        ),
        list(row.values()),
    )


def withdraw(connection: psycopg.Connection, record: str, source: str, source_key: str, batch: int) -> None:
    """Close the open row of a key."""
    connection.execute(
        sql.SQL("update {} set last_batch = %s where source = %s and source_key = %s and last_batch is null").format(
            sql.Identifier("raw", record)
        ),
        [batch, source, source_key],
    )
