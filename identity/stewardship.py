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


def item_records(connection: psycopg.Connection, item_id: int) -> tuple[str, str]:
    """The two records of an item of the queue."""
    rows = _rows(
        connection,
        "select identity.record_name(left_id) as a, identity.record_name(right_id) as b"
        " from identity.review_item where item_id = %s and closed_at is null",
        [item_id],
    )
    if not rows:
        raise StewardError(f"No item {item_id} waits in the queue.")
    return rows[0]["a"], rows[0]["b"]


def person_records(connection: psycopg.Connection, person_id: str) -> list[str]:
    """Names of the records of a person; an id that was merged leads to where it went."""
    rows = _rows(
        connection,
        """
        with recursive here (person_id) as (
            select %s::uuid
            union
            select p.redirect_to from here inner join identity.person as p using (person_id)
            where p.redirect_to is not null
        )
        select source || '/' || record || '/' || source_key as name
        from here inner join identity.person_link using (person_id) order by name
        """,
        [person_id],
    )
    if not rows:
        raise StewardError(f"No record belongs to person {person_id}.")
    return [r["name"] for r in rows]


def show(connection: psycopg.Connection, records: list[str], who: str, *, reveal: bool) -> list[dict[str, Any]]:
    """Values side by side: attribute, then one key a record. Personal values are masked unless revealed, on record."""
    with connection.transaction():
        told = _rows(connection, "select * from identity.show(%s, %s, %s)", [records, reveal, who])
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
