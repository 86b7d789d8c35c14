"""`make bench-night`: install, unchanged night, intake against dlt, memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.intake import measure_intake
from benchmarks.memory import measure_memory
from benchmarks.report import Report, at_least, at_most, run, told
from orchestration.settings import PROJECT

INSTALL_GOAL, UNCHANGED_GOAL = 360, 60


def _environment() -> dict[str, str]:
    """Nothing that would lead a command in the clone to this installation."""
    ours = ("LIENTHONG_", "VIRTUAL_ENV", "PYTHONPATH", "DAGSTER", "DBT_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)}


def _make(target: str, clone: Path, home: Path) -> tuple[float, str]:
    environment = _environment() | {"HOME": str(home)}
    started = time.monotonic()
    done = subprocess.run(["make", target], cwd=clone, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    if done.returncode:
        raise SystemExit(f"make {target} failed in the fresh clone:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    return seconds, done.stdout


ROWS = """\
import json
from orchestration.settings import settings
from orchestration.warehouse import connect, warehouse_url
tables = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('raw', 'history')"
with connect(warehouse_url(settings())) as connection:
    rows = {t: connection.execute(f"select count(*) from {t}").fetchone()[0] for (t,) in connection.execute(tables)}
print(json.dumps(rows))
"""


def _rows(clone: Path) -> dict[str, int]:
    """How many rows every table of raw and history has."""
    python = str(clone / ".venv" / "bin" / "python")
    command = [python, "-c", ROWS]
    said = subprocess.run(command, cwd=clone, env=_environment(), capture_output=True, text=True, check=True).stdout
    rows: dict[str, int] = json.loads(said)
    return rows


def measure_nights(report: Report) -> None:
    """A fresh clone with an empty HOME to release 1, then the same night again."""
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder) / "clone", Path(folder) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
        try:
            seconds, said = _make("nightly", clone, home)
            print(said)
            report.add(at_most("install: fresh clone to published release", seconds, "s", INSTALL_GOAL))
            before = _rows(clone)
            report.add(at_least("unchanged night: tables counted in raw and history", len(before), "tables", 60))
            seconds, said = _make("nightly", clone, home)
            print(said)
            report.add(at_most("unchanged night: the same date again", seconds, "s", UNCHANGED_GOAL))
            after = _rows(clone)
            surplus = sum(abs(after.get(table, 0) - before.get(table, 0)) for table in {*before, *after})
            report.add(at_most("unchanged night: surplus rows in raw and history", surplus, "rows", 0))
            published = 0 if "nothing has changed" in said else 1
            report.add(at_most("unchanged night: releases published", published, "releases", 0))
        finally:
            subprocess.run([str(clone / ".venv" / "bin" / "lienthong"), "server", "stop"], cwd=clone, check=False)
            shutil.rmtree(clone, ignore_errors=True)


def measure(report: Report) -> None:
    """All figures of the night."""
    report.add(told("machine: cores", os.cpu_count() or 0, "cores"))
    measure_intake(report)
    measure_memory(report)
    measure_nights(report)


if __name__ == "__main__":
    sys.exit(run("night", measure))
