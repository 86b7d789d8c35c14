"""The boards' questions of docs/questions.md: their SQL, their answers, and the truth to hold them against.

The release is of a world without faults in its values (see `sources.sample.world.build`), so what every source says is
true, and figures must equal those of the truth; transfers that only one side knows of, members whom two bodies hold
and the habits of 40 systems are all in it. `truth` is the true world before anybody wrote it down: no SQL made it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import psycopg

from orchestration.questions import PAGE, read_questions
from orchestration.server import ensure_server
from orchestration.warehouse import connect
from sources.contract import load_contracts
from sources.sample.clean import World, world
from sources.sample.deliveries import with_all_keys
from sources.sample.styles import registered
from sources.sample.world import build
from tests.conftest import discard_server, ensure_fleeting_server, locked, remember_models

SCALE, SEED, AS_OF = 0.002, 1, date(2026, 11, 22)
LIENTHONG = Path(sys.executable).parent / "lienthong"
#: The section after the questions: how any other series is read on both maps.
_BOTH_MAPS = re.compile(r"^## Chuỗi khác trên hai bản đồ\n.*?^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)
BOTH_MAPS = 0


@cache
def questions() -> dict[int, str]:
    """SQL by the number of its question; the first block of a section is its answer. BOTH_MAPS has no number there."""
    both_maps = _BOTH_MAPS.search(PAGE.read_text(encoding="utf-8"))
    assert both_maps
    return {BOTH_MAPS: both_maps[1].strip().rstrip(";"), **{q.number: q.statement for q in read_questions()}}


def question(number: int, **parameters: object) -> str:
    """SQL of a question. A parameter replaces a literal of the query by its name: `date '2026-06-30' as on_date`."""
    statement = questions()[number]
    for name, value in parameters.items():
        statement, replaced = re.subn(rf"'[^']*'(?= as {name}\b)|\b\d+(?= as {name}\b)", _literal(value), statement)
        assert replaced == 1, f"question {number} has no literal that is called {name}"
    return statement


def _literal(value: object) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def answer(connection: psycopg.Connection, number: int, **parameters: object) -> pl.DataFrame:
    """Rows of the answer as staff get it, read under their role; numbers of SQL's type numeric are floats."""
    with connection.transaction(force_rollback=True):
        connection.execute("set local role lienthong_staff")
        cursor = connection.execute(question(number, **parameters))
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
    numeric = {c.name for c in cursor.description or () if c.type_code == psycopg.postgres.types["numeric"].oid}
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    return frame.with_columns(pl.col(c).cast(pl.Float64) for c in names if c in numeric)


@cache
def _world() -> World:
    return world(SCALE, SEED, AS_OF)


@cache
def _records() -> dict[str, pl.DataFrame]:
    return with_all_keys(_world(), SEED)


def truth(name: str) -> pl.DataFrame:
    """The true rows of a record (`member`, `cadre` …, with `source`, `source_key` and, where there is one, `person`),
    or `person`: one row a human being (`person`, `sex`, `birth_date`, `ethnicity_code`, `full_name` …)."""
    return _world().persons if name == "person" else _records()[name]


def bearers() -> pl.DataFrame:
    """The true organisation that a code means: whoever bears it now, else whoever bore it last."""
    ordered = truth("organisation").sort("valid_to", nulls_last=True, maintain_order=True)
    return ordered.unique("organisation_code", keep="last", maintain_order=True)


def held(connection: psycopg.Connection, name: str) -> pl.DataFrame:
    """True rows of a record that are not in the release, because a gate refused their delivery or held the row."""
    rows = connection.execute(f"select source, source_key from raw.{name} where last_batch is null").fetchall()
    accepted = pl.DataFrame(rows, schema={"source": pl.String, "source_key": pl.String}, orient="row")
    return truth(name).join(accepted, on=["source", "source_key"], how="anti")


def accepted(connection: psycopg.Connection, name: str) -> pl.DataFrame:
    """True rows of a record that are in the release; a field is null where its source does not send it."""
    rows = truth(name).join(held(connection, name), on=["source", "source_key"], how="anti")
    unsent: dict[str, list[str]] = {}
    for code, source in registered().items():
        for field in {p.name for p in load_contracts()[name].properties} - set(source.records[name].columns):
            unsent.setdefault(field, []).append(code)
    return rows.with_columns(
        pl.when(~pl.col("source").is_in(codes)).then(field).alias(field)
        for field, codes in unsent.items()
        if field in rows.columns
    )


@contextmanager
def released(folder: Path, parsed_models: Path) -> Iterator[str]:
    """Address of a warehouse with one release of the world, built by one night for all workers that share `folder`."""
    home, users, lock = folder / "questions", folder / "questions.users", folder / "questions.lock"
    with locked(lock):
        if not home.exists():
            try:
                remember_models(parsed_models, home)
                _night(home)
            except BaseException:
                _removed(home)
                raise
        users.write_text(str(int(users.read_text()) + 1 if users.exists() else 1))
    try:
        yield ensure_server(home)
    finally:
        with locked(lock):
            left = int(users.read_text()) - 1
            users.write_text(str(left))
            if left == 0:
                _removed(home)


def _removed(home: Path) -> None:
    discard_server(home)
    shutil.rmtree(home)


def _night(home: Path) -> None:
    build(SCALE, SEED, AS_OF, home / "sample", ensure_fleeting_server(home), faults=False)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LIENTHONG_")}
    night = subprocess.run(
        [str(LIENTHONG), "nightly", "--json", "--date", AS_OF.isoformat()],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"LIENTHONG_HOME": str(home)},
    )
    assert night.returncode == 0, night.stdout + night.stderr


def reader(url: str) -> psycopg.Connection:
    """A connection for `answer` and `held`."""
    return connect(url, autocommit=True)
