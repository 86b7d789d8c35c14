"""What stewards decide, applied at once: one call is one decision and the clusters that follow from it."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

from sources.errors import ExplainedError

VERDICTS = ("same", "different", "cannot tell")


class StewardError(ExplainedError):
    """The decision is refused; the message says why."""


def _rows(connection: psycopg.Connection, query: str, values: list[Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        try:
            return cursor.execute(query, values).fetchall()
        except psycopg.errors.RaiseException as error:
            raise StewardError(error.diag.message_primary or "refused") from None
        except (
            psycopg.errors.NoDataFound, psycopg.errors.InvalidParameterValue, psycopg.errors.UniqueViolation,
            psycopg.errors.InvalidTextRepresentation,
        ) as error:  # fmt: skip
            raise StewardError(error.diag.message_primary or "refused") from None


def _apply(connection: psycopg.Connection, business_date: date) -> None:
    from identity.step import apply_decisions

    apply_decisions(connection, business_date)


def queue(connection: psycopg.Connection, at_most: int = 40) -> list[dict[str, Any]]:
    """Pairs that wait for a steward, those first on which most depends."""
    return _rows(connection, "select * from identity.queue(%s)", [at_most])


def conflicts(connection: psycopg.Connection, at_most: int = 40) -> list[dict[str, Any]]:
    """What only a source can set right: keys that now name another person, numbers of two people, mistyped ids."""
    return _rows(connection, "select * from identity.conflicts(%s)", [at_most])


def decisions(
    connection: psycopg.Connection, records: list[str] | None = None, at_most: int = 40
) -> list[dict[str, Any]]:
    """Past decisions about any of these records, else about all, and whether they stand: newest first, a row a pair."""
    return _rows(connection, "select * from identity.decisions(%s::text[], %s)", [records, at_most])


def item_records(connection: psycopg.Connection, item_id: int) -> tuple[str, str]:
    """The two records of an item of the queue."""
    row = _rows(connection, "select * from identity.item_records(%s)", [item_id])[0]
    return row["left_record"], row["right_record"]


def person_records(connection: psycopg.Connection, person_id: str) -> list[str]:
    """Names of the records of a person; an id that was merged leads to where it went."""
    rows = _rows(connection, "select name from identity.records_of_person(%s::uuid) as name", [person_id])
    return [row["name"] for row in rows]


def show(connection: psycopg.Connection, records: list[str], who: str, *, reveal: bool) -> list[dict[str, Any]]:
    """Values side by side: attribute, then one key a record. Personal values are masked unless revealed, on record.

    To reveal commits: the look is on record before anything is seen.
    """
    if reveal:
        (look,) = _rows(connection, "select identity.reveal(%s, %s) as no", [records, who])
        connection.commit()
        told = _rows(connection, "select * from identity.revealed(%s)", [look["no"]])
    else:
        told = _rows(connection, "select * from identity.show(%s)", [records])
    table: dict[str, dict[str, Any]] = {}
    for row in told:
        line = table.setdefault(row["attribute"], {"attribute": row["attribute"]})
        line["/".join((row["source"], row["record"], row["source_key"]))] = row["value"]
    return list(table.values())


def explain(connection: psycopg.Connection, records: list[str]) -> list[dict[str, Any]]:
    """All evidence among the records with its waterfall."""
    return _rows(connection, "select * from identity.explain(%s)", [records])


def decide(
    connection: psycopg.Connection, pair: tuple[str, str], verdict: str, *, reason: str, who: str, business_date: date
) -> int:
    """Decide about two records (named source/record/key); returns the number of the decision."""
    with connection.transaction():
        row = _rows(connection, "select identity.decide(%s, %s, %s, %s, %s) as no", [*pair, verdict, reason, who])[0]
        _apply(connection, business_date)
    return int(row["no"])


def split(
    connection: psycopg.Connection, person_id: str, records: list[str], *, reason: str, who: str, business_date: date
) -> int:
    """Take records out of a person; returns the number of the decision."""
    with connection.transaction():
        row = _rows(connection, "select identity.split(%s::uuid, %s, %s, %s) as no", [person_id, records, reason, who])[
            0
        ]
        _apply(connection, business_date)
    return int(row["no"])


def undo(connection: psycopg.Connection, decision_id: int, *, reason: str, who: str, business_date: date) -> None:
    """Take a decision back: clusters and person ids are again those before it."""
    with connection.transaction():
        _rows(connection, "select identity.undo(%s, %s, %s)::text", [decision_id, reason, who])
        _apply(connection, business_date)
