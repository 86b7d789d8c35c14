"""What records of persons should not say: held, counted, in conflict or for review, and never a wrong link."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest

from identity.step import link_persons
from sources.contract import load_contracts
from tests.intake_world import World, good_row, world
from tests.raw_rows import say

MEMBER = load_contracts()["member"]
NIGHT = date(2026, 11, 22)
AN: dict[str, Any] = {"full_name": "Nguyễn Văn An", "birth_date": "1970-05-03", "personal_id": "099070000001"}
BINH: dict[str, Any] = {"full_name": "Trần Thị Bình", "sex": "F", "birth_date": "1981-09-10"}
TAM: dict[str, Any] = {"full_name": "Lê Thị Tám", "sex": "F"}


@pytest.fixture
def members(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection) -> World:
    return world(monkeypatch, warehouse_url, warehouse, "member")


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"full_name": None}, "MEM-003"),
        ({"full_name": "-"}, "MEM-003"),
        ({"full_name": "A"}, "MEM-004"),
        ({"personal_id": "000000000000"}, "MEM-046"),
        ({"personal_id": "0381810042"}, "MEM-010"),
    ],
)
def test_rows_held_at_intake_with_their_rule(members: World, said: dict[str, str | None], rule: str) -> None:
    outcome = members.take([good_row(MEMBER, "good"), good_row(MEMBER, "bad", **said)])
    assert outcome.status == "accepted"
    assert members.open_rows("source_key") == [("good",)]
    assert members.value("select string_agg(rule_id, ',') from quarantine.fault") == rule


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"sex": "Nữ", "personal_id": "038060123456"}, "MEM-044"),
        ({"personal_id": "038260123456"}, "MEM-045"),
    ],
)
def test_an_id_that_contradicts_its_record_is_counted(members: World, said: dict[str, str | None], rule: str) -> None:
    born = {"birth_date": "05/06/1960"}
    good = good_row(MEMBER, "good", **born, personal_id="038060654321")
    outcome = members.take([good, good_row(MEMBER, "bad", **born, **said)])
    failed = {r.rule_id: r.failed for r in outcome.results if r.failed}
    assert failed.get(rule) == 1
    assert outcome.status == "accepted"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("1970", ("1970-01-01", "Y")),
        ("5/1970", ("1970-05-01", "M")),
        ("01-01-1970", ("None", "None")),
        ("01/01/1970", ("1970-01-01", "D")),
    ],
)
def test_births_are_known_no_further_than_they_were_said(members: World, said: str, read: tuple[str, str]) -> None:
    members.take([good_row(MEMBER, "K1", birth_date=said, personal_id="038070123456")])
    assert [tuple(map(str, row)) for row in members.open_rows("birth_date", "birth_date_precision")] == [read]


@pytest.fixture(scope="session")
def template(template_with_reference: str) -> str:
    return template_with_reference


NOWHERE: tuple[list[str], list[str]] = ([], [])
CONFLICT: tuple[list[str], list[str]] = (["number_of_two_people"], [])
REVIEW: tuple[list[str], list[str]] = ([], ["between the thresholds"])
BOTH: tuple[list[str], list[str]] = (CONFLICT[0], REVIEW[1])
OF_1970: dict[str, Any] = {**TAM, "birth_date": "1970-01-01", "birth_date_precision": "Y"}
FIRST_OF_1970: dict[str, Any] = {**TAM, "birth_date": "1970-01-01"}
NAMELESS: dict[str, Any] = {**AN, "full_name": "", "birth_date_precision": "Y"}
MUOI: dict[str, Any] = {**AN, "full_name": "Phan Mười"}


@pytest.mark.parametrize(
    ("one", "other", "verdict", "told"),
    [
        # nobody's name, and a letter that is no name: held at intake, and alone where they come through
        ({"full_name": ""}, {"full_name": ""}, "missing", NOWHERE),
        ({"full_name": "A"}, {"full_name": "A"}, "missing", NOWHERE),
        # nor do they bear out a number that two records share
        (NAMELESS, NAMELESS, "valid", BOTH),
        ({**NAMELESS, "full_name": "A"}, {**NAMELESS, "full_name": "A"}, "valid", BOTH),
        # a placeholder is nobody's number: what is left is a name and a birth date
        ({**AN, "personal_id": "000000000000"}, {**AN, "personal_id": "000000000000"}, "placeholder", REVIEW),
        ({**AN, "personal_id": "099070123456"}, {**BINH, "personal_id": "099070123456"}, "placeholder", NOWHERE),
        # a birth year alone, and the first of January that stands for no date
        (OF_1970, OF_1970, "missing", NOWHERE),
        (FIRST_OF_1970, FIRST_OF_1970, "missing", REVIEW),
        # the number of a man on a woman, of another year, and of another century
        (AN, {**BINH, "personal_id": AN["personal_id"]}, "contradicts sex", CONFLICT),
        (AN, {**MUOI, "birth_date": "1969-07-08"}, "contradicts birth year", CONFLICT),
        (AN, {**MUOI, "personal_id": "099270000001"}, "contradicts birth year", NOWHERE),
    ],
)
def test_two_people_are_never_linked_and_the_reason_is_kept(
    warehouse: psycopg.Connection,
    one: dict[str, Any],
    other: dict[str, Any],
    verdict: str,
    told: tuple[list[str], list[str]],
) -> None:
    for source, values in (("38", one), ("40", other)):
        said: dict[str, Any] = {"admission_date": None, **values}
        say(warehouse, "member", source, "1", **said)
    assert link_persons(warehouse, NIGHT).persons == 2
    found = warehouse.execute("select id_verdict from identity.linkage_record where source = '40'").fetchone()
    assert found == (verdict,)
    conflicts = warehouse.execute("select reason from identity.conflict where resolved_at is null").fetchall()
    reviews = warehouse.execute("select reason from identity.review_item where closed_at is null").fetchall()
    assert ([reason for (reason,) in conflicts], [reason for (reason,) in reviews]) == told


def test_five_hundred_people_with_one_number_are_five_hundred(warehouse: psycopg.Connection) -> None:
    for number in range(500):
        values: dict[str, Any] = {"full_name": f"Người {number}", "personal_id": "099070718293", "admission_date": None}
        say(warehouse, "member", "40", str(number), **values)
    summary = link_persons(warehouse, NIGHT)
    assert (summary.persons, summary.conflicts) == (500, 499)
    query = "select id_verdict, count(*) from identity.linkage_record group by id_verdict"
    assert warehouse.execute(query).fetchall() == [("shared by too many", 500)]
    query = "select reason, count(*) from identity.conflict where resolved_at is null group by reason"
    assert warehouse.execute(query).fetchall() == [("number_of_many", 499)]
