"""`lienthong identity` as a steward types it."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from identity.step import link_persons
from orchestration.cli.identity import identity
from orchestration.warehouse import connect
from sources.errors import ExplainedError
from tests.raw_rows import say, withdraw

Command = Callable[..., Result]
TWIN: dict[str, Any] = {"full_name": "Nguyễn Văn An", "birth_date": "1970-05-03", "admission_date": None}
PAIR = ["38/member/1", "40/member/1"]


@pytest.fixture(scope="session")
def template(template_with_reference: str) -> str:
    return template_with_reference


@pytest.fixture(name="warehouse")
def without_open_transactions(warehouse_url: str) -> Iterator[psycopg.Connection]:
    with connect(warehouse_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def command(warehouse: psycopg.Connection, warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `identity` with arguments against a warehouse where two twins wait for a steward."""
    monkeypatch.setenv("LIENTHONG_DATABASE_URL", warehouse_url)
    for source in ("38", "40"):
        say(warehouse, "member", source, "1", **TWIN)
    link_persons(warehouse, date(2026, 11, 22))
    return lambda *arguments: CliRunner().invoke(identity, list(arguments))


def persons(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute("select distinct person_id::text from identity.person_link order by 1").fetchall()
    return [person for (person,) in rows]


def waiting(command: Command) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(command("queue", "--json").stdout)
    return listed


def number_of(made: Result) -> str:
    found = re.match(r"Decision (\d+)\.", made.stdout)
    assert found, made.output
    return found[1]


def test_queue_show_decide_and_undo(command: Command, warehouse: psycopg.Connection) -> None:
    (item,) = waiting(command)
    assert [item["left_record"], item["right_record"]] == PAIR
    assert TWIN["full_name"] not in command("queue").stdout
    number = str(item["item_id"])

    shown = json.loads(command("show", "--item", number, "--json").stdout)
    values = {v["attribute"]: [v[record] for record in PAIR] for v in shown["values"]}
    assert values["full_name"] == ["N. V. A.", "N. V. A."]
    assert [(e["method"], e["broken"]) for e in shown["evidence"]] == [("splink", None)]
    assert re.search(r"name [+-]\d+\.\d.*birth", command("show", "--item", number).stdout, re.S)
    revealed = command("show", "--item", number, "--reveal", "--json").stdout
    assert TWIN["full_name"] in revealed
    before = persons(warehouse)
    looked = warehouse.execute("select revealed_by, records, person_ids::text[] from identity.reveal").fetchall()
    assert looked == [(getpass.getuser(), PAIR, before)]

    made = command("decide", "same", "--item", number, "--reason", "Hồ sơ gốc")
    assert (len(before), len(persons(warehouse)), waiting(command)) == (2, 1, [])
    decided = warehouse.execute("select verdict, decided_by, reason from identity.decision").fetchall()
    assert decided == [("same", getpass.getuser(), "Hồ sơ gốc")]
    assert command("undo", number_of(made), "--reason", "Nhầm").exit_code == 0
    assert persons(warehouse) == before
    assert len(waiting(command)) == 1


def test_conflicts_are_listed_alarms_first(command: Command, warehouse: psycopg.Connection) -> None:
    assert json.loads(command("queue", "--conflicts", "--json").stdout) == []
    assert "No conflict stands." in command("queue", "--conflicts").output
    other: dict[str, Any] = {"full_name": "Trần Thị Bình", "birth_date": "1981-09-10", "personal_id": "099181718293"}
    before = persons(warehouse)
    say(warehouse, "member", "38", "1", batch=2, **other)
    say(warehouse, "member", "42", "5", batch=2, **{**other, "full_name": "Lê Bá Mão", "birth_date": "1985-01-01"})
    link_persons(warehouse, date(2026, 11, 22))
    listed = json.loads(command("queue", "--conflicts", "--json").stdout)
    records = [(c["reason"], c["left_record"], c["right_record"]) for c in listed]
    number = ("number_of_two_people", "38/member/1", "42/member/5")
    assert records == [("key_of_another_person", "38/member/1", "38/member/1"), number]
    assert listed[0]["left_person"] in before
    assert listed[0]["right_person"] not in before
    assert other["personal_id"] not in command("queue", "--conflicts").stdout
    assert len(json.loads(command("queue", "--conflicts", "--limit", "1", "--json").stdout)) == 1
    withdraw(warehouse, "member", "38", "1", batch=3)
    link_persons(warehouse, date(2026, 11, 22))
    assert json.loads(command("queue", "--conflicts", "--json").stdout) == []


def test_decisions_are_listed_before_and_after_an_undo(command: Command) -> None:
    def told(*arguments: str) -> list[tuple[Any, ...]]:
        listed = json.loads(command(*arguments, "--json").stdout)
        rows = listed["decisions"] if isinstance(listed, dict) else listed
        return [(r["decision_id"], r["left_record"], r["right_record"], r["standing"], r["undone_by"]) for r in rows]

    about = ("show", "--record", PAIR[0])
    assert told("queue", "--decisions") == told(*about) == []
    assert "Nothing was decided yet." in command("queue", "--decisions").output
    assert "Nothing was decided about them." in command(*about).output
    records = ["--record", PAIR[0], "--record", PAIR[1]]
    number = number_of(command("decide", "different", *records, "--reason", "Hai anh em"))
    assert told("queue", "--decisions") == told(*about) == [(int(number), *PAIR, "stands", None)]
    for shown in (command("queue", "--decisions").stdout, command(*about).stdout):
        assert all(said in shown for said in ("Hai anh em", getpass.getuser(), "stands"))
    command("undo", number, "--reason", "Nhầm")
    undone = (int(number), *PAIR, "undone", getpass.getuser())
    assert told("queue", "--decisions") == told(*about) == [undone]
    again = number_of(command("decide", "same", *records, "--reason", "Hồ sơ gốc"))
    assert told("queue", "--decisions", "--limit", "1") == [(int(again), *PAIR, "stands", None)]
    assert told("queue", "--decisions") == [(int(again), *PAIR, "stands", None), undone]


def test_split_names_records_of_a_person(command: Command, warehouse: psycopg.Connection) -> None:
    records = ["--record", PAIR[0], "--record", PAIR[1]]
    command("decide", "same", *records, "--reason", "Hồ sơ gốc")
    say(warehouse, "cadre", "40", "1", **TWIN, old_identity_no="123456789")
    say(warehouse, "member", "40", "1", batch=2, **TWIN, old_identity_no="123456789")
    link_persons(warehouse, date(2026, 11, 22))
    (person,) = persons(warehouse)
    made = command("split", person, "--record", "40/cadre/1", "--reason", "Hai người")
    assert len(persons(warehouse)) == 2
    of_one = json.loads(command("show", "--person", person, "--json").stdout)["values"]
    assert set(of_one[0]) == {"attribute", *PAIR}
    command("undo", number_of(made), "--reason", "Nhầm")
    assert persons(warehouse) == [person]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("decide", "same", "--item", "999", "--reason", "x"), "No item 999"),
        (("decide", "same", "--record", PAIR[0], "--record", "38/member/9", "--reason", "x"), "No record 38/member/9"),
        (("decide", "same", "--record", PAIR[0], "--record", PAIR[1], "--reason", " "), "needs a reason"),
        (("decide", "same", "--record", PAIR[0], "--record", PAIR[0], "--reason", "x"), "with itself"),
        (("split", "no-id", "--record", PAIR[0], "--reason", "x"), "uuid"),
        (("split", "00000000-0000-0000-0000-000000000000", "--record", PAIR[0], "--reason", "x"), "Name some, not all"),
        (("undo", "999", "--reason", "x"), "Decision 999 does not stand"),
        (("show", "--person", "00000000-0000-0000-0000-000000000000"), "No record belongs to person"),
    ],
)
def test_what_is_refused_says_why_and_decides_nothing(
    command: Command, warehouse: psycopg.Connection, arguments: tuple[str, ...], said: str
) -> None:
    refused = command(*arguments)
    assert isinstance(refused.exception, ExplainedError), refused.output
    assert said in str(refused.exception)
    assert warehouse.execute("select count(*) from identity.decision").fetchone() == (0,)


@pytest.mark.parametrize(
    "arguments",
    [
        ("decide", "perhaps", "--item", "1", "--reason", "x"),
        ("decide", "same", "--item", "1"),
        ("decide", "same", "--record", PAIR[0], "--reason", "x"),
        ("undo", "0", "--reason", "x"),
        ("queue", "--conflicts", "--decisions"),
    ],
)
def test_wrong_usage_is_exit_code_2(command: Command, arguments: tuple[str, ...]) -> None:
    assert command(*arguments).exit_code == 2
