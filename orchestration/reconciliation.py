"""A + B - C = D: whoever became or ceased to be a member since the current release must have moved.

A are the members of the current release, B those who entered and C those who left with a movement that
the current release did not have, D the members of the candidate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from expectations import release_suite as suite
from expectations.release_suite import Question, Severity
from orchestration.relations import PublishedRelation, ReleasePlan

CHANGES = sql.SQL(
    """
    with moment as (select moment from ops.release where is_current),
    before as (
        select distinct h.person_id from {membership_history} as h, moment
        where h.dbt_valid_from <= moment.moment and moment.moment < h.dbt_valid_to and h.is_current
    ),
    after as (select distinct person_id from {membership} where is_current),
    moved as (
        select distinct m.person_id from {movement} as m
        where m.is_counted and not exists (
            select from {movement_history} as h, moment
            where h.movement_id = m.movement_id
            and h.dbt_valid_from <= moment.moment and moment.moment < h.dbt_valid_to
        )
    ),
    figures as (
        select
            count(before.person_id) as opening,
            count(*) filter (where before.person_id is null and moved.person_id is not null) as entered,
            count(*) filter (where after.person_id is null and moved.person_id is not null) as departed,
            count(after.person_id) as closing,
            count(*) filter (
                where moved.person_id is null and (before.person_id is null or after.person_id is null)
            ) as unexplained
        from before
        full join after on before.person_id = after.person_id
        left join moved on coalesce(before.person_id, after.person_id) = moved.person_id
    )
    """
)


@dataclass(frozen=True)
class Reconciliation:
    """Persons: A, B, C, D and those who entered or left without a movement."""

    opening: int
    entered: int
    departed: int
    closing: int
    unexplained: int

    def __str__(self) -> str:
        sum_ = self.opening + self.entered - self.departed
        return (
            f"A {self.opening} + B {self.entered} - C {self.departed} = {sum_}, D = {self.closing}; "
            f"{self.unexplained} entered or left without a movement"
        )


def questions(connection: psycopg.Connection, plan: ReleasePlan) -> Iterator[Question]:
    """The two checks, once there is a release to reconcile with."""
    names = {r.name: r for r in plan.relations}
    membership, movement = names.get("party_membership"), names.get("membership_movement")
    if membership is None or movement is None or not _released(connection, membership, movement):
        return
    changes = CHANGES.format(
        membership_history=membership.history,
        membership=membership.candidate,
        movement=movement.candidate,
        movement_history=movement.history,
    )
    figures = reconcile(connection, changes)
    severities: dict[str, Severity] = {suite.RECONCILIATION: "error", suite.RECONCILIATION_WARNING: "warning"}
    for check_id, severity in severities.items():
        share = suite.bounds().unexplained[severity]
        query = changes + sql.SQL("select 1 as offence from figures where unexplained > opening * {} / 100.0").format(
            sql.Literal(share)
        )
        yield Question(
            check_id,
            "party_membership",
            severity,
            query.as_string(connection),
            str(figures),
            f"A + B - C = D, at most {share} % of A without a movement",
        )


def _released(connection: psycopg.Connection, *relations: PublishedRelation) -> bool:
    """Whether the current release holds these relations."""
    row = connection.execute(
        "select counts ?& %s from ops.release where is_current", [[r.name for r in relations]]
    ).fetchone()
    return bool(row and row[0])


def reconcile(connection: psycopg.Connection, changes: sql.Composed) -> Reconciliation:
    """The figures themselves."""
    row = connection.execute(
        changes + sql.SQL("select opening, entered, departed, closing, unexplained from figures")
    ).fetchone()
    assert row is not None
    return Reconciliation(*row)
