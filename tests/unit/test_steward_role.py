"""Stewards work with a login of their own: they may call the functions made for them, and touch nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from identity.step import link_persons
from orchestration.warehouse import connect, prepare
from tests.raw_rows import say

NIGHT = date(2026, 11, 22)
TWIN: dict[str, Any] = {"full_name": "Nguyễn Văn An", "birth_date": "1970-05-03", "admission_date": None}
PAIR = ["38/member/1", "40/member/1"]
READING = {"queue", "conflicts", "decisions", "item_records", "records_of_person", "explain", "show"}
DECIDING = {"decide", "decide_item", "split", "undo"}


@pytest.fixture(scope="session")
def template(template_with_reference: str) -> str:
    return template_with_reference


@pytest.fixture(name="warehouse")
def with_twins(warehouse_url: str) -> Iterator[psycopg.Connection]:
    """The owner's connection to a warehouse where two twins wait for a steward."""
    with connect(warehouse_url, autocommit=True) as connection:
        for source in ("38", "40"):
            say(connection, "member", source, "1", **TWIN)
        link_persons(connection, NIGHT)
        yield connection


@pytest.fixture
def steward(warehouse: psycopg.Connection, warehouse_url: str) -> Iterator[psycopg.Connection]:
    """A connection under a login that is a steward; committing by itself."""
    login, password = f"steward_{secrets.token_hex(4)}", secrets.token_hex(8)
    name = sql.Identifier(login)
    warehouse.execute(
        sql.SQL("create role {} login password {} in role lienthong_steward").format(name, sql.Literal(password))
    )
    try:
        with connect(make_conninfo(warehouse_url, user=login, password=password), autocommit=True) as connection:
            yield connection
    finally:
        warehouse.execute(sql.SQL("drop role {}").format(name))


def persons(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select source, record, source_key, person_id from identity.person_link order by source"
    ).fetchall()


def test_a_decision_by_sql_waits_for_the_night_and_its_undoing_too(
    warehouse: psycopg.Connection, steward: psycopg.Connection
) -> None:
    before = persons(warehouse)
    ((item, left, right),) = steward.execute("select item_id, left_record, right_record from identity.queue()")
    assert steward.execute("select * from identity.item_records(%s)", [item]).fetchone() == (left, right) == (*PAIR,)
    decide = "select identity.decide_item(%s, 'same', 'Hồ sơ gốc', 'Trần Thị Lan')"
    (number,) = steward.execute(decide, [item]).fetchone() or (None,)
    assert persons(warehouse) == before
    link_persons(warehouse, NIGHT)
    (person,) = {link[-1] for link in persons(warehouse)}
    gone = {link[-1] for link in before} - {person}
    for one in (person, *gone):
        told = steward.execute("select * from identity.records_of_person(%s)", [one]).fetchall()
        assert told == [(name,) for name in PAIR]
    assert steward.execute("select * from identity.queue()").fetchall() == []

    steward.execute("select identity.undo(%s, 'Nhầm hồ sơ')", [number])
    assert len({link[-1] for link in persons(warehouse)}) == 1
    link_persons(warehouse, NIGHT)
    assert persons(warehouse) == before
    assert steward.execute("select left_record, right_record from identity.queue()").fetchall() == [(*PAIR,)]
    login = steward.info.user
    kept = "select decided_by, decided_login, undone_by, undone_login from identity.decision"
    assert warehouse.execute(kept).fetchall() == [("Trần Thị Lan", login, login, login)]


def test_records_are_split_off_by_sql(warehouse: psycopg.Connection, steward: psycopg.Connection) -> None:
    steward.execute("select identity.decide(%s, %s, 'same', 'Hồ sơ gốc')", PAIR)
    say(warehouse, "cadre", "40", "1", **TWIN, old_identity_no="123456789")
    say(warehouse, "member", "40", "1", batch=2, **TWIN, old_identity_no="123456789")
    link_persons(warehouse, NIGHT)
    ((*_, person), *_) = before = persons(warehouse)
    assert {link[-1] for link in before} == {person}
    split = "select identity.split(%s, array['40/cadre/1'], 'Hai người')"
    (number,) = steward.execute(split, [person]).fetchone() or (None,)
    link_persons(warehouse, NIGHT)
    pairs = "select decision_id, left_record, right_record from identity.decisions(array['40/cadre/1'], 1)"
    parted = [{left, right} for no, left, right in steward.execute(pairs) if no == number]
    assert sorted(map(sorted, parted)) == [sorted([name, "40/cadre/1"]) for name in PAIR]
    assert steward.execute("select * from identity.records_of_person(%s)", [person]).fetchall() == [
        (name,) for name in PAIR
    ]
    steward.execute("select identity.undo(%s, 'Một người')", [number])
    link_persons(warehouse, NIGHT)
    assert sorted(persons(warehouse)) == sorted(before)


