"""Publication: gate, snapshot at one moment, comparison, and one row that moves the pointer.

Readers see the release before or the release after. An attempt that fails stays invisible: what it wrote
to history carries a moment that no release ever shows, and the next attempt takes a later one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from orchestration.history import PublicationError, compare, counts, key_faults, make_room, protect
from orchestration.progress import Progress, Silent
from orchestration.relations import PublishedRelation, ReleasePlan, load_manifest
from orchestration.rule_table import register_rules
from orchestration.views import ensure_history_views, ensure_operational_views
from orchestration.warehouse import connect

if TYPE_CHECKING:
    from expectations.release_suite import CheckResult

PUBLISHER = "lienthong publication"

#: Judges the candidate: warehouse URL, business date, plan.
Judge = Callable[[str, date, ReleasePlan], "list[CheckResult]"]


@dataclass(frozen=True)
class ReleaseOutcome:
    """What came of one attempt; `counts` by relation, `reason` is empty when a release was published."""

    published: bool
    release_no: int | None = None
    moment: datetime | None = None
    reason: str = ""
    checks: list[CheckResult] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class _Attempt:
    release_id: int
    moment: datetime
    before: datetime | None


def publish(
    url: str,
    run_id: str,
    business_date: date,
    snapshot: Callable[[], Any],
    progress: Progress | None = None,
    *,
    plan: ReleasePlan | None = None,
    judge: Judge | None = None,
) -> ReleaseOutcome:
    """Publish the newest candidate.

    `snapshot` writes history at ops.release_moment() in connections of its own. `plan`
    comes from dbt's manifest and `judge` is the release gate when not given. A refusal or failure is an
    outcome with a reason, not an exception; an interruption is recorded and raised again.
    """
    report, started = progress or Silent(), time.monotonic()
    plan = plan or release_plan()
    attempt: _Attempt | None = None
    try:
        with publisher(url) as connection:
            refuse_while_held(connection)
            attempt = _open(connection, run_id, business_date)
            try:
                report.stage("Kiểm tra trước phát hành")
                checks = (judge or _default_judge())(url, business_date, plan)
                _keep(connection, attempt, checks)
                report.stage("Ghi lịch sử", len(plan.relations))
                figures = _write(connection, attempt, plan.relations, snapshot, report)
                report.stage("Phát hành")
                number = _move_pointer(connection, attempt, figures)
            except BaseException as error:
                _fail(url, attempt, _sentence(error), run_id)
                if isinstance(error, Exception):
                    raise PublicationError(_sentence(error)) from error
                raise
    except PublicationError as refusal:
        if attempt is None:
            _note_refusal(url, run_id, business_date, str(refusal))
        report.step(str(refusal), good=False)
        return ReleaseOutcome(False, reason=str(refusal), seconds=time.monotonic() - started)
    return ReleaseOutcome(True, number, attempt.moment, "", checks, figures, time.monotonic() - started)


@contextmanager
def publisher(url: str) -> Iterator[psycopg.Connection]:
    """The one connection that may move the pointer. Raises PublicationError while another has it."""
    with connect(url, autocommit=True) as connection:
        row = connection.execute("select pg_try_advisory_lock(hashtext(%s))", [PUBLISHER]).fetchone()
        if row is None or not row[0]:
            raise PublicationError("Another publication is under way: wait until it has ended.")
        yield connection


def refuse_while_held(connection: psycopg.Connection) -> None:
    """Raise PublicationError while publication is held."""
    held = connection.execute("select reason, placed_by from ops.publication_hold where lifted_at is null").fetchone()
    if held:
        raise PublicationError(f"Publication is held by {held[1]} ({held[0]}): run `lienthong release resume` first.")


def release_plan() -> ReleasePlan:
    """What the dbt project on disk says a release consists of."""
    from orchestration.dbt import ensure_manifest
    from orchestration.settings import settings

    return ReleasePlan.of(load_manifest(ensure_manifest(settings())))


def _default_judge() -> Judge:
    from orchestration.release_gate import judge_candidate

    return judge_candidate


def _sentence(error: BaseException) -> str:
    text = str(error).strip()
    if isinstance(error, psycopg.Error):  # the lines after the first may show rows
        text = text.splitlines()[0] if text else ""
    return text or type(error).__name__


def _open(connection: psycopg.Connection, run_id: str, business_date: date) -> _Attempt:
    """Open an attempt with a moment later than every earlier one; an attempt left by a dead process has failed."""
    with connection.transaction():
        connection.execute(
            "update ops.release set state = 'failed', reason = 'The process that built it ended before its time.'"
            " where state = 'building'"
        )
        row = connection.execute(
            """
            insert into ops.release (moment, business_date, run_id, candidate_no, batch_high_water, sources)
            select
                greatest(clock_timestamp(), (select max(moment) + interval '1 microsecond' from ops.release)),
                %s, %s, c.candidate_no, c.batch_high_water,
                (
                    select count(distinct source) from ops.batch
                    where status = 'accepted' and batch_id <= c.batch_high_water
                )
            from (select 1) as one
            left join (select * from ops.candidate order by candidate_no desc limit 1) as c on true
            returning release_id, moment
            """,
            [business_date, run_id],
        ).fetchone()
        current = connection.execute("select moment from ops.release where is_current").fetchone()
    assert row is not None
    return _Attempt(row[0], row[1], current[0] if current else None)


def _keep(connection: psycopg.Connection, attempt: _Attempt, checks: list[CheckResult]) -> None:
    """Keep the verdicts with the attempt. Raises PublicationError when one of them stops publication."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into ops.release_check (release_id, check_id, subject, severity, passed, observed, expected)
            values (%s, %s, %s, %s, %s, %s, %s)
            """,
            [(attempt.release_id, c.check_id, c.subject, c.severity, c.passed, c.observed, c.expected) for c in checks],
        )
    if failed := [c for c in checks if not c.passed and c.severity == "error"]:
        first = "; ".join(f"{c.check_id} {c.subject}: {c.observed}, expected {c.expected}" for c in failed[:3])
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        raise PublicationError(f"The release gate refuses the candidate: {first}{more}.")


def _write(
    connection: psycopg.Connection,
    attempt: _Attempt,
    relations: tuple[PublishedRelation, ...],
    snapshot: Callable[[], Any],
    report: Progress,
) -> dict[str, dict[str, int]]:
    """Write history at the attempt's moment, prove it equal to the candidate and bring the views up to date."""
    if not relations:
        raise PublicationError("The dbt project names no relation to publish.")
    for relation in relations:
        make_room(connection, relation)
        fault = key_faults(connection, relation)
        if fault.null_keys or fault.duplicated_keys:
            raise PublicationError(
                f"{relation.name} has {fault.null_keys} rows without a key and {fault.duplicated_keys} duplicated keys."
            )
    snapshot()
    figures = {}
    for relation in relations:
        rows = compare(connection, relation, attempt.moment)
        protect(connection, relation)
        figures[relation.name] = counts(connection, relation, rows, attempt.before, attempt.moment)
        report.step(relation.name)
        if any(figures[relation.name][c] for c in ("added", "removed", "changed")):
            connection.execute(sql.SQL("analyze {}").format(relation.history))
    ensure_history_views(connection, relations)
    register_rules(connection)
    ensure_operational_views(connection)
    return figures


