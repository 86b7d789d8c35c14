"""Releases after publication: rollback, hold, as of, differences, roles, SQL."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from orchestration.publish import publish
from orchestration.releases import (
    ReleaseError,
    as_of,
    current_hold,
    hold,
    list_releases,
    relation_of,
    release_changes,
    release_differences,
    resume,
    roll_back,
    show_release,
)
from orchestration.sql_session import STAFF, SqlError, run_sql
from orchestration.warehouse import connect, prepare
from tests.integration.release_world import DAY, PLAN, build_candidate, content, published, snapshot_of


def _label(url: str) -> str:
    with connect(url) as connection:
        row = connection.execute("select string_agg(distinct label, ',') from published.person").fetchone()
    assert row is not None
    return str(row[0])


def test_rollback_holds_until_resume(warehouse_url: str) -> None:
    for label in ("one", "two", "three"):
        published(warehouse_url, 10, label)
    roll_back(warehouse_url, 2, "wrong file from a source", "engineer")
    assert _label(warehouse_url) == "two"
    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 10, "four")
        states = [(r["release_no"], r["state"], r["is_current"]) for r in list_releases(connection)]
        assert states == [(3, "withdrawn", False), (2, "published", True), (1, "published", False)]
    refused = publish(warehouse_url, "run", DAY, snapshot_of(warehouse_url), plan=PLAN, judge=content)
    assert not refused.published
    assert "held by engineer" in refused.reason
    with connect(warehouse_url) as connection:
        assert list_releases(connection, everything=True)[0]["reason"] == refused.reason
    assert _label(warehouse_url) == "two"
    resume(warehouse_url, "the source sent it again", "engineer")
    assert publish(warehouse_url, "run", DAY, snapshot_of(warehouse_url), plan=PLAN, judge=content).release_no == 4
    assert _label(warehouse_url) == "four"
    with connect(warehouse_url) as connection:
        assert current_hold(connection) is None
        assert [e["kind"] for e in show_release(connection, 2).events] == ["published", "rolled_back"]


def test_a_hold_during_a_publication_stops_its_pointer(warehouse_url: str) -> None:
    published(warehouse_url, 10, "one")
    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 10, "two")

    def snapshot() -> None:
        snapshot_of(warehouse_url)()
        hold(warehouse_url, "stop this one", "engineer")

    outcome = publish(warehouse_url, "run", DAY, snapshot, plan=PLAN, judge=content)
    assert not outcome.published
    assert _label(warehouse_url) == "one"


def test_orders_that_cannot_be_carried_out(warehouse_url: str) -> None:
    published(warehouse_url, 10, "one")
    with pytest.raises(ReleaseError, match="is the current one"):
        roll_back(warehouse_url, 1, "no reason at all", "engineer")
    with pytest.raises(ReleaseError, match="There is no release 9"):
        roll_back(warehouse_url, 9, "no reason at all", "engineer")
    with pytest.raises(ReleaseError, match="at least five letters"):
        hold(warehouse_url, " x ", "engineer")
    with pytest.raises(ReleaseError, match="not held"):
        resume(warehouse_url, "nothing to do", "engineer")
    hold(warehouse_url, "congress week", "engineer")
    with pytest.raises(ReleaseError, match="held already"):
        hold(warehouse_url, "congress week", "engineer")


def test_as_of_a_time_is_the_release_that_staff_saw(warehouse_url: str) -> None:
    before = datetime.now(UTC)
    published(warehouse_url, 10, "one")
    published(warehouse_url, 10, "two")
    with connect(warehouse_url) as connection:
        second = show_release(connection, 2).release["published_at"]
        assert as_of(connection, second - timedelta(microseconds=1)) == 1
        assert as_of(connection, datetime.now(UTC)) == 2
        with pytest.raises(ReleaseError, match="Nothing had been published"):
            as_of(connection, before)
    roll_back(warehouse_url, 1, "the first was better", "engineer")
    with connect(warehouse_url) as connection:
        assert as_of(connection, datetime.now(UTC)) == 1


def test_difference_of_two_releases(warehouse_url: str) -> None:
    published(warehouse_url, 10, "one")
    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 11, "one")
        connection.execute("update core.person set full_name = 'Khác', ethnicity = '02' where person_id = 'P1'")
        connection.execute("update core.person set ethnicity = '02' where person_id = 'P3'")
        connection.execute("delete from core.person where person_id = 'P2'")
    publish(warehouse_url, "run", DAY, snapshot_of(warehouse_url), plan=PLAN, judge=content)
    with connect(warehouse_url) as connection:
        by_name = {d.relation: d for d in release_differences(connection, 1, 2, PLAN)}
        assert (by_name["person"].added, by_name["person"].removed, by_name["person"].changed) == (1, 1, 2)
        assert by_name["party_organisation"].total == 0
        back = {d.relation: d for d in release_differences(connection, 2, 1, PLAN)}["person"]
        assert (back.added, back.removed, back.changed) == (1, 1, 2)
        rows = release_changes(connection, 1, 2, relation_of(PLAN, "person"))
        assert [(r["change"], r["key"], r["columns"]) for r in rows] == [
            ("added", "P11", []),
            ("changed", "P1", ["full_name"]),
            ("removed", "P2", []),
        ]
        assert all("ethnicity" not in (r["before"] or {}) for r in rows)
        with pytest.raises(ReleaseError, match="is not a published relation"):
            relation_of(PLAN, "secret")


def test_staff_read_published_and_nothing_else(warehouse_url: str, warehouse: psycopg.Connection) -> None:
    published(warehouse_url, 10, "one")
    readable = warehouse.execute(
        """
        select n.nspname, c.relname from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
        where c.relkind in ('r', 'v', 'm', 'p', 'f', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and has_schema_privilege('lienthong_staff', n.oid, 'usage')
        and (
            case when c.relkind = 'S' then has_sequence_privilege('lienthong_staff', c.oid, 'usage, select, update')
            else has_any_column_privilege('lienthong_staff', c.oid, 'select, insert, update, references')
                or has_table_privilege('lienthong_staff', c.oid, 'select, insert, update, delete, truncate, trigger')
            end
        )
        """
    ).fetchall()
    assert {schema for schema, _ in readable} == {"published"}
    views = {v for (v,) in warehouse.execute("select viewname from pg_views where schemaname = 'published'")}
    assert {name for _, name in readable} == views >= {"person", "party_organisation", "release"}
    writable = warehouse.execute(
        """
        select 1 from pg_class as c where c.relnamespace = 'published'::regnamespace
        and has_table_privilege('lienthong_staff', c.oid, 'insert, update, delete, truncate')
        """
    ).fetchall()
    assert not writable
    schemas = warehouse.execute(
        """
        select nspname from pg_namespace
        where nspname !~ '^pg_' and nspname <> 'information_schema'
        and has_schema_privilege('lienthong_staff', oid, 'usage, create')
        """
    ).fetchall()
    assert schemas == [("published",)]
    callable_ = warehouse.execute(
        """
        select p.oid::regprocedure::text from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
        where n.nspname = 'ops' and has_function_privilege('lienthong_staff', p.oid, 'execute')
        """
    ).fetchall()
    assert callable_ == [("ops.visible_moment()",)]
    out = io.StringIO()
    assert run_sql(warehouse_url, "select * from published.person", role=STAFF, out=out) == 10
    for hidden in ("history.person", "core.person", "ops.release", "raw.member"):
        with pytest.raises(SqlError, match="ermission denied"):
            run_sql(warehouse_url, f"select * from {hidden}", role=STAFF, out=out)


def test_preparing_again_keeps_what_is_there(warehouse_url: str, warehouse: psycopg.Connection) -> None:
    published(warehouse_url, 10, "one")
    prepare(warehouse)
    assert warehouse.execute("select count(*) from published.person").fetchone() == (10,)


def test_sql_writes_csv_and_reads_releases(warehouse_url: str) -> None:
    published(warehouse_url, 10, "one")
    published(warehouse_url, 12, "two")

    def ask(text: str, release: int | None = None) -> str:
        out = io.StringIO()
        run_sql(warehouse_url, text, release, out=out)
        return out.getvalue()

    assert ask("select count(*) as n, max(label) as label from published.person;") == "n,label\n12,two\n"
    assert ask("select count(*) as n from published.person", 1) == "n\n10\n"
    assert ask("-- why\nselect 'a,b' as x, null as y, true as z, 50 % 7 as r") == 'x,y,z,r\n"a,b",,t,1\n'
    assert ask("select person_id from published.person where false") == "person_id\n"
    assert ask("select count(*) from history.person").startswith("count\n")
    assert ask("show transaction_read_only") == "transaction_read_only\non\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no statement"),
        ("delete from core.person", "Only statements that read"),
        ("do $$ begin end $$", "Only statements that read"),
        ("with gone as (delete from core.person returning 1) select * from gone", "Nothing can be written"),
        ("select 1; select 2", "one statement at a time"),
        ("select * from nowhere", 'Relation "nowhere" does not exist'),
        ("select pg_sleep(5)", "took too long"),
    ],
)
def test_sql_refuses_in_one_sentence(warehouse_url: str, text: str, sentence: str) -> None:
    published(warehouse_url, 2, "one")
    with pytest.raises(SqlError, match=sentence) as caught:
        run_sql(warehouse_url, text, out=io.StringIO(), timeout_seconds=0.5)
    assert "\n" not in str(caught.value)


def test_sql_names_an_unknown_release(warehouse_url: str) -> None:
    with pytest.raises(SqlError, match="There is no release 4"):
        run_sql(warehouse_url, "select 1", 4, out=io.StringIO())
