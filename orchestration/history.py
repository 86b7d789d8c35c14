"""History: the tables in which every release stays readable, and what is asked of them.

All intervals are half open: a row stands at moment m when dbt_valid_from <= m and m < dbt_valid_to.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from orchestration.relations import LOOK_UP_KEYS, PublishedRelation
from sources.errors import ExplainedError

Result = TypeVar("Result")
LOCK_TIMEOUT = "100ms"


class PublicationError(ExplainedError):
    """Nothing was published; the message says why and what to do."""


@dataclass(frozen=True)
class Difference:
    """One relation at two releases: how many keys appeared, vanished or changed."""

    relation: str
    added: int
    removed: int
    changed: int

    @property
    def total(self) -> int:
        """Keys that differ."""
        return self.added + self.removed + self.changed


@dataclass(frozen=True)
class KeyFault:
    """Rows of a candidate whose key is NULL or stands more than once."""

    rows: int
    null_keys: int
    duplicated_keys: int


def giving_way(connection: psycopg.Connection, work: Callable[[], Result], what: str, patience: float = 60.0) -> Result:
    """Run `work` in a short transaction that steps back from readers: 0.1 s for a lock, then again later.

    `connection` must be in autocommit mode. Raises PublicationError after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            with connection.transaction():
                connection.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
                return work()
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() > deadline:
                raise PublicationError(
                    f"{what} is held by open transactions of readers: end them, then publish again."
                ) from None
            time.sleep(random.uniform(0.1, 0.5))  # noqa: S311


def columns_of(connection: psycopg.Connection, schema: str, name: str) -> dict[str, str]:
    """Columns in order with their types; empty when the relation does not exist."""
    rows = connection.execute(
        """
        select attname, format_type(atttypid, atttypmod) from pg_attribute
        where attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and attnum > 0 and not attisdropped
        order by attnum
        """,
        [schema, name],
    ).fetchall()
    return {str(column): str(type_) for column, type_ in rows}


def _names(columns: Sequence[str], prefix: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(prefix, c) if prefix else sql.Identifier(c) for c in columns)


def _at(moment: datetime) -> sql.Composed:
    m = sql.Literal(moment)
    return sql.SQL("(dbt_valid_from <= {m} and {m} < dbt_valid_to)").format(m=m)


def key_faults(connection: psycopg.Connection, relation: PublishedRelation) -> KeyFault:
    """Rows, NULL keys and surplus duplicates of the candidate."""
    statement = sql.SQL(
        "select count(*), count(*) - count({key}), count({key}) - count(distinct {key}) from {candidate}"
    ).format(candidate=relation.candidate, key=sql.Identifier(relation.key))
    row = connection.execute(statement).fetchone()
    assert row is not None
    return KeyFault(*row)


def make_room(connection: psycopg.Connection, relation: PublishedRelation) -> None:
    """Add columns that the candidate has and history has not, giving way to readers.

    dbt would add them too, but it would wait for readers with the others queueing behind it.
    Raises PublicationError when the type of a column changed.
    """
    candidate = columns_of(connection, relation.candidate_schema, relation.candidate_name)
    if not candidate:
        raise PublicationError(
            f"{relation.candidate_schema}.{relation.candidate_name} does not exist: run the models first."
        )
    history = columns_of(connection, "history", relation.name)
    if not history:
        return
    for column, type_ in candidate.items():
        if column not in history:
            statement = sql.SQL("alter table {} add column {} {}").format(
                relation.history,
                sql.Identifier(column),
                sql.SQL(type_),
            )
            giving_way(connection, partial(connection.execute, statement), f"history.{relation.name}")
        elif history[column] != type_:
            raise PublicationError(
                f"history.{relation.name}.{column} is {history[column]} and the candidate has {type_}: "
                "convert the column of history first."
            )


def protect(connection: psycopg.Connection, relation: PublishedRelation) -> None:
    """Rows without validity become impossible, and look-ups by keys quick; done once a table."""
    columns = columns_of(connection, "history", relation.name)
    open_ended = connection.execute(
        "select attname from pg_attribute where attrelid = to_regclass(format('history.%%I', %s::text))"
        " and attname in ('dbt_valid_from', 'dbt_valid_to') and not attnotnull",
        [relation.name],
    ).fetchall()
    for (column,) in open_ended:
        statement = sql.SQL("alter table {} alter column {} set not null").format(
            relation.history, sql.Identifier(column)
        )
        giving_way(connection, partial(connection.execute, statement), f"history.{relation.name}")
    wanted = [("key", relation.key, True)]
    wanted += [(c, c, False) for c in LOOK_UP_KEYS if c in columns and c != relation.key]
    present = {
        str(name)
        for (name,) in connection.execute(
            "select indexname from pg_indexes where schemaname = 'history' and tablename = %s", [relation.name]
        )
    }
    for label, key, unique in wanted:
        name = f"{relation.name}_{label}_at"
        if name not in present:
            connection.execute(
                sql.SQL("create {unique} index {name} on {table} ({key}, dbt_valid_from)").format(
                    unique=sql.SQL("unique" if unique else ""),
                    name=sql.Identifier(name),
                    table=relation.history,
                    key=sql.Identifier(key),
                )
            )


