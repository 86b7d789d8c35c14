"""Publication: one moment, comparison, pointer, failures that stay invisible."""

from __future__ import annotations

import multiprocessing
import os
import signal

import psycopg
import pytest

from orchestration.publish import publish
from orchestration.relations import ReleasePlan
from orchestration.warehouse import connect
from tests.integration.release_world import (
    DAY,
    ORGANISATION,
    PERSON,
    PLAN,
    build_candidate,
    content,
    published,
    snapshot_of,
    snapshot_relation,
)


def _visible(url: str, relation: str = "person") -> set[str]:
    with connect(url) as connection:
        return {row[0] for row in connection.execute(f"select distinct label from published.{relation}")}


def _history_rows(url: str) -> int:
    with connect(url) as connection:
        row = connection.execute(
            "select (select count(*) from history.person) + (select count(*) from history.party_organisation)"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_first_release_and_the_next(warehouse_url: str) -> None:
    first = published(warehouse_url, 100, "one")
    assert first.release_no == 1
    assert first.counts["person"] == {"rows": 100, "added": 100, "removed": 0, "changed": 0}
    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 90, "one")
        connection.execute("update core.person set full_name = 'Khác' where person_id = 'P1'")
        connection.execute("insert into core.person values ('P1000', 'Mới', null, 'one', 'O1')")
    second = publish(warehouse_url, "run 2", DAY, snapshot_of(warehouse_url), plan=PLAN, judge=content)
    assert (second.published, second.release_no) == (True, 2)
    assert second.counts["person"] == {"rows": 91, "added": 1, "removed": 10, "changed": 1}
    with connect(warehouse_url) as connection:
        assert connection.execute("select count(*) from published.person").fetchone() == (91,)
        moments = connection.execute(
            """
            select count(distinct m), bool_and(m in (select moment from ops.release)) from (
                select dbt_valid_from as m from history.person
                union select dbt_valid_from from history.party_organisation
            ) as moments
            """
        ).fetchone()
        assert moments == (2, True)
        connection.execute("set lienthong.release = '1'")
        assert connection.execute("select count(*) from published.person").fetchone() == (100,)


def test_unchanged_candidate_writes_no_row(warehouse_url: str) -> None:
    published(warehouse_url, 50, "one")
    before = _history_rows(warehouse_url)
    assert published(warehouse_url, 50, "one").counts["person"]["changed"] == 0
    assert _history_rows(warehouse_url) == before


def test_nothing_is_visible_before_the_first_release(warehouse_url: str) -> None:
    with connect(warehouse_url) as connection:
        assert connection.execute("select ops.visible_moment() = '-infinity'").fetchone() == (True,)
        with pytest.raises(psycopg.errors.RaiseException, match="No release is being built"):
            connection.execute("select ops.release_moment()")
        connection.rollback()
        for wanted in ("7", "first"):
            connection.execute("select set_config('lienthong.release', %s, true)", [wanted])
            with pytest.raises(psycopg.errors.InvalidParameterValue, match="There is no release"):
                connection.execute("select ops.visible_moment()")
            connection.rollback()


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [("insert into core.person values (null, 'X', null, 'two', 'O1')", "1 rows without a key"),
     ("insert into core.person values ('P1', 'X', null, 'two', 'O1')", "1 duplicated keys")],
)  # fmt: skip
def test_null_or_duplicated_key_is_refused(warehouse_url: str, fault: str, sentence: str) -> None:
    published(warehouse_url, 20, "one")
    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 20, "two")
        connection.execute("alter table core.person drop constraint person_pkey, alter person_id drop not null")
        connection.execute(fault)  # type: ignore[call-overload]
    before = _history_rows(warehouse_url)
    outcome = publish(warehouse_url, "run", DAY, snapshot_of(warehouse_url), plan=PLAN, judge=content)
    assert not outcome.published
    assert sentence in outcome.reason
    assert _visible(warehouse_url) == {"one"}
    assert _history_rows(warehouse_url) == before


def test_history_that_is_not_the_candidate_is_refused(warehouse_url: str) -> None:
    published(warehouse_url, 20, "one")
    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 21, "two")
    only_one = snapshot_of(warehouse_url, [ORGANISATION])
    outcome = publish(warehouse_url, "run", DAY, only_one, plan=PLAN, judge=content)
    assert not outcome.published
    assert "1 rows missing, 0 surplus, 20 different" in outcome.reason
    assert _visible(warehouse_url) == _visible(warehouse_url, "party_organisation") == {"one"}
    assert published(warehouse_url, 21, "two").release_no == 2
    assert _visible(warehouse_url) == _visible(warehouse_url, "party_organisation") == {"two"}


