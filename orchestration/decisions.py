"""What engineers decide about deliveries and held rows; every decision keeps its reason, its author and its moment."""

from __future__ import annotations

import psycopg
from psycopg import sql

from expectations import faults, quarantine
from orchestration import batches
from orchestration.batches import Batch
from orchestration.intake import accept_rows
from sources import landing, partitions
from sources.accept import lock
from sources.contract import load_contracts
from sources.errors import ExplainedError
from sources.landing import BatchTables

_LEAST_REASON = 5


class DecisionError(ExplainedError):
    """The decision cannot be carried out; the message says why and what to do."""


def _batch(connection: psycopg.Connection, batch_id: int) -> Batch:
    found = batches.find(connection, "batch_id = %s", batch_id)
    if found is None:
        raise DecisionError(f"There is no batch {batch_id}; see lienthong batch list.")
    return found


def _decide(
    connection: psycopg.Connection,
    action: str,
    source: str,
    record: str,
    *,
    reason: str,
    who: str,
    batch_id: int | None = None,
    source_key: str | None = None,
    rule_id: str | None = None,
) -> None:
    if len(reason.strip()) < _LEAST_REASON:
        raise DecisionError("Give a reason of at least five characters; it is kept with the decision.")
    connection.execute(
        "insert into ops.decision (action, batch_id, source, record, source_key, rule_id, reason, decided_by)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [action, batch_id, source, record, source_key, rule_id, reason.strip(), who],
    )


def accept_batch(connection: psycopg.Connection, batch_id: int, reason: str, who: str) -> str:
    """Accept a refused batch; its held rows stay held. Raises DecisionError; returns one sentence."""
    with connection.transaction():
        batch = _batch(connection, batch_id)
        lock(connection, batch.source, batch.record)
        batch = _batch(connection, batch_id)
        if batch.status != "refused":
            raise DecisionError(f"Batch {batch_id} is {batch.status}; only a refused batch can be accepted.")
        contract = load_contracts()[batch.record]
        tables = BatchTables.of(batch.record, batch_id)
        kept = connection.execute("select to_regclass(%s)", [landing.table_name(tables.faults)]).fetchone()
        if kept is None or kept[0] is None:
            raise DecisionError(
                f"The rows of batch {batch_id} are no longer kept: "
                "a newer delivery came, or a rule forbids keeping them."
            )
        _decide(connection, "accept_batch", batch.source, batch.record, reason=reason, who=who, batch_id=batch_id)
        faults.release_waived(connection, contract, tables, batch.source)
        counts = accept_rows(
            connection,
            contract,
            source=batch.source,
            batch_id=batch_id,
            mode=batch.mode,
            delivered=batch.delivered,
            held_before=True,
        )
        partitions.attach(connection, contract, tables, batch.source)
        batches.close_batch(connection, batch_id, "accepted", counts=counts, reason=f"Được chấp nhận: {reason.strip()}")
        landing.drop(connection, tables)
    return (
        f"Batch {batch_id} is accepted: {counts.accepted} rows new or changed, {counts.unchanged} unchanged, "
        f"{counts.quarantined} held, {counts.closed} closed."
    )


def withdraw_batch(connection: psycopg.Connection, batch_id: int, reason: str, who: str) -> str:
    """Undo the newest accepted batch of a record by a compensating batch. Raises DecisionError; returns one sentence.

    Rows that the batch opened are closed, rows that it closed are opened again as copies: nothing in
    `raw` is taken back. The same delivery coming again is refused until it differs.
    """
    with connection.transaction():
        batch = _batch(connection, batch_id)
        lock(connection, batch.source, batch.record)
        batch = _batch(connection, batch_id)
        if batch.status != "accepted":
            raise DecisionError(f"Batch {batch_id} is {batch.status}; only an accepted batch can be withdrawn.")
        later = batches.find(
            connection,
            "source = %s and record = %s and status = 'accepted' and batch_id > %s order by batch_id desc",
            batch.source,
            batch.record,
            batch_id,
        )
        if later:
            raise DecisionError(f"Withdraw batch {later.batch_id} first: it was accepted on top of batch {batch_id}.")
        earlier = batches.find(
            connection,
            "source = %s and record = %s and status in ('accepted', 'identical') and batch_id < %s"
            " order by batch_id desc",
            batch.source,
            batch.record,
            batch_id,
        )
        undoing, opened, closed = _compensate(connection, batch, earlier.watermark if earlier else None)
        _decide(connection, "withdraw_batch", batch.source, batch.record, reason=reason, who=who, batch_id=batch_id)
        connection.execute(
            "update ops.batch set status = 'withdrawn', reason = %s where batch_id = %s", [reason.strip(), batch_id]
        )
        quarantine.undo(connection, batch_id, undoing)
    return f"Batch {batch_id} is withdrawn: {closed} rows closed, {opened} rows of before open again."


