"""Tables of `raw`: one partition for each source that has delivered.

The typed table of a source's first accepted delivery becomes its partition, so nothing is copied and
the index is built at once; every later delivery adds to the partition. A night's look at one source
never reads the rows of another.
"""

from __future__ import annotations

import contextlib

import psycopg
from psycopg import sql

from sources import landing
from sources.contract import Contract
from sources.landing import BatchTables, table_name


def partition(record: str, source: str) -> sql.Identifier:
    """The table of `raw` that holds the rows of one source."""
    return sql.Identifier("raw", f"{record}_{source.lower()}")


def is_first(connection: psycopg.Connection, record: str, source: str) -> bool:
    """Whether nothing was ever accepted of this record from this source."""
    found = connection.execute("select to_regclass(%s) is null", [table_name(partition(record, source))]).fetchone()
    return bool(found and found[0])


def type_rows(
    connection: psycopg.Connection,
    contract: Contract,
    statement: sql.Composed,
    tables: BatchTables,
    *,
    source: str,
    batch_id: int,
) -> int:
    """Make the typed table of a batch and return its rows; that of a first delivery can become the partition."""
    if not is_first(connection, contract.record, source):
        rows = landing.type_rows(connection, contract, statement, tables)
        connection.execute(sql.SQL("analyze {} (source_key)").format(tables.typed))  # it is joined with raw
        return rows
    with connection.transaction():
        rows = landing.type_rows(connection, contract, statement, tables, lasting=True)
        _fit(connection, tables, source, batch_id)
    return rows


def _fit(connection: psycopg.Connection, tables: BatchTables, source: str, batch_id: int) -> None:
    """Give a typed table what `raw` has beside the typed fields, and prove what attaching it will ask for.

    The columns are the same in every row: constants, so no row is written. The proofs are cheapest here, in the
    transaction that made the table: the first look after it marks every row as committed, in the table and the log.
    """
    changes = (
        "add column source text not null default {source}, add column first_batch bigint not null default {batch},"
        " add column last_batch bigint, add constraint of_source check (source = {source}), alter row_hash set not null"
    )
    for key in (", alter source_key set not null", ""):  # rows without a key are held and leave before attaching
        statement = sql.SQL("alter table {typed} " + changes + key)
        with contextlib.suppress(psycopg.errors.NotNullViolation), connection.transaction():
            connection.execute(
                statement.format(typed=tables.typed, source=sql.Literal(source), batch=sql.Literal(batch_id))
            )
            break
    with contextlib.suppress(psycopg.errors.UniqueViolation), connection.transaction():
        index(connection, tables)  # what comes twice is held and leaves before attaching, too


def index(connection: psycopg.Connection, tables: BatchTables) -> None:
    """Make the index of a partition-to-be where it is not there yet. Raises UniqueViolation where a key comes twice."""
    connection.execute(
        sql.SQL("create unique index if not exists {} on {} (source_key, source) where last_batch is null").format(
            sql.Identifier(_index(tables.typed._obj[1])), tables.typed
        )
    )


def is_unique(connection: psycopg.Connection, tables: BatchTables) -> bool:
    """Whether the index of a typed table shows that no key comes twice."""
    schema, name = tables.typed._obj
    index = sql.Identifier(schema, _index(name))
    found = connection.execute("select to_regclass(%s) is not null", [table_name(index)]).fetchone()
    return bool(found and found[0])


def _index(table: str) -> str:
    return f"{table}_open"


def attach(connection: psycopg.Connection, contract: Contract, tables: BatchTables, source: str) -> None:
    """Make the typed table of a first delivery the partition of its source; nothing when there is one.

    Nobody may be reading the typed table; others may go on with their sources of the same record.
    """
    if not is_first(connection, contract.record, source):
        return
    mine = partition(contract.record, source)
    (schema, name), (_, typed) = mine._obj, tables.typed._obj
    only_typed = ["landed", *(p.unread for p in contract.properties if p.may_be_unread)]
    changes: list[sql.Composable] = [sql.SQL("drop column if exists {}").format(sql.Identifier(c)) for c in only_typed]
    changes += [sql.SQL("alter {} drop default").format(sql.Identifier(c)) for c in ("source", "first_batch")]
    changes += [sql.SQL("alter source_key set not null, reset (autovacuum_enabled)")]
    values = {
        "typed": tables.typed,
        "changes": sql.SQL(", ").join(changes),
        "name": sql.Identifier(name),
        "moved": sql.Identifier(schema, typed),
        "moved_index": sql.Identifier(schema, _index(typed)),
        "index": sql.Identifier(_index(name)),
        "schema": sql.Identifier(schema),
        "raw": sql.Identifier(schema, contract.record),
        "mine": mine,
        "source": sql.Literal(source),
    }
    for statement in (
        "drop view if exists {judged}",
        "alter table {typed} {changes}",
        "alter table {typed} set schema {schema}",
        "alter table {moved} rename to {name}",
        "alter index {moved_index} rename to {index}",
        "alter table {raw} attach partition {mine} for values in ({source})",
        "alter table {mine} drop constraint of_source",
    ):
        connection.execute(sql.SQL(statement).format(**values, judged=tables.judged))


def analyze(connection: psycopg.Connection, record: str) -> None:
    """Tell the planner of the rows of all sources together, which autovacuum never does for partitions."""
    only = "only" if connection.info.server_version >= 180000 else ""
    connection.execute(sql.SQL("analyze {} {}").format(sql.SQL(only), sql.Identifier("raw", record)))