def _die_between_two_tables(url: str) -> None:
    def half() -> None:
        with connect(url, autocommit=True) as connection:
            snapshot_relation(connection, ORGANISATION)
        os.kill(os.getpid(), signal.SIGKILL)

    publish(url, "killed", DAY, half, plan=PLAN, judge=content)


def test_a_killed_publication_stays_invisible_and_disturbs_nothing(warehouse_url: str) -> None:
    published(warehouse_url, 30, "one")
    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 30, "two")
    process = multiprocessing.get_context("spawn").Process(target=_die_between_two_tables, args=[warehouse_url])
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert _visible(warehouse_url) == _visible(warehouse_url, "party_organisation") == {"one"}
    assert published(warehouse_url, 30, "three").release_no == 2
    assert _visible(warehouse_url) == _visible(warehouse_url, "party_organisation") == {"three"}
    with connect(warehouse_url) as connection:
        states = connection.execute("select state, reason is null from ops.release order by release_id").fetchall()
        assert states == [("published", True), ("failed", False), ("published", True)]
        connection.execute("set lienthong.release = '1'")
        assert connection.execute("select count(*), min(label) from published.person").fetchone() == (30, "one")


def test_a_second_publisher_is_refused(warehouse_url: str) -> None:
    published(warehouse_url, 10, "one")
    inner = []

    def snapshot() -> None:
        inner.append(publish(warehouse_url, "second", DAY, lambda: None, plan=PLAN, judge=content))
        snapshot_of(warehouse_url)()

    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 10, "two")
    outer = publish(warehouse_url, "first", DAY, snapshot, plan=PLAN, judge=content)
    assert outer.published
    assert not inner[0].published
    assert "Another publication is under way" in inner[0].reason


def test_a_new_column_appears_and_an_old_one_goes(warehouse_url: str) -> None:
    published(warehouse_url, 10, "one")
    with connect(warehouse_url, autocommit=True) as connection:
        build_candidate(connection, 10, "one")
        connection.execute("alter table core.person add column birth_year integer, drop column full_name")
        connection.execute("update core.person set birth_year = 1990 where person_id = 'P3'")
    outcome = publish(warehouse_url, "run", DAY, snapshot_of(warehouse_url), plan=PLAN, judge=content)
    assert outcome.published, outcome.reason
    with connect(warehouse_url) as connection:
        cursor = connection.execute("select * from published.person where birth_year = 1990")
        assert [c.name for c in cursor.description or ()] == ["person_id", "label", "organisation_id", "birth_year"]
        assert cursor.fetchall() == [("P3", "one", "O4", 1990)]


def test_views_carry_terms_and_never_sensitive_columns(warehouse_url: str) -> None:
    published(warehouse_url, 10, "one")
    with connect(warehouse_url) as connection:
        columns = dict(
            connection.execute(
                "select attname, col_description(attrelid, attnum) from pg_attribute"
                " where attrelid = 'published.person'::regclass and attnum > 0"
            ).fetchall()
        )
        assert columns["full_name"] == "Họ và tên"
        assert not {c for c in columns if c.startswith("dbt_")} | (set(columns) & {"ethnicity"})
        comment = connection.execute("select obj_description('published.person'::regclass)").fetchone()
        assert comment == ("Cá nhân",)
        before = connection.execute("select view_name, replaced_at from ops.published_view order by 1").fetchall()
    published(warehouse_url, 11, "two")
    with connect(warehouse_url) as connection:
        assert (
            connection.execute("select view_name, replaced_at from ops.published_view order by 1").fetchall() == before
        )


def test_a_newly_sensitive_column_leaves_the_view(warehouse_url: str) -> None:
    published(warehouse_url, 10, "one")
    stricter = PERSON.__class__(**{**vars(PERSON), "classes": {"full_name": "P3", "ethnicity": "P3"}})
    published(warehouse_url, 10, "one", ReleasePlan((ORGANISATION, stricter)))
    with connect(warehouse_url) as connection, pytest.raises(psycopg.errors.UndefinedColumn):
        connection.execute("select full_name from published.person")