def _compensate(connection: psycopg.Connection, batch: Batch, watermark: str | None) -> tuple[int, int, int]:
    """Write the batch that undoes another; (its number, rows opened again, rows closed)."""
    contract = load_contracts()[batch.record]
    undoing = batches.open_batch(
        connection,
        run_id=f"withdraw {batch.batch_id}",
        source=batch.source,
        record=batch.record,
        kind=batch.kind,
        mode=batch.mode,
        business_date=batch.business_date,
        contract_version=batch.contract_version,
    )
    values = {
        "raw": sql.Identifier("raw", contract.record),
        "columns": sql.SQL(", ").join(sql.Identifier(name) for name, _ in contract.columns()),
    }
    known = {"source": batch.source, "batch": batch.batch_id, "undoing": undoing}
    closed = connection.execute(
        sql.SQL(
            "update {raw} set last_batch = %(undoing)s where source = %(source)s and first_batch = %(batch)s"
            " and last_batch is null"
        ).format(**values),
        known,
    ).rowcount
    opened = connection.execute(
        sql.SQL(
            "insert into {raw} (source, {columns}, repairs, file, sheet, row_no, row_hash, first_batch)"
            " select source, {columns}, repairs, file, sheet, row_no, row_hash, %(undoing)s from {raw}"
            " where source = %(source)s and last_batch = %(batch)s"
        ).format(**values),
        known,
    ).rowcount
    connection.execute(
        sql.SQL(
            "update ops.batch set status = 'accepted', accepted = %(opened)s, closed = %(closed)s,"
            " delivered = n.rows, unchanged = n.rows - %(opened)s, watermark = %(watermark)s, reason = %(reason)s,"
            " finished_at = clock_timestamp() from (select count(*) as rows from {raw}"
            " where source = %(source)s and last_batch is null) as n where batch_id = %(undoing)s"
        ).format(**values),
        known
        | {"opened": opened, "closed": closed, "watermark": watermark, "reason": f"Rút lần gửi {batch.batch_id}."},
    )
    return undoing, opened, closed


def _held(connection: psycopg.Connection, row_id: int) -> tuple[str, str, str | None, str]:
    """Source, record, key and state of a row that was held. Raises DecisionError when there is none."""
    row: tuple[str, str, str | None, str] | None = connection.execute(
        "select source, record, source_key, state from quarantine.row where row_id = %s", [row_id]
    ).fetchone()
    if row is None:
        raise DecisionError(f"There is no held row {row_id}; see lienthong quarantine list.")
    return row


def waive(connection: psycopg.Connection, row_id: int, reason: str, who: str) -> str:
    """Let a held row pass although it breaks its rules, from the next delivery on. Raises DecisionError.

    The waiver is of these rules for this key of this source; a row without a usable key, or one of a
    rule that tolerates nothing, cannot be waived. Waits until a running intake of the record is over:
    what a delivery may break does not change while it is judged.
    """
    with connection.transaction():
        source, record, *_ = _held(connection, row_id)
        lock(connection, source, record)
        source, record, source_key, state = _held(connection, row_id)
        if state != "open":
            raise DecisionError(f"Row {row_id} is {state}; only an open row can be waived.")
        contract = load_contracts()[record]
        broken = {
            rule for (rule,) in connection.execute("select rule_id from quarantine.fault where row_id = %s", [row_id])
        }
        never = broken & (faults.key_rules(contract) | set(quarantine.refusing_rules(contract)))
        if never or source_key is None:
            raise DecisionError(
                f"Row {row_id} breaks {', '.join(sorted(never))}, which is never waived: the source must correct it."
            )
        for rule_id in sorted(broken):
            _decide(
                connection,
                "waive_fault",
                source,
                record,
                reason=reason,
                who=who,
                source_key=source_key,
                rule_id=rule_id,
            )
        connection.execute("update quarantine.row set state = 'waived' where row_id = %s", [row_id])
    rules = ", ".join(sorted(broken))
    return f"Row {row_id} is waived for {rules}; it enters raw with the next delivery of source {source}."
