"""`lienthong release` and `lienthong sql` as an engineer types them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from orchestration.cli import app
from orchestration.cli.release import release
from sources.errors import ExplainedError
from tests.integration.release_world import PLAN, published

Command = Callable[..., Result]


@pytest.fixture
def command(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `release` with arguments against a warehouse with two releases."""
    monkeypatch.setenv("LIENTHONG_DATABASE_URL", warehouse_url)
    monkeypatch.setattr("orchestration.publish.release_plan", lambda: PLAN)
    published(warehouse_url, 5, "one")
    published(warehouse_url, 6, "two")
    return lambda *arguments: CliRunner().invoke(release, list(arguments))


def test_list_show_and_diff(command: Command) -> None:
    listed = json.loads(command("list", "--json").stdout)
    assert [(r["release_no"], r["is_current"], r["persons"]) for r in listed] == [(2, True, 6), (1, False, 5)]
    shown = json.loads(command("show", "2", "--json").stdout)
    assert shown["counts"]["person"] == {"rows": 6, "added": 1, "removed": 0, "changed": 5}
    assert "party_organisation" in command("show", "2").stdout
    compared = {r["relation"]: r for r in json.loads(command("diff", "1", "2", "--json").stdout)}
    assert (compared["person"]["added"], compared["person"]["changed"]) == (1, 5)
    rows = command("diff", "1", "2", "--relation", "person", "--limit", "2").stdout
    assert "added" in rows
    assert "label: one → two" in rows


def test_rollback_and_resume(command: Command) -> None:
    rolled = command("rollback", "1", "--reason", "wrong file")
    assert (rolled.exit_code, "held" in rolled.stdout) == (0, True)
    listed = command("list")
    assert "withdrawn" in listed.stdout
    assert "Publication is held by" in listed.stderr
    assert command("resume").exit_code == 0
    again = command("resume")
    assert isinstance(again.exception, ExplainedError)
    assert command("rollback", "1").exit_code == 2


def test_hold(command: Command) -> None:
    assert command("hold").exit_code == 2
    assert command("hold", "--reason", "congress week").stdout == "Publication is held.\n"
    assert "congress week" in command("list").stderr
    assert command("resume").exit_code == 0
    assert command("list").stderr == ""


def test_sql(command: Command) -> None:
    counting = ("sql", "-c", "select count(*) as n from published.person")
    for number, answer in (((), "n\n6\n"), (("--release", "1"), "n\n5\n")):
        assert CliRunner().invoke(app, [*counting, *number]).stdout == answer
    assert CliRunner().invoke(app, ["sql"], input="select 1 as one").stdout == "one\n1\n"
    assert CliRunner().invoke(app, [*counting, "--release", "0"]).exit_code == 2
    assert isinstance(CliRunner().invoke(app, [*counting, "--release", "9"]).exception, ExplainedError)
    assert isinstance(CliRunner().invoke(app, ["sql", "-c", "drop table core.person"]).exception, ExplainedError)
