"""`lienthong batch`, `quarantine` and `sources check` as an engineer types them, and what goes wrong around them."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from orchestration.cli import app, main
from sources.contract import load_contracts
from sources.errors import ExplainedError
from tests.intake_world import World, good_row, world

AGENCY = load_contracts()["agency"]
WHY = ("--reason", "Đã đối chiếu với công văn")


def _agency(number: int, **values: str | None) -> dict[str, str | None]:
    return good_row(AGENCY, f"K{number}", **({"agency_code": f"CQ{number}"} | values))


@pytest.fixture
def agencies(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection) -> World:
    """One accepted delivery with two held rows, and one that was refused."""
    monkeypatch.setenv("LIENTHONG_DATABASE_URL", warehouse_url)
    made = world(monkeypatch, warehouse_url, warehouse, "agency")
    made.take(
        [*(_agency(i) for i in range(6)), *(_agency(i, valid_from="01/01/2020", valid_to="01/01/2019") for i in (6, 7))]
    )
    made.take([_agency(i, agency_type="lạ") for i in range(6)])
    return made


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(command(*arguments, "--json").stdout)
    return rows


def test_batches_are_listed_accepted_and_withdrawn(agencies: World) -> None:
    refused, accepted = told("batch", "list", "--source", "38")
    assert [(b["status"], b["quarantined"]) for b in (accepted, refused)] == [("accepted", 2), ("refused", 0)]
    assert told("batch", "list", "--source", "40") == []
    assert len(told("batch", "list", "--limit", "1")) == 1

    number = str(refused["batch_id"])
    assert command("batch", "accept", number).exit_code == 2
    assert f"Batch {number} is accepted" in command("batch", "accept", number, *WHY).stdout
    assert isinstance(command("batch", "accept", number, *WHY).exception, ExplainedError)
    assert f"Batch {number} is withdrawn" in command("batch", "withdraw", number, *WHY).stdout
    assert told("batch", "list")[1]["status"] == "withdrawn"
    decided = agencies.connection.execute("select action, reason from ops.decision order by decision_id").fetchall()
    assert decided == [("accept_batch", WHY[1]), ("withdraw_batch", WHY[1])]


def test_held_rows_are_counted_sent_back_and_waived(agencies: World, tmp_path: Path) -> None:
    listed = {row["rule_id"]: row for row in told("quarantine", "list")}
    assert {rule: row["rows"] for rule, row in listed.items()} == {"AGY-007": 6, "AGY-014": 2}
    assert told("quarantine", "list", "--source", "40") == []
    assert "K6" not in command("quarantine", "list").stdout

    out = tmp_path / "tra-lai.xlsx"
    assert command("quarantine", "export", "38", "--out", str(out)).stdout == f"{out}: 8 faults\n"
    assert len(CalamineWorkbook.from_path(out).get_sheet_by_name("Lỗi").to_python()) == 9

    row = str(listed["AGY-014"]["newest_row_id"])
    assert f"Row {row} is waived for AGY-014" in command("quarantine", "waive", row, *WHY).stdout
    assert {r["rule_id"]: r["rows"] for r in told("quarantine", "list")}["AGY-014"] == 1


@pytest.mark.parametrize("arguments", [("quarantine", "export", "99"), ("sources", "check", "99")])
def test_a_source_that_is_not_registered_is_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    refused = command(*arguments, *(["--out", str(tmp_path / "r.xlsx")] if arguments[1] == "export" else []))
    assert (refused.exit_code, "no source 99" in refused.stderr) == (2, True)
    assert list(tmp_path.glob("*.xlsx")) == []


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Types a command that ends with exit code 1, and gives its one sentence."""

    def type_(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["lienthong", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        (sentence,) = capsys.readouterr().err.splitlines()
        assert sentence.startswith("lienthong: ")
        return sentence.removeprefix("lienthong: ")

    return type_


@pytest.fixture
def fresh_warehouse(server_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database in which nothing was ever prepared."""
    name = f"fresh_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
        monkeypatch.setenv("LIENTHONG_DATABASE_URL", server_url.rsplit("/", 1)[0] + f"/{name}")
        yield
        connection.execute(f"drop database {name} with (force)")


def test_a_fresh_warehouse_is_prepared_by_whatever_asks_first(fresh_warehouse: None, said: Callable[..., str]) -> None:
    assert said("batch", "accept", "1", *WHY) == "There is no batch 1; see lienthong batch list."


def test_what_cannot_be_is_said_in_one_sentence(
    agencies: World, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    beyond = str(10**20)
    assert beyond in said("batch", "withdraw", beyond, *WHY)
    assert beyond in said("quarantine", "waive", beyond, *WHY)
    assert "refused (NumericValueOutOfRange)" in said("batch", "list", "--limit", beyond)
    nowhere = tmp_path / "nowhere" / "r.xlsx"
    assert said("quarantine", "export", "38", "--out", str(nowhere)).startswith(f"{nowhere}: No such file or directory")

    def cut_off(connection: psycopg.Connection, *_: object) -> None:
        connection.execute("select pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr("orchestration.decisions.accept_batch", cut_off)
    assert said("batch", "accept", "1", *WHY).startswith("The warehouse stopped answering (terminating connection")