def compare(connection: psycopg.Connection, relation: PublishedRelation, moment: datetime) -> int:
    """Rows of the candidate, once history at `moment` is proven equal to it in both directions.

    Raises PublicationError with counts where it is not.
    """
    history = columns_of(connection, "history", relation.name)
    if not history:
        raise PublicationError(f"history.{relation.name} was not written: its snapshot did not run.")
    if (
        history.get("dbt_valid_from") != "timestamp with time zone"
        or history.get("dbt_valid_to") != history["dbt_valid_from"]
    ):
        raise PublicationError(
            f"history.{relation.name} has no moments with a zone: snapshots must use ops.release_moment()."
        )
    columns = [*columns_of(connection, relation.candidate_schema, relation.candidate_name)]
    if absent := [c for c in columns if c not in history]:
        raise PublicationError(f"history.{relation.name} lacks {', '.join(absent)}.")
    statement = sql.SQL(
        """
        with past as (select {columns} from {history} where {at})
        select
            (select count(*) from {candidate}),
            (select count(*) from past),
            count(*) filter (where past.{key} is null),
            count(*) filter (where candidate.{key} is null),
            count(*) filter (
                where candidate.{key} is not null and past.{key} is not null
                and row({candidate_columns}) is distinct from row({past_columns})
            )
        from {candidate} as candidate full join past on candidate.{key} = past.{key}
        """
    ).format(
        columns=_names(columns),
        history=relation.history,
        at=_at(moment),
        candidate=relation.candidate,
        key=sql.Identifier(relation.key),
        candidate_columns=_names(columns, "candidate"),
        past_columns=_names(columns, "past"),
    )
    row = connection.execute(statement).fetchone()
    assert row is not None
    rows, standing, missing, surplus, different = (int(n) for n in row)
    if missing or surplus or different or rows != standing:
        raise PublicationError(
            f"history.{relation.name} is not the candidate: {missing} rows missing, {surplus} surplus, "
            f"{different} different, {standing} standing for {rows}."
        )
    return rows


def _content(connection: psycopg.Connection, relation: str) -> list[str]:
    return [c for c in columns_of(connection, "history", relation) if not c.startswith("dbt_")]


def _changes(relation: PublishedRelation, columns: Sequence[str], before: datetime, after: datetime) -> sql.Composed:
    """Common table expressions `a` and `b`: rows that stand at only one of the two moments."""
    return sql.SQL(
        """
        with a as (select {columns} from {history} where {before} and not {after}),
        b as (select {columns} from {history} where {after} and not {before})
        """
    ).format(columns=_names(columns), history=relation.history, before=_at(before), after=_at(after))


def difference(
    connection: psycopg.Connection, relation: PublishedRelation, before: datetime, after: datetime
) -> Difference:
    """How a relation changed from one moment to another."""
    columns = _content(connection, relation.name)
    if not columns:
        return Difference(relation.name, 0, 0, 0)
    statement = sql.SQL(
        """
        {changes}
        select count(*) filter (where a.{key} is null), count(*) filter (where b.{key} is null),
            count(*) filter (
                where a.{key} is not null and b.{key} is not null and row({a_columns}) is distinct from row({b_columns})
            )
        from a full join b on a.{key} = b.{key}
        """
    ).format(
        changes=_changes(relation, columns, before, after),
        key=sql.Identifier(relation.key),
        a_columns=_names(columns, "a"),
        b_columns=_names(columns, "b"),
    )
    row = connection.execute(statement).fetchone()
    assert row is not None
    return Difference(relation.name, *(int(n) for n in row))


def changed_rows(
    connection: psycopg.Connection, relation: PublishedRelation, before: datetime, after: datetime, limit: int
) -> list[dict[str, Any]]:
    """Rows that differ between two moments: change, key, columns, before and after, without unpublished columns."""
    columns = [c for c in _content(connection, relation.name) if not relation.hidden(c)]
    statement = sql.SQL(
        """
        {changes}
        select
            case when a.{key} is null then 'added' when b.{key} is null then 'removed' else 'changed' end as change,
            coalesce(a.{key}, b.{key})::text as key, to_jsonb(a) as before, to_jsonb(b) as after
        from a full join b on a.{key} = b.{key}
        where row({a_columns}) is distinct from row({b_columns})
        order by 1, 2 limit {limit}
        """
    ).format(
        changes=_changes(relation, columns, before, after),
        key=sql.Identifier(relation.key),
        a_columns=_names(columns, "a"),
        b_columns=_names(columns, "b"),
        limit=sql.Literal(limit),
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement).fetchall()
    for row in rows:
        old, new = row["before"], row["after"]
        row["columns"] = [c for c in columns if old and new and old[c] != new[c]]
    return rows


def counts(
    connection: psycopg.Connection, relation: PublishedRelation, rows: int, before: datetime | None, after: datetime
) -> dict[str, int]:
    """Figures of one relation that are kept with its release."""
    change = difference(connection, relation, before, after) if before else Difference(relation.name, rows, 0, 0)
    figures = asdict(change)
    del figures["relation"]
    return {"rows": rows, **figures}
