"""The ledger of batches: opening, closing, looking back. Every function leaves committing to its caller."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row

from expectations.batch_rules import BatchVerdict
from expectations.faults import RuleCount
from sources.accept import Acceptance
from sources.connectors.base import Delivery

Status = Literal["running", "accepted", "identical", "refused", "failed", "withdrawn"]


@dataclass(frozen=True)
class Batch:
    """A row of ops.batch, as far as decisions need it."""

    batch_id: int
    run_id: str
    source: str
    record: str
    kind: str
    mode: str
    business_date: date
    contract_version: str
    delivered: int
    quarantined: int
    fingerprint: str | None
    watermark: str | None
    status: Status
    reason: str | None
    finished_at: datetime | None


@dataclass(frozen=True)
class RuleResult:
    """One rule on one batch; `tolerance` in percent, `sentence` is what a clerk is told."""

    rule_id: str
    severity: str
    checked: int
    failed: int
    tolerance: float
    passed: bool
    alarm: bool
    sentence: str


@dataclass(frozen=True)
class BatchOutcome:
    """What became of one delivery of one record; `reason` is Vietnamese, `detail` is for engineers."""

    batch_id: int
    source: str
    record: str
    status: Status
    reason: str | None = None
    detail: str | None = None
    delivered: int = 0
    accepted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    closed: int = 0
    dropped_columns: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    results: tuple[RuleResult, ...] = field(default=(), repr=False)


_BATCH = (
    "select batch_id, run_id, source, record, kind, mode, business_date, contract_version, delivered, quarantined,"
    " fingerprint, watermark, status, reason, finished_at from ops.batch where "
)


def find(connection: psycopg.Connection, condition: str, *values: Any) -> Batch | None:
    """The first batch for which `condition` (SQL, with order) holds."""
    with connection.cursor(row_factory=class_row(Batch)) as cursor:
        return cursor.execute(_BATCH + condition + " limit 1", values).fetchone()


def last_judged(connection: psycopg.Connection, source: str, record: str) -> Batch | None:
    """The last delivery on which there is a verdict."""
    return find(
        connection,
        "source = %s and record = %s and fingerprint is not null and status in ('accepted', 'refused', 'withdrawn')"
        " order by batch_id desc",
        source,
        record,
    )


def last_good(connection: psycopg.Connection, source: str, record: str) -> Batch | None:
    """The last delivery that was accepted, or identical to one that was."""
    return find(
        connection,
        "source = %s and record = %s and status in ('accepted', 'identical') order by batch_id desc",
        source,
        record,
    )


def decided_since(connection: psycopg.Connection, judged: Batch) -> bool:
    """Whether an engineer has decided something about this record of this source after the verdict."""
    return (
        connection.execute(
            "select from ops.decision where source = %s and record = %s and decided_at > %s limit 1",
            [judged.source, judged.record, judged.finished_at],
        ).fetchone()
        is not None
    )


def open_batch(
    connection: psycopg.Connection,
    *,
    run_id: str,
    source: str,
    record: str,
    kind: str,
    mode: str,
    business_date: date,
    contract_version: str,
) -> int:
    """A new running batch."""
    row = connection.execute(
        "insert into ops.batch (run_id, source, record, kind, mode, business_date, contract_version)"
        " values (%s, %s, %s, %s, %s, %s, %s) returning batch_id",
        [run_id, source, record, kind, mode, business_date, contract_version],
    ).fetchone()
    assert row is not None
    return int(row[0])


def note_delivery(connection: psycopg.Connection, batch_id: int, delivery: Delivery, warnings: Sequence[str]) -> None:
    """What the connector said of the delivery, before anything is judged."""
    files = [{"name": f.name, "sha256": f.sha256, "size": f.size, "rows": f.rows} for f in delivery.files]
    connection.execute(
        "update ops.batch set delivered = %s, mode = %s, dropped_columns = %s, missing_columns = %s, warnings = %s,"
        " files = %s where batch_id = %s",
        [
            delivery.delivered,
            delivery.mode,
            delivery.dropped_columns,
            delivery.missing_columns,
            list(warnings),
            json.dumps(files, ensure_ascii=False),
            batch_id,
        ],
    )


def close_batch(
    connection: psycopg.Connection,
    batch_id: int,
    status: Status,
    *,
    reason: str | None = None,
    counts: Acceptance | None = None,
    fingerprint: str | None = None,
    watermark: str | None = None,
) -> None:
    """The end of a batch."""
    counts = counts or Acceptance(0, 0, 0, 0)
    connection.execute(
        "update ops.batch set status = %s, reason = %s, accepted = %s, unchanged = %s, quarantined = %s, closed = %s,"
        " fingerprint = coalesce(%s, fingerprint), watermark = coalesce(%s, watermark), finished_at = clock_timestamp()"
        " where batch_id = %s",
        [
            status,
            reason,
            counts.accepted,
            counts.unchanged,
            counts.quarantined,
            counts.closed,
            fingerprint,
            watermark,
            batch_id,
        ],
    )


def record_results(
    connection: psycopg.Connection, batch_id: int, verdicts: Sequence[BatchVerdict], fared: Sequence[RuleCount]
) -> tuple[RuleResult, ...]:
    """Keep every verdict and count of a batch; what was kept."""
    results = []
    for v in verdicts:
        passed = v.sentence is None
        results.append(
            RuleResult(
                v.rule.rule_id, v.rule.severity, 1, int(not passed), 0, passed, False, v.sentence or v.rule.title
            )
        )
    for one in fared:
        r = one.rule
        alarm = r.alarm and one.failed > 0
        results.append(
            RuleResult(
                r.rule_id, r.severity, one.checked, one.failed, r.tolerance, one.within_tolerance, alarm, r.sentence
            )
        )
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.gate_result (batch_id, rule_id, severity, checked, failed, tolerance, passed, alarm)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(batch_id, r.rule_id, r.severity, r.checked, r.failed, r.tolerance, r.passed, r.alarm) for r in results],
        )
    return tuple(results)