def _move_pointer(connection: psycopg.Connection, attempt: _Attempt, figures: dict[str, dict[str, int]]) -> int:
    """The publication itself: one short transaction."""
    with connection.transaction():
        connection.execute("lock table ops.publication_hold in share mode")
        refuse_while_held(connection)
        connection.execute("update ops.release set is_current = false where is_current")
        newest = connection.execute(
            """
            select from ops.release
            where release_id = %s and candidate_no is not distinct from (select max(candidate_no) from ops.candidate)
            """,
            [attempt.release_id],
        ).fetchone()
        if newest is None:
            raise PublicationError("Another candidate was built meanwhile: publish again.")
        row = connection.execute(
            """
            update ops.release
            set state = 'published', is_current = true, counts = %s, published_at = clock_timestamp(),
                release_no = (select coalesce(max(release_no), 0) + 1 from ops.release)
            where release_id = %s and state = 'building'
            returning release_no
            """,
            [Jsonb(figures), attempt.release_id],
        ).fetchone()
        if row is None:
            raise PublicationError("The attempt was given up by another process.")
        connection.execute(
            "insert into ops.release_event (kind, release_id, decided_by) select 'published', release_id, run_id"
            " from ops.release where release_id = %s",
            [attempt.release_id],
        )
    return int(row[0])


def _note_refusal(url: str, run_id: str, business_date: date, reason: str) -> None:
    """Keep why a run did not even begin to publish, beside the attempts that began and failed."""
    with connect(url) as connection:
        connection.execute(
            """
            insert into ops.release (moment, business_date, run_id, state, reason)
            values (clock_timestamp(), %s, %s, 'failed', %s)
            """,
            [business_date, run_id, reason],
        )


def _fail(url: str, attempt: _Attempt, reason: str, run_id: str) -> None:
    """Note the failure in a connection of its own: the publisher's may be broken."""
    with connect(url) as connection:
        connection.execute(
            "update ops.release set state = 'failed', reason = %s where release_id = %s and state = 'building'",
            [reason, attempt.release_id],
        )
        connection.execute(
            "insert into ops.release_event (kind, release_id, reason, decided_by) values ('failed', %s, %s, %s)",
            [attempt.release_id, reason, run_id],
        )
