"""Persons keep their ids when sources change keys, and when one body takes over another's records."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest

from identity.step import link_persons
from identity.stewardship import decide
from tests.raw_rows import say, withdraw

NIGHT = date(2026, 11, 22)
AN: dict[str, Any] = {"full_name": "Nguyễn Văn An", "birth_date": "1970-05-03", "personal_id": "099070000001"}
NO_ID = {**AN, "personal_id": None}
NO_BIRTH = {**NO_ID, "birth_date": None}


@pytest.fixture(scope="session")
def template(template_with_reference: str) -> str:
    return template_with_reference


def link(connection: psycopg.Connection) -> dict[tuple[str, str], UUID]:
    link_persons(connection, NIGHT)
    return {
        (source, key): person
        for source, key, person in connection.execute(
            "select source, source_key, person_id from identity.person_link"
        ).fetchall()
    }


@pytest.mark.parametrize("said", [AN, NO_ID, NO_BIRTH, {**AN, "full_name": "Nguyễn Văn Ân"}])
@pytest.mark.parametrize("source", ["38", "40"])
@pytest.mark.parametrize("nights_between", [0, 1])
def test_a_record_under_a_new_key_keeps_its_person(
    warehouse: psycopg.Connection, said: dict[str, Any], source: str, nights_between: int
) -> None:
    say(warehouse, "member", "38", "1", **{**said, "full_name": AN["full_name"]})
    before = link(warehouse)["38", "1"]
    withdraw(warehouse, "member", "38", "1", batch=2)
    for _ in range(nights_between):
        link(warehouse)
    say(warehouse, "member", source, "new", batch=2, **said)
    assert link(warehouse) == {(source, "new"): before}
    changed = warehouse.execute("select source, source_key, from_key from identity.person_event").fetchall()
    assert changed == [(source, "new", "38/member/1")]


def test_two_who_look_the_same_do_not_hand_on_their_ids(warehouse: psycopg.Connection) -> None:
    for key in ("1", "2"):
        say(warehouse, "member", "38", key, **NO_ID, admission_date=None)
    before = set(link(warehouse).values())
    for key in ("1", "2"):
        withdraw(warehouse, "member", "38", key, batch=2)
        say(warehouse, "member", "38", f"new{key}", batch=2, **NO_ID, admission_date=None)
    after = link(warehouse)
    assert not {after["38", "new1"], after["38", "new2"]} & before


def test_two_records_of_one_person_both_go_along(warehouse: psycopg.Connection) -> None:
    for key in ("1", "2"):
        say(warehouse, "member", "38", key, **AN)
    (person,) = set(link(warehouse).values())
    for key in ("1", "2"):
        withdraw(warehouse, "member", "38", key, batch=2)
        say(warehouse, "member", "40", f"new{key}", batch=2, **AN)
    assert link(warehouse) == {("40", "new1"): person, ("40", "new2"): person}


def test_one_who_moves_while_a_body_takes_over_another_keeps_the_id(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "46", "1", **AN)
    before = link(warehouse)["46", "1"]
    withdraw(warehouse, "member", "46", "1", batch=2)
    say(warehouse, "member", "44", "taken over", batch=2, **AN)
    say(warehouse, "member", "56", "moved", batch=2, **{**AN, "full_name": "Nguyễn Văn Ân"})
    assert link(warehouse) == {("44", "taken over"): before, ("56", "moved"): before}


@pytest.mark.parametrize("said", [NO_ID, NO_BIRTH])
def test_one_record_without_an_id_is_not_handed_on_to_two(warehouse: psycopg.Connection, said: dict[str, Any]) -> None:
    say(warehouse, "member", "46", "1", **said)
    before = link(warehouse)["46", "1"]
    withdraw(warehouse, "member", "46", "1", batch=2)
    for source in ("44", "56"):
        say(warehouse, "member", source, "new", batch=2, **said)
    after = link(warehouse)
    assert before not in (after["44", "new"], after["56", "new"])


def test_somebody_else_does_not_take_over_an_id(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **AN)
    before = link(warehouse)["38", "1"]
    withdraw(warehouse, "member", "38", "1", batch=2)
    say(warehouse, "member", "38", "2", batch=2, **{**AN, "full_name": "Lê Thị Cúc", "birth_date": "1985-01-01"})
    say(warehouse, "cadre", "38", "3", batch=2, **NO_ID)
    after = link(warehouse)
    assert before not in (after["38", "2"], after["38", "3"])


def test_a_decision_goes_along_with_the_record(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **AN)
    say(warehouse, "member", "40", "1", **AN)
    assert len(set(link(warehouse).values())) == 1
    decide(warehouse, ("38/member/1", "40/member/1"), "different", reason="anh em", who="bch", business_date=NIGHT)
    apart = link(warehouse)
    withdraw(warehouse, "member", "40", "1", batch=2)
    say(warehouse, "member", "44", "7", batch=2, **AN)
    after = link(warehouse)
    assert after["38", "1"] != after["44", "7"]
    assert after == {("38", "1"): apart["38", "1"], ("44", "7"): apart["40", "1"]}
