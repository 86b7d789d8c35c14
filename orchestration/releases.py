"""Releases after publication: what there is, how they differ, and moving the pointer back.

Rolling back holds publication until somebody resumes it: a night must not bring back what was withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from orchestration.history import Difference, changed_rows, difference
from orchestration.publish import publisher
from orchestration.relations import PublishedRelation, ReleasePlan
from orchestration.settings import TIMEZONE
from orchestration.warehouse import connect
from sources.errors import ExplainedError


class ReleaseError(ExplainedError):
    """A release that does not exist, or an order that cannot be carried out."""


@dataclass(frozen=True)
class ReleaseDetail:
    """One release with its checks, its events and its figures by relation."""

    release: dict[str, Any]
    checks: list[dict[str, Any]]
    events: list[dict[str, Any]]
    counts: dict[str, dict[str, int]]


def list_releases(connection: psycopg.Connection, *, everything: bool = False) -> list[dict[str, Any]]:
    """Releases, newest first; attempts that failed too when `everything`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            select release_no, state, is_current, business_date, moment, published_at, sources,
                (counts -> 'person' ->> 'rows')::bigint as persons, run_id, reason
            from ops.release where %s or release_no is not null order by release_id desc
            """,
            [everything],
        ).fetchall()


def show_release(connection: psycopg.Connection, number: int) -> ReleaseDetail:
    """One release. Raises ReleaseError when there is none of that number."""
    with connection.cursor(row_factory=dict_row) as cursor:
        release = cursor.execute("select * from ops.release where release_no = %s", [number]).fetchone()
        if release is None:
            raise _none(number)
        checks = cursor.execute(
            "select check_id, subject, severity, passed, observed, expected from ops.release_check"
            " where release_id = %s order by passed, severity, check_id, subject",
            [release["release_id"]],
        ).fetchall()
        events = cursor.execute(
            "select kind, happened_at, decided_by, reason from ops.release_event"
            " where release_id = %s order by event_id",
            [release["release_id"]],
        ).fetchall()
    figures = release.pop("counts")
    return ReleaseDetail(release, checks, events, figures)


def moment_of(connection: psycopg.Connection, number: int) -> datetime:
    """Moment of a release. Raises ReleaseError when there is none of that number."""
    row = connection.execute("select moment from ops.release where release_no = %s", [number]).fetchone()
    if row is None:
        raise _none(number)
    moment: datetime = row[0]
    return moment


def as_of(connection: psycopg.Connection, time: datetime) -> int:
    """Number of the release that staff saw at `time` (Asia/Ho_Chi_Minh where it has no zone)."""
    at = time if time.tzinfo else time.replace(tzinfo=TIMEZONE)
    row = connection.execute(
        """
        select r.release_no
        from ops.release_event as e inner join ops.release as r on e.release_id = r.release_id
        where e.kind in ('published', 'rolled_back') and e.happened_at <= %s
        order by e.event_id desc limit 1
        """,
        [at],
    ).fetchone()
    if row is None:
        raise ReleaseError(f"Nothing had been published at {at:%Y-%m-%d %H:%M %Z}: see `lienthong release list`.")
    return int(row[0])


def release_differences(connection: psycopg.Connection, a: int, b: int, plan: ReleasePlan) -> list[Difference]:
    """How every relation changed from release `a` to release `b`."""
    before, after = moment_of(connection, a), moment_of(connection, b)
    return [difference(connection, relation, before, after) for relation in plan.relations]


def release_changes(
    connection: psycopg.Connection, a: int, b: int, relation: PublishedRelation, limit: int = 100
) -> list[dict[str, Any]]:
    """Rows of one relation that differ from release `a` to release `b`, at most `limit`."""
    before, after = moment_of(connection, a), moment_of(connection, b)
    return changed_rows(connection, relation, before, after, limit)


def roll_back(url: str, number: int, reason: str, who: str) -> None:
    """Let staff read release `number` again and hold publication. Later releases count as withdrawn."""
    _check_reason(reason)
    with publisher(url) as connection, connection.transaction():
        row = connection.execute(
            "select release_id, is_current from ops.release where release_no = %s for update", [number]
        ).fetchone()
        if row is None:
            raise _none(number)
        if row[1]:
            raise ReleaseError(f"Release {number} is the current one: name an earlier release.")
        connection.execute("update ops.release set is_current = false where is_current")
        connection.execute("update ops.release set state = 'withdrawn' where release_no > %s", [number])
        connection.execute(
            "update ops.release set is_current = true, state = 'published' where release_id = %s", [row[0]]
        )
        _event(connection, "rolled_back", row[0], reason, who)
        if connection.execute("select from ops.publication_hold where lifted_at is null").fetchone() is None:
            _place_hold(connection, f"rolled back to release {number}: {reason}", who)


def hold(url: str, reason: str, who: str) -> None:
    """Publish nothing until somebody resumes. A publication that is under way is stopped before its pointer moves."""
    _check_reason(reason)
    with connect(url) as connection:
        try:
            _place_hold(connection, reason, who)
        except psycopg.errors.UniqueViolation:
            raise ReleaseError("Publication is held already: see `lienthong release list`.") from None
        _event(connection, "held", None, reason, who)


def resume(url: str, reason: str, who: str) -> None:
    """Allow publication again."""
    _check_reason(reason)
    with connect(url) as connection:
        lifted = connection.execute(
            "update ops.publication_hold set lifted_by = %s, lifted_at = clock_timestamp(), lift_reason = %s"
            " where lifted_at is null",
            [who, reason],
        ).rowcount
        if not lifted:
            raise ReleaseError("Publication is not held: there is nothing to resume.")
        _event(connection, "resumed", None, reason, who)


def current_hold(connection: psycopg.Connection) -> dict[str, Any] | None:
    """Who holds publication and why; None when it is free."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select reason, placed_by, placed_at from ops.publication_hold where lifted_at is null"
        ).fetchone()


def _place_hold(connection: psycopg.Connection, reason: str, who: str) -> None:
    connection.execute("insert into ops.publication_hold (reason, placed_by) values (%s, %s)", [reason, who])


def _event(connection: psycopg.Connection, kind: str, release_id: int | None, reason: str, who: str) -> None:
    connection.execute(
        "insert into ops.release_event (kind, release_id, reason, decided_by) values (%s, %s, %s, %s)",
        [kind, release_id, reason, who],
    )


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < 5:
        raise ReleaseError("A reason of at least five letters is needed: it is kept with the release.")


def relation_of(plan: ReleasePlan, name: str) -> PublishedRelation:
    """The published relation of that name. Raises ReleaseError naming those there are."""
    for relation in plan.relations:
        if relation.name == name:
            return relation
    known = ", ".join(r.name for r in plan.relations)
    raise ReleaseError(f"{name} is not a published relation; there are {known}.")


def _none(number: int) -> ReleaseError:
    return ReleaseError(f"There is no release {number}: see `lienthong release list`.")
