"""Acceptance: one transaction in which a judged batch becomes part of `raw`.

Rows of `raw` are only added; the single change ever made to one is that `last_batch` is set, once,
when it closes. A held row is not absent: the open row of its key stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from sources.contract import Contract
from sources.landing import BatchTables
from sources.partitions import index, is_first, partition


@dataclass(frozen=True)
class Acceptance:
    """What became of the rows of a batch: delivered = accepted + unchanged + quarantined.

    A tombstone counts as accepted where it closed a row and as unchanged where there was none to close;
    `closed` counts rows of `raw` closed because their key left a snapshot or came as a tombstone.
    """

    accepted: int
    unchanged: int
    quarantined: int
    closed: int


class LostRowsError(AssertionError):
    """Rows delivered and rows accounted for differ: a fault of ours, so the transaction is undone."""


def lock(connection: psycopg.Connection, source: str, record: str) -> None:
    """Hold one record of one source until the transaction ends; others are not touched."""
    connection.execute("select pg_advisory_xact_lock(hashtext('intake'), hashtext(%s))", [f"{source}/{record}"])


def _columns(contract: Contract) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name, _ in contract.columns())


def accept(
    connection: psycopg.Connection,
    contract: Contract,
    tables: BatchTables,
    *,
    source: str,
    batch_id: int,
    mode: str,
    delivered: int,
    typed: int | None = None,
) -> Acceptance:
    """Bring the typed rows that are not held into `raw`; to be called inside a transaction.

    Of a source's first delivery the held rows leave the typed table, which `partitions.attach` then makes
    a part of `raw`. The faults table names held rows by their place in the typed table. `typed` is how many
    rows that has, where it was counted as it was made. Raises LostRowsError.
    """
    raw = partition(contract.record, source)
    values = {"raw": raw, "typed": tables.typed, "faults": tables.faults, "columns": _columns(contract)}
    known = {"source": source, "batch": batch_id}

    def run(statement: str, **more: sql.Composable) -> psycopg.Cursor:
        return connection.execute(sql.SQL(statement).format(**values, **more), known)

    lock(connection, source, contract.record)
    connection.execute("set local work_mem = '256MB'")
    quarantined: int = run("select count(*) from {faults} where held").fetchone()[0]  # type: ignore[index]
    live: int = typed if typed is not None else run("select count(*) from {typed}").fetchone()[0]  # type: ignore[index]
    fit: sql.Composable = sql.SQL("true")
    if quarantined:
        fit = sql.SQL("t.ctid <> all (array(select tid from {} where held))").format(tables.faults)
    if quarantined > 50:  # beyond a few, a hash of places is faster than comparing each
        fit = sql.SQL("not exists (select from {} as f where f.held and f.tid = t.ctid)").format(tables.faults)
    closed = 0
    if is_first(connection, contract.record, source):
        run("delete from {typed} as t where not ({fit})", fit=fit)
        index(connection, tables)
        new = live - quarantined
    else:
        connection.execute("drop table if exists pg_temp.news")
        run(
            "create temp table news on commit drop as select t.ctid as tid, o.ctid as open from {typed} as t left join "
            "{raw} as o on o.source = %(source)s and o.source_key = t.source_key and o.last_batch is null "
            "where {fit} and o.row_hash is distinct from t.row_hash",
            fit=fit,
        )
        connection.execute("analyze pg_temp.news")
        run("update {raw} as r set last_batch = %(batch)s from pg_temp.news as n where r.ctid = n.open")
        if mode == "snapshot":
            closed = run(
                "update {raw} as r set last_batch = %(batch)s where r.source = %(source)s and r.last_batch is null "
                "and not exists (select from {typed} as t where t.source_key = r.source_key)"
            ).rowcount
        new = run(
            "insert into {raw} (source, {columns}, repairs, file, sheet, row_no, row_hash, first_batch) "
            "select %(source)s, {columns}, repairs, file, sheet, row_no, row_hash, %(batch)s "
            "from {typed} as t join pg_temp.news as n on n.tid = t.ctid"
        ).rowcount
    gone = tombstones = nameless = 0
    if live != delivered:
        gone, tombstones, nameless = _bury(connection, contract, tables, source, batch_id)
    done = Acceptance(
        accepted=new + gone,
        unchanged=live - quarantined - new + (tombstones - gone - nameless),
        quarantined=quarantined + nameless,
        closed=closed + gone,
    )
    if delivered != done.accepted + done.unchanged + done.quarantined:
        raise LostRowsError(f"batch {batch_id}: {delivered} rows were delivered, accounted for are {done}")
    return done


def _bury(
    connection: psycopg.Connection, contract: Contract, tables: BatchTables, source: str, batch_id: int
) -> tuple[int, int, int]:
    """Close the rows of tombstones; (rows closed, tombstones, tombstones without a key).

    A key that the same delivery also brings alive is alive.
    """
    found = connection.execute(
        sql.SQL(
            "select count(*), count(*) filter (where landing.clean_text(source_key) = '') from {} where deleted"
        ).format(tables.landing)
    ).fetchone()
    assert found is not None
    tombstones, nameless = found
    gone = connection.execute(
        sql.SQL(
            "update {raw} as r set last_batch = %(batch)s where r.source = %(source)s and r.last_batch is null "
            "and r.source_key in (select landing.clean_text(l.source_key) from {landing} as l where l.deleted) "
            "and not exists (select from {typed} as t where t.source_key = r.source_key)"
        ).format(raw=sql.Identifier("raw", contract.record), landing=tables.landing, typed=tables.typed),
        {"source": source, "batch": batch_id},
    ).rowcount
    return gone, tombstones, nameless