def test_decisions_are_listed_with_who_and_why_and_whether_they_stand(
    warehouse: psycopg.Connection, steward: psycopg.Connection
) -> None:
    def listed(records: list[str] | None = None, at_most: int = 40) -> list[tuple[Any, ...]]:
        told = "decision_id, verdict, left_record, right_record, reason, decided_by, standing, undone_by, undo_reason"
        query = f"select {told} from identity.decisions(%s::text[], %s)"
        return steward.execute(query, [records, at_most]).fetchall()

    assert listed() == []
    say(warehouse, "member", "42", "9", full_name="Lê Bá Mão", birth_date="1985-01-01")
    link_persons(warehouse, NIGHT)
    decide = "select identity.decide(%s, %s, %s, %s, 'Trần Thị Lan')"
    (first,) = steward.execute(decide, [*PAIR, "same", "Hồ sơ gốc"]).fetchone() or (None,)
    same = (first, "same", *PAIR, "Hồ sơ gốc", "Trần Thị Lan")
    assert listed() == [(*same, "waits", None, None)]
    link_persons(warehouse, NIGHT)
    assert listed() == [(*same, "stands", None, None)]

    (second,) = steward.execute(decide, [PAIR[0], "42/member/9", "cannot tell", "Chưa rõ"]).fetchone() or (None,)
    link_persons(warehouse, NIGHT)
    unsure = (second, "cannot tell", PAIR[0], "42/member/9", "Chưa rõ", "Trần Thị Lan")
    assert listed() == [(*unsure, "stands", None, None), (*same, "stands", None, None)]
    steward.execute("select identity.undo(%s, 'Nhầm hồ sơ', 'Lê Văn Tư')", [first])
    say(warehouse, "member", "42", "9", batch=2, row_hash=1, full_name="Lê Bá Mão", birth_date="1986-01-01")
    link_persons(warehouse, NIGHT)
    undone = (*same, "undone", "Lê Văn Tư", "Nhầm hồ sơ")
    assert listed() == listed(PAIR) == [(*unsure, "lapsed", None, None), undone]
    assert listed(at_most=1) == listed(["42/member/9"]) == [(*unsure, "lapsed", None, None)]
    assert listed(PAIR[1:]) == [undone]
    assert listed([]) == []
    with pytest.raises(psycopg.errors.NoDataFound, match="No record 38/member/7"):
        listed(["38/member/7"])
    kept = "select decided_login, undone_login, undone_at >= decided_at from identity.decisions(%s)"
    login = steward.info.user
    assert steward.execute(kept, [PAIR[1:]]).fetchall() == [(login, login, True)]


def test_values_in_full_are_shown_once_the_look_is_on_record(
    warehouse: psycopg.Connection, steward: psycopg.Connection
) -> None:
    masked = steward.execute("select value from identity.show(%s) where attribute = 'full_name'", [PAIR[:1]])
    assert masked.fetchall() == [("N. V. A.",)]
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="commit first"), steward.transaction():
        steward.execute("select * from identity.revealed(identity.reveal(%s))", [PAIR])
    assert warehouse.execute("select count(*) from identity.reveal").fetchone() == (0,)

    (look,) = steward.execute("select identity.reveal(%s, 'Trần Thị Lan')", [PAIR]).fetchone() or (None,)
    names = "select source, value from identity.revealed(%s) where attribute = 'full_name'"
    assert steward.execute(names, [look]).fetchall() == [(source, TWIN["full_name"]) for source in ("38", "40")]
    kept = "select revealed_by, revealed_login, records, person_ids from identity.reveal"
    people = sorted(link[-1] for link in persons(warehouse))
    assert warehouse.execute(kept).fetchall() == [("Trần Thị Lan", steward.info.user, PAIR, people)]

    with pytest.raises(psycopg.errors.NoDataFound, match="is not yours or is over"):
        warehouse.execute(names, [look])
    for age, shown in (("14 minutes 50 seconds", True), ("15 minutes", False)):
        warehouse.execute("update identity.reveal set revealed_at = clock_timestamp() - %s::interval", [age])
        if shown:
            assert len(steward.execute(names, [look]).fetchall()) == len(PAIR)
        else:
            with pytest.raises(psycopg.errors.NoDataFound, match="is not yours or is over"):
                steward.execute(names, [look])


@pytest.mark.parametrize(
    "statement",
    [
        "select * from identity.linkage_record",
        "select * from identity.decision",
        "select * from identity.review_item",
        "insert into identity.decision (verdict, decided_by, reason) values ('same', 'x', 'x')",
        "delete from identity.reveal",
        "select * from identity.values_of(array['38/member/1'], true)",
        "select identity.add_decision(array[1], array[2], 'same', 'x', 'x')",
        "select identity.record_name(1)",
        "select * from raw.member",
        "select * from published.release",
    ],
)
def test_nothing_but_the_functions_is_open_to_a_steward(steward: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        steward.execute(statement)


def test_who_may_call_what_runs_with_the_rights_of_the_owner(warehouse: psycopg.Connection) -> None:
    prepare(warehouse)  # a second time gives nobody more
    rows = warehouse.execute(
        """
        select
            p.proname,
            array(
                select r.rolname from pg_roles as r
                where r.rolname in ('lienthong_steward', 'lienthong_engineer', 'lienthong_staff')
                    and has_function_privilege(r.rolname, p.oid, 'execute')
                order by r.rolname
            ),
            array(select a.grantee from aclexplode(p.proacl) as a where a.grantee = 0) = '{0}', p.proconfig
        from pg_proc as p where p.pronamespace = 'identity'::regnamespace and p.prosecdef
        """
    ).fetchall()
    who = {name: sorted(callers) for name, callers, _, _ in rows}
    steward, engineer = "lienthong_steward", "lienthong_engineer"
    assert who == {
        **{name: [engineer, steward] for name in READING},
        **{name: [steward] for name in DECIDING | {"reveal", "revealed"}},
    }
    assert not any(public for _, _, public, _ in rows)
    assert {tuple(settings) for *_, settings in rows} == {("search_path=identity, pg_temp",)}
    usage = "select has_schema_privilege('lienthong_staff', 'identity', 'usage')"
    assert warehouse.execute(usage).fetchone() == (False,)
