"""A small warehouse for tests of publication: hand-made core tables and a snapshot written as dbt writes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import psycopg
from psycopg import sql

from expectations.release_suite import CheckResult
from orchestration.history import columns_of
from orchestration.publish import ReleaseOutcome, publish
from orchestration.relations import PublishedRelation, ReleasePlan
from orchestration.warehouse import connect

DAY = date(2026, 11, 22)
ORGANISATION = PublishedRelation(
    "party_organisation",
    "core",
    "party_organisation",
    "organisation_id",
    "Tổ chức đảng",
    {"organisation_id": "Mã tổ chức", "name": "Tên tổ chức"},
)
PERSON = PublishedRelation(
    "person",
    "core",
    "person",
    "person_id",
    "Cá nhân",
    {"full_name": "Họ và tên", "ethnicity": "Dân tộc"},
    {"full_name": "P2", "ethnicity": "P3"},
)
PLAN = ReleasePlan((ORGANISATION, PERSON))


@dataclass
class Reader:
    """Asks all queries, each of which answers with labels, in one repeatable-read transaction, again and again."""

    url: str
    queries: Sequence[str]
    stop: threading.Event
    seen: set[str] = field(default_factory=set)
    mixtures: list[set[str]] = field(default_factory=list)
    slowest: float = 0.0
    rounds: int = 0

    def run(self) -> None:
        with connect(self.url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not self.stop.is_set():
                labels: set[str] = set()
                for query in (*self.queries, *self.queries):
                    started = time.monotonic()
                    labels |= {label for (label,) in connection.execute(query)}
                    self.slowest = max(self.slowest, time.monotonic() - started)
                    time.sleep(0.02)
                connection.rollback()
                self.seen |= labels
                self.rounds += 1
                if len(labels) != 1:
                    self.mixtures.append(labels)


@contextmanager
def reading(*tasks: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    """Run tasks side by side with the block; they end when `stop` is set, which the end of the block does."""
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def build_candidate(connection: psycopg.Connection, people: int, label: str, run_id: str = "run") -> None:
    """Core tables in which every row carries `label`, and the row of ops.candidate that goes with them."""
    connection.execute("drop table if exists core.person, core.party_organisation cascade")
    connection.execute(
        "create table core.party_organisation (organisation_id text primary key, name text, label text not null)"
    )
    connection.execute(
        """
        create table core.person (
            person_id text primary key, full_name text, ethnicity text, label text not null,
            organisation_id text references core.party_organisation
        )
        """
    )
    connection.execute(
        "insert into core.party_organisation select 'O' || g, 'Chi bộ ' || g, %s from generate_series(1, 10) as g",
        [label],
    )
    connection.execute(
        """
        insert into core.person
        select 'P' || g, 'Người ' || g, '01', %s, 'O' || (1 + g %% 10) from generate_series(1, %s) as g
        """,
        [label, people],
    )
    note_candidate(connection, run_id)


def note_candidate(connection: psycopg.Connection, run_id: str = "run", *, ok: bool = True, day: date = DAY) -> None:
    """The row of ops.candidate that a build of the models leaves."""
    connection.execute(
        """
        insert into ops.candidate
        (run_id, business_date, project_version, intake_state, batch_high_water, started_at, dbt_ok)
        select %s, %s, 'test', ops.intake_state(), max(batch_id), clock_timestamp(), %s from ops.batch
        """,
        [run_id, day, ok],
    )


def snapshot_relation(connection: psycopg.Connection, relation: PublishedRelation) -> None:
    """What `dbt snapshot` does for one relation: close what is gone or changed, insert what is new or changed."""
    columns = [*columns_of(connection, relation.candidate_schema, relation.candidate_name)]
    parts = {
        "history": relation.history,
        "candidate": relation.candidate,
        "key": sql.Identifier(relation.key),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
        "far": sql.SQL("'9999-12-31 00:00:00+00'::timestamptz"),
        "mine": sql.SQL(", ").join(sql.Identifier("h", c) for c in columns),
        "theirs": sql.SQL(", ").join(sql.Identifier("c", c) for c in columns),
    }
    with connection.transaction():
        if not columns_of(connection, "history", relation.name):
            connection.execute(
                sql.SQL(
                    "create table {history} as select *, (select ops.release_moment()) as dbt_valid_from,"
                    " {far} as dbt_valid_to from {candidate}"
                ).format(**parts)
            )
            return
        connection.execute(
            sql.SQL(
                """
                update {history} as h set dbt_valid_to = (select ops.release_moment())
                where dbt_valid_to = {far} and not exists (
                    select from {candidate} as c
                    where c.{key} = h.{key} and row({mine}) is not distinct from row({theirs})
                )
                """
            ).format(**parts)
        )
        connection.execute(
            sql.SQL(
                """
                insert into {history} ({columns}, dbt_valid_from, dbt_valid_to)
                select {theirs}, (select ops.release_moment()), {far} from {candidate} as c
                where not exists (select from {history} as h where h.{key} = c.{key} and h.dbt_valid_to = {far})
                """
            ).format(**parts)
        )


def snapshot_of(url: str, relations: Sequence[PublishedRelation] = PLAN.relations) -> Callable[[], None]:
    """A snapshot of all relations in a connection of its own, one transaction each, as dbt runs it."""

    def run() -> None:
        with connect(url, autocommit=True) as connection:
            for relation in relations:
                snapshot_relation(connection, relation)

    return run


def content(_url: str, _day: date, _plan: ReleasePlan) -> list[CheckResult]:
    """A gate that lets everything through, for tests of what comes after it."""
    return []


def published(url: str, people: int, label: str, plan: ReleasePlan = PLAN) -> ReleaseOutcome:
    """Build a candidate and publish it."""
    with connect(url, autocommit=True) as connection:
        build_candidate(connection, people, label)
    outcome = publish(url, "run", DAY, snapshot_of(url, plan.relations), plan=plan, judge=content)
    assert outcome.published, outcome.reason
    return outcome
