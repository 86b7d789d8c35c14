"""`make bench-warehouse`: every mart from scratch, every question of the boards, every official form."""

from __future__ import annotations

import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from benchmarks.report import Report, at_least, at_most, run, told
from orchestration.dbt import dbt_environment, run_dbt
from orchestration.forms.definition import form_codes
from orchestration.forms.report import make_report
from orchestration.forms.workbook import write_workbook
from orchestration.questions import read_questions
from orchestration.server import ensure_server, server_status, stop_server
from orchestration.settings import PROJECT, Settings
from orchestration.sql_session import STAFF, run_sql
from orchestration.warehouse import connect
from sources.errors import ExplainedError

SCALE = float(os.environ.get("SCALE", "0.1"))
SEED, NIGHT = 1, date(2026, 11, 22)
MART_GOAL, QUESTION_GOAL, FORM_GOAL = 10, 1, 5
QUESTIONS = 24
RUNS = 3
PROVINCE, PERIOD = "38", "2026"
EVERYWHERE = "1"


@contextmanager
def installation() -> Iterator[Settings]:
    """A home of its own with nothing in it; its server is stopped and its data removed at the end."""
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as scratch:
        home = Path(scratch)
        home.chmod(0o755)  # the embedded server may run as another user
        try:
            yield Settings(home=home, database_url=None, registry=PROJECT / "sources" / "registry")
        finally:
            data = server_status(home)["data"]
            stop_server(home)
            if data:  # outside the home where the server's user cannot enter it
                shutil.rmtree(data, ignore_errors=True)


def _lienthong(home: Path, *arguments: str) -> float:
    """Run the command with what it prints shown as it comes; returns its seconds."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LIENTHONG_", "DAGSTER", "DBT_"))}
    started = time.monotonic()
    command = [str(Path(sys.executable).parent / "lienthong"), *arguments]
    done = subprocess.run(command, env=kept | {"LIENTHONG_HOME": str(home)}, check=False)
    if done.returncode:
        raise SystemExit(f"lienthong {arguments[0]} failed")
    return time.monotonic() - started


def publish_release(report: Report, home: Path) -> None:
    """The sample world at SCALE and one night of it."""
    day = NIGHT.isoformat()
    world = ("--scale", f"{SCALE:g}", "--seed", str(SEED), "--as-of", day)
    report.add(told(f"sample world, scale {SCALE:g}", _lienthong(home, "sample", "build", *world), "s"))
    report.add(told(f"night, scale {SCALE:g}", _lienthong(home, "nightly", "--date", day), "s"))


def measure_marts(report: Report, configuration: Settings, url: str) -> None:
    """Each mart made again from core, one after the other, with its constraints and statistics."""
    built = run_dbt(
        ["run", "--select", "path:models/marts", "--full-refresh", "--threads", "1"],
        dbt_environment(configuration, url, NIGHT),
    )
    for result in sorted(built.results, key=lambda r: r.node.alias):
        report.add(at_most(f"mart {result.node.alias}", result.execution_time, "s", MART_GOAL))


def measure_questions(report: Report, url: str) -> None:
    """Each question as staff ask it, from connecting to the last row."""
    asked = read_questions()
    report.add(at_least("questions with an answer in docs/questions.md", len(asked), "questions", QUESTIONS))
    for question in asked:
        try:
            first, *later = (_answer(url, question.statement) for _ in range(1 + RUNS))
        except ExplainedError as error:
            print(f"question {question.number}: {error}")
            report.add(at_most(f"question {question.number}, not answered", 1, "errors", 0))
            continue
        report.add(
            at_most(f"question {question.number}", statistics.median(later), "s", QUESTION_GOAL),
            told(f"question {question.number}, first run", first, "s"),
        )


def _answer(url: str, statement: str) -> float:
    started = time.monotonic()
    run_sql(url, statement, role=STAFF, out=io.StringIO())
    return time.monotonic() - started


def measure_forms(report: Report, url: str, folder: Path) -> None:
    """Each form as a printed sheet of one province and of the largest body; the one that all send for all of them."""
    bodies = _bodies(url)
    largest = bodies[0]
    for form in form_codes():
        report.add(
            at_most(f"form {form}, province {PROVINCE}", _print_form(url, form, PROVINCE, folder), "s", FORM_GOAL),
            at_most(
                f"form {form}, largest body {largest[:2]}", _print_form(url, form, largest, folder), "s", FORM_GOAL
            ),
        )
    seconds = [_print_form(url, EVERYWHERE, body, folder) for body in bodies]
    report.add(
        at_most(f"form {EVERYWHERE}, slowest of all {len(bodies)} bodies", max(seconds), "s", FORM_GOAL),
        told(f"form {EVERYWHERE}, all {len(bodies)} bodies together", sum(seconds), "s"),
    )


def _bodies(url: str) -> list[str]:
    """Codes of the committees under the Centre, the one with most members first."""
    query = """
        select root.organisation_code from published.party_organisation as root
        left join published.party_membership as spell
            on left(spell.organisation_code, 2) = left(root.organisation_code, 2) and spell.is_current
        where root.depth = 1 and root.valid_to is null
        group by root.organisation_code order by count(spell.person_id) desc, root.organisation_code
    """
    with connect(url) as connection:
        return [str(code) for (code,) in connection.execute(query)]


def _print_form(url: str, form: str, organisation: str, folder: Path) -> float:
    started = time.monotonic()
    write_workbook(make_report(url, form, organisation, PERIOD), folder / f"{form}.xlsx")
    return time.monotonic() - started


def measure(report: Report) -> None:
    """All figures of the warehouse."""
    with installation() as configuration:
        url = ensure_server(configuration.home)
        publish_release(report, configuration.home)
        with connect(url) as connection:
            row = connection.execute("select pg_database_size(current_database()) / 2.0 ^ 20").fetchone()
        report.add(told("database", float(row[0]) if row else 0, "MB"))
        measure_marts(report, configuration, url)
        measure_forms(report, url, configuration.home)
        measure_questions(report, url)


if __name__ == "__main__":
    sys.exit(run("warehouse", measure))
