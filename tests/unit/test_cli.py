"""The command line answers at once, explains itself and ends with the right exit code."""

from __future__ import annotations

import resource
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result
from xlsxwriter.exceptions import FileCreateError

from orchestration.cli import app, explained
from orchestration.settings import PROJECT, today
from sources.errors import ExplainedError

COMMAND = [sys.executable, "-c", "from orchestration.cli import main; main()"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, env=os.environ | environment
    )


@pytest.mark.parametrize(
    "command",
    [
        *("nightly", "sources", "batch", "quarantine", "release", "identity", "form", "sql"),
        *("server", "sample", "doctor", "docs"),
    ],
)
def test_every_command_has_help(command: str) -> None:
    shown = run(command, "--help")
    assert shown.returncode == 0
    assert command in shown.stdout


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys; import orchestration.cli; "
        "heavy = {'dagster', 'dbt', 'great_expectations', 'psycopg', 'sqlalchemy', 'polars', 'yaml', 'pydantic'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_help_answers_within_half_a_second() -> None:
    """By processor time, which is the time it takes where nobody else is using the machine."""
    run("--help")
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.5


def test_wrong_usage_is_exit_code_2() -> None:
    assert run("nightly", "--date", "22/11/2026").returncode == 2
    assert run("no-such-command").returncode == 2


def test_refused_input_is_one_sentence_and_exit_code_1() -> None:
    refused = run("nightly", "--source", "99")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("lienthong: No such source: 99")
    assert "Traceback" not in refused.stderr


def test_an_unreachable_warehouse_is_said_in_one_sentence() -> None:
    refused = run("batch", "list", LIENTHONG_DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/none")
    assert refused.returncode == 1
    assert "LIENTHONG_DATABASE_URL" in refused.stderr
    assert "secret" not in refused.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ExplainedError("Làm thế này."), "Làm thế này."),
        (PermissionError(13, "Permission denied", "/r.xlsx"), "/r.xlsx: Permission denied: check the path"),
        (FileCreateError(OSError(28, "No space left on device")), "No space left on device: check the path"),
        (psycopg.OperationalError("server closed the connection\n\tunexpectedly"), "answering (server closed the conn"),
        (psycopg.errors.UndefinedTable('relation "x" does not exist'), "The warehouse refused (UndefinedTable)"),
        (psycopg.errors.InvalidTextRepresentation("invalid input: Lê Thị 7"), "refused (InvalidTextRepresentation)"),
    ],
)
def test_what_the_surroundings_do_is_explained_without_a_value(error: Exception, said: str) -> None:
    sentence = explained(error) or ""
    assert said in sentence
    assert "Lê Thị 7" not in sentence
    assert "\n" not in sentence


def test_an_error_of_ours_keeps_its_traceback() -> None:
    assert explained(ZeroDivisionError()) is None
    assert explained(KeyError(5)) is None


def test_a_sample_world_is_built_as_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built: dict[str, Any] = {}
    monkeypatch.setattr("orchestration.server.ensure_server", lambda home: f"postgresql://{home.name}")
    monkeypatch.setattr("sources.sample.world.build", lambda **asked: built.update(asked) or "40 sources")

    def build(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["sample", "build", *arguments])

    made = build("--scale", "0.001", "--seed", "7", "--as-of", "2026-11-22", "--out", str(tmp_path / "w"))
    assert (made.exit_code, made.stdout) == (0, f"{tmp_path / 'w'}: 40 sources\n")
    assert built == {
        "scale": 0.001, "seed": 7, "as_of": date(2026, 11, 22), "out": tmp_path / "w", "server_url": "postgresql://home",
    }  # fmt: skip
    assert str(tmp_path / "home" / "sample") in build().stdout
    assert (built["scale"], built["seed"], built["as_of"]) == (0.01, 1, today())
    assert build("--scale", "2").exit_code == 2


def test_sources_are_listed_as_json() -> None:
    import json

    listed = json.loads(run("sources", "list", "--json").stdout)
    assert len(listed) == len(list((PROJECT / "sources" / "registry").glob("*.yml")))
