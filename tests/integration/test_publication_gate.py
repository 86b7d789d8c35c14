"""The release gate: what it refuses, what it only tells, and that a refusal leaves the old release."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from expectations import release_suite as suite
from expectations.release_suite import CheckResult
from orchestration.publish import publish
from orchestration.relations import ExpectedConstraint, PublishedRelation, ReleasePlan
from orchestration.release_gate import judge_candidate
from orchestration.warehouse import connect
from tests.integration.release_world import DAY, PLAN, build_candidate, note_candidate, published, snapshot_of

CONSTRAINTS = (
    ExpectedConstraint("core", "person", "p", ("person_id",)),
    ExpectedConstraint("core", "person", "f", ("organisation_id",), "core.party_organisation"),
)
GATED = ReleasePlan(PLAN.relations, CONSTRAINTS)


def _batch(connection: psycopg.Connection, source: str, status: str = "accepted", record: str = "member") -> int:
    row = connection.execute(
        """
        insert into ops.batch
        (run_id, source, record, kind, mode, business_date, contract_version, delivered, accepted, status, reason,
            finished_at)
        values ('run', %s, %s, 'member', 'snapshot', %s, '1', 5, 5, %s, 'because', clock_timestamp()) returning batch_id
        """,
        [source, record, DAY, status],
    ).fetchone()
    assert row is not None
    return int(row[0])


def _verdicts(url: str, plan: ReleasePlan = GATED, day: date = DAY) -> dict[tuple[str, str], CheckResult]:
    return {(c.check_id, c.subject): c for c in judge_candidate(url, day, plan)}


@pytest.fixture
def world(warehouse_url: str) -> str:
    """A release of 100 persons, and a good candidate of as many."""
    with connect(warehouse_url, autocommit=True) as connection:
        for source in ("38", "01", "T1"):
            _batch(connection, source)
    published(warehouse_url, 100, "one")
    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 100, "two")
    return warehouse_url


def test_a_good_candidate_passes(world: str) -> None:
    outcome = publish(world, "run", DAY, snapshot_of(world), plan=GATED)
    assert outcome.published, outcome.reason
    assert all(c.passed for c in outcome.checks)
    assert {c.check_id for c in outcome.checks} >= {f"REL-00{n}" for n in range(1, 9)}
    with connect(world) as connection:
        kept = connection.execute(
            "select count(*), bool_and(passed) from ops.release_check inner join ops.release using (release_id)"
            " where release_no = 2"
        ).fetchone()
        sources = connection.execute("select sources from ops.release where release_no = 2").fetchone()
    assert kept == (len(outcome.checks), True)
    assert sources == (3,)


def test_faults_of_the_candidate_and_their_counts(world: str) -> None:
    with connect(world, autocommit=True) as connection:
        connection.execute("alter table core.person drop constraint person_pkey, alter person_id drop not null")
        connection.execute("alter table core.person drop constraint person_organisation_id_fkey")
        connection.execute("insert into core.person select person_id, 'X', null, 'two' from core.person limit 60")
        connection.execute("update core.person set person_id = null where person_id in ('P1', 'P2')")
        connection.execute("delete from core.party_organisation where organisation_id in ('O1', 'O2')")
    found = _verdicts(world)
    failed = {key: check.observed for key, check in found.items() if not check.passed}
    assert failed == {
        (suite.KEY_NOT_NULL, "person"): "4 rows without person_id",
        (suite.KEY_UNIQUE, "person"): "58 surplus rows of person_id",
        (suite.VOLUME_MAXIMUM, "person"): "160 rows",
        (suite.VOLUME_MINIMUM, "party_organisation"): "8 rows",
        (suite.CONSTRAINTS, "core and marts"): "0 of 2 exist; missing: core.person foreign key (organisation_id)"
        " -> core.party_organisation, core.person primary key (person_id)",
    }
    assert found[suite.VOLUME_MAXIMUM, "person"].severity == "warning"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("dbt", "dbt or one of its tests failed"),
        ("date", "candidate 3 of 2026-11-20"),
        ("newer batch", "built before the newest accepted batch"),
        ("withdrawn batch", "built before the newest accepted batch"),
    ],
)
def test_a_candidate_that_may_not_be_published(world: str, spoil: str, sentence: str) -> None:
    with connect(world, autocommit=True) as connection:
        if spoil == "dbt":
            note_candidate(connection, ok=False)
        elif spoil == "date":
            note_candidate(connection, day=date(2026, 11, 20))
        elif spoil == "newer batch":
            _batch(connection, "38")
        else:
            connection.execute("update ops.batch set status = 'withdrawn' where source = '01'")
    outcome = publish(world, "run", DAY, snapshot_of(world), plan=GATED)
    assert not outcome.published
    assert suite.CANDIDATE in outcome.reason
    assert sentence in outcome.reason
    with connect(world) as connection:
        assert connection.execute("select distinct label from published.person").fetchall() == [("one",)]
        assert connection.execute(
            "select state, release_no, reason like %s from ops.release order by release_id desc limit 1",
            [f"%{sentence}%"],
        ).fetchone() == ("failed", None, True)


def test_refused_sources_are_named_and_do_not_stop(world: str) -> None:
    with connect(world, autocommit=True) as connection:
        _batch(connection, "38", "refused")
        _batch(connection, "T1", "failed", "cadre")
        note_candidate(connection)
    outcome = publish(world, "run", DAY, snapshot_of(world), plan=GATED)
    assert outcome.published, outcome.reason
    intake = next(c for c in outcome.checks if c.check_id == suite.INTAKE)
    assert (intake.passed, intake.severity) == (False, "warning")
    assert intake.observed == "2 refused or failed: 38 member (refused), T1 cadre (failed)"


def test_losing_a_source_stops_the_release(world: str) -> None:
    with connect(world, autocommit=True) as connection:
        connection.execute("update ops.batch set status = 'withdrawn' where source = '01'")
        note_candidate(connection)
    coverage = _verdicts(world)[suite.COVERAGE, "sources"]
    assert (coverage.passed, coverage.observed, coverage.expected) == (
        False,
        "2 sources of the 3 that ever delivered",
        "at least 3",
    )


MEMBERSHIP = PublishedRelation("party_membership", "core", "party_membership", "membership_id")
MOVEMENT = PublishedRelation("membership_movement", "core", "membership_movement", "movement_id")


def test_members_who_come_and_go_without_a_movement(warehouse_url: str) -> None:
    plan = ReleasePlan((MEMBERSHIP, MOVEMENT))
    with connect(warehouse_url, autocommit=True) as connection:
        _batch(connection, "38")
        connection.execute(
            """
            create table core.party_membership (membership_id text primary key, person_id text, is_current boolean);
            create table core.membership_movement (movement_id text primary key, person_id text, is_counted boolean);
            insert into core.party_membership select 'M' || g, 'P' || g, true from generate_series(1, 1000) as g;
            insert into core.membership_movement select 'A' || g, 'P' || g, true from generate_series(1, 1000) as g;
            """
        )
        note_candidate(connection)
    first = publish(warehouse_url, "run", DAY, snapshot_of(warehouse_url, plan.relations), plan=plan)
    assert first.published, first.reason
    assert not any(c.check_id == suite.RECONCILIATION for c in first.checks)
    with connect(warehouse_url, autocommit=True) as connection:
        connection.execute(
            """
            update core.party_membership set is_current = false where membership_id in ('M1', 'M2');
            insert into core.membership_movement values ('L1', 'P1', true), ('L2', 'P2', true);
            insert into core.membership_movement values ('A1001', 'P1001', true);
            insert into core.party_membership values ('M1001', 'P1001', true), ('M1002', 'P1002', true);
            delete from core.party_membership where membership_id in ('M3', 'M4', 'M5');
            """
        )
        note_candidate(connection)
    found = _verdicts(warehouse_url, plan)
    error, warning = (found[c, "party_membership"] for c in (suite.RECONCILIATION, suite.RECONCILIATION_WARNING))
    assert error.observed == "A 1000 + B 1 - C 2 = 999, D = 997; 4 entered or left without a movement"
    assert (error.passed, warning.passed) == (True, False)
    with connect(warehouse_url, autocommit=True) as connection:
        connection.execute("delete from core.party_membership where membership_id like 'M2_'")
        connection.execute("delete from core.party_membership where membership_id like 'M7_'")
        note_candidate(connection)
    outcome = publish(warehouse_url, "run", DAY, snapshot_of(warehouse_url, plan.relations), plan=plan)
    assert not outcome.published
    assert "REL-009 party_membership" in outcome.reason


def test_bounds_of_volume() -> None:
    bounds = suite.bounds()
    assert bounds.rows("person", None) == (1, None)
    assert bounds.rows("agency", None) == bounds.rows("agency", 0) == (0, None)
    assert bounds.rows("person", 1001) == (900, 1252)
    assert bounds.rows("membership_movement", 100) == (70, 300)


def test_operational_views(world: str) -> None:
    with connect(world, autocommit=True) as connection:
        connection.execute(
            "insert into ops.source (source, name, level, freshness_hours) values"
            " ('38', 'Thanh Hóa', 'province', 36), ('01', 'Hà Nội', 'province', 36),"
            " ('T1', 'Trung ương', 'central', 36), ('T2', 'Chưa gửi', 'central', 36)"
        )
        refused = _batch(connection, "38", "refused")
        connection.execute("update ops.batch set finished_at = now() - interval '40 hours' where source = '01'")
        connection.execute(
            "insert into ops.gate_result values (%s, 'MEM-001', 'error', 200, 3, 1, false, false)", [refused]
        )
    with connect(world) as connection:
        states = connection.execute(
            "select source, state, reason from published.source_status order by source"
        ).fetchall()
        assert states == [
            ("01", "stale", "Quá thời hạn cập nhật của nguồn"),
            ("38", "refused", "because"),
            ("T1", "fresh", None),
            ("T2", "stale", "Nguồn chưa gửi dữ liệu lần nào"),
        ]
        result = connection.execute(
            "select source, record, rule_id, sentence is not null, checked, failed, share::text"
            " from published.quality_result"
        ).fetchall()
        assert result == [("38", "member", "MEM-001", True, 200, 3, "1.50")]
        releases = connection.execute("select release_no, is_current, state from published.release").fetchall()
        assert releases == [(1, True, "published")]
