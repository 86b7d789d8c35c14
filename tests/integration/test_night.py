"""The whole night on small water: two servers, no network, one release, and a second night that finds nothing new."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import psycopg
import pytest
from dagster._core.instance.ref import InstanceRef

from orchestration.server import ensure_server, stop_server
from orchestration.settings import PROJECT
from sources.contract import KINDS
from sources.registry import load_sources
from sources.sample.bodies import BY_CODE
from sources.sample.nights import advance
from tests.conftest import discard_server, ensure_fleeting_server
from tests.integration.offline import means, run_offline

pytestmark = pytest.mark.timeout(600)
LIENTHONG = str(Path(sys.executable).parent / "lienthong")
SCALE = "0.001"
FIRST_DAY = "2026-11-22"
NIGHTLY = ("nightly", "--json", "--date")
SQLITE_SOURCE = "14"
MARK = "DAU-VET-LOAI-X"


# Servers that listen outside a network namespace cannot be reached from within: both are started inside, and stopped.
OFFLINE_NIGHT = """\
import os, subprocess, sys
from pathlib import Path
from orchestration.server import ensure_server, stop_server
second, *command = sys.argv[1:]
try:
    os.environ["LIENTHONG_DATABASE_URL"] = ensure_server(Path(second))
    sys.exit(subprocess.run(command).returncode)
finally:
    stop_server(Path(os.environ["LIENTHONG_HOME"]))
    stop_server(Path(second))
"""


@dataclass(frozen=True)
class Installation:
    """A home of its own, and a warehouse on a second embedded server that is reached by URL."""

    home: Path
    second: Path

    @property
    def url(self) -> str:
        return ensure_server(self.second)

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LIENTHONG_")}
        return kept | {"LIENTHONG_HOME": str(self.home)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = self.environment | {"LIENTHONG_DATABASE_URL": self.url}
        return subprocess.run([LIENTHONG, *arguments], capture_output=True, text=True, check=False, env=environment)

    def nightly(self, *sources: str, day: str = FIRST_DAY) -> dict[str, Any]:
        """A night, of these sources only where any are named."""
        return summary(self.run(*NIGHTLY, day, *(a for code in sources for a in ("--source", code))))

    def nightly_offline(self, folder: Path) -> dict[str, Any]:
        for home in (self.home, self.second):
            stop_server(home)
        command = [sys.executable, "-c", OFFLINE_NIGHT, str(self.second), LIENTHONG, *NIGHTLY, FIRST_DAY]
        done, asked = run_offline(command, self.environment, folder)
        assert asked == [], f"names and addresses outside this machine were asked for ({means()})"
        return summary(done)

    def count(self, query: str) -> Any:
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query).fetchone()
            assert row is not None
            return row[0]

    def rows(self, *schemas: str) -> dict[str, int]:
        """How many rows every table of these schemas has."""
        with psycopg.connect(self.url) as connection:
            tables = connection.execute(
                "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = any(%s)",
                [list(schemas)],
            ).fetchall()
            return {
                table: connection.execute(f"select count(*) from {table}").fetchone()[0]  # type: ignore[index]
                for (table,) in tables
            }

    def checks(self) -> dict[str, bool]:
        """The newest verdict of each kind of each source, as Dagster shows it."""
        home = str(self.home / "dagster")
        with dg.DagsterInstance.from_ref(InstanceRef.from_dir(home)) as instance:
            run = instance.get_run_records(limit=1)[0].dagster_run.run_id
            logged = instance.all_logs(run, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        found = [e.dagster_event.asset_check_evaluation_data for e in logged if e.dagster_event]
        return {"/".join(c.asset_key.path[1:]): c.passed for c in found if c.asset_key.path[0] == "raw"}


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout.lstrip().startswith("{"), done.stdout + done.stderr
    return json.loads(done.stdout) | {"exit_code": done.returncode, "stderr": done.stderr}


def forbid(installation: Installation) -> None:
    """Give a source items of class X, with a mark that can be looked for anywhere."""
    source = next(s for s in load_sources(PROJECT / "sources" / "registry").values() if s.code == SQLITE_SOURCE)
    file = installation.home / "sample" / "sources" / SQLITE_SOURCE
    with sqlite3.connect(next(file.glob("*.sqlite"))) as database:
        for record in ("member", "cadre"):
            table = source.records[record].options["table"]
            for column in ("ton_giao_dv", "thanh_phan_gia_dinh", "quan_he_nuoc_ngoai", "suc_khoe_loai"):
                database.execute(f"alter table {table} add column {column} text default '{MARK}'")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("night")
    made = Installation(folder / "home", folder / "second")
    for home in (made.home, made.second):
        ensure_fleeting_server(home)
    built = made.run("sample", "build", "--scale", SCALE, "--as-of", FIRST_DAY)
    assert built.returncode == 0, built.stderr
    forbid(made)
    yield made
    discard_server(folder / "home")
    discard_server(folder / "second")


@pytest.fixture(scope="module")
def first(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return installation.nightly_offline(tmp_path_factory.mktemp("first"))


def test_the_first_night_publishes_release_1_without_a_network(first: dict[str, Any]) -> None:
    assert first["exit_code"] == 0, f"network cut off by {means()}: {first['stderr']}"
    assert first["published"]
    assert first["release_no"] == 1


def test_every_delivered_row_is_accounted_for(first: dict[str, Any]) -> None:
    assert first["delivered"] > 0
    assert first["delivered"] == first["accepted"] + first["unchanged"] + first["quarantined"]


def test_most_batches_are_accepted_and_the_bad_ones_say_why(first: dict[str, Any]) -> None:
    assert first["batches"]["accepted"] > 450
    assert all(reason for reason in first["bad_sources"].values())


def test_items_of_class_x_are_dropped_counted_and_left_nowhere(
    installation: Installation, first: dict[str, Any]
) -> None:
    dropped = installation.count(
        f"select dropped_columns from ops.batch where source = '{SQLITE_SOURCE}' and record = 'member' limit 1"
    )
    assert {"ton_giao_dv", "thanh_phan_gia_dinh", "quan_he_nuoc_ngoai", "suc_khoe_loai"} <= set(dropped)
    with psycopg.connect(installation.url) as connection:
        tables = connection.execute(
            "select format('%I.%I', table_schema, table_name) from information_schema.tables"
            " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(tables) > 60
        for (table,) in tables:
            found = connection.execute(f"select count(*) from {table} as t where t::text like '%{MARK}%'").fetchone()
            assert found == (0,), table
    artefacts = [f for f in installation.home.rglob("*") if f.is_file() and "sample" not in f.parts]
    assert any(f.name == "dbt.log" for f in artefacts)
    assert [f for f in artefacts if "postgresql" not in f.parts and MARK.encode() in f.read_bytes()] == []


def test_staff_read_persons_by_sql(installation: Installation, first: dict[str, Any]) -> None:
    answer = installation.run("sql", "-c", "select count(*) as persons from published.person")
    header, value = answer.stdout.split()
    assert header == "persons"
    assert int(value) == installation.count("select count(*) from core.person")
    assert int(value) > 5_000


def test_the_warehouse_is_the_one_that_the_url_names(installation: Installation, first: dict[str, Any]) -> None:
    assert installation.count("select count(*) from ops.release where is_current") == 1
    embedded = json.loads((installation.home / "server.json").read_text())
    assert f":{embedded['port']}/" not in installation.url


def test_a_second_night_of_the_same_date_finds_nothing_new(installation: Installation, first: dict[str, Any]) -> None:
    before = installation.rows("raw", "history")
    assert {"raw.member", "raw.training", "history.person", "history.evaluation"} <= set(before)
    second = installation.nightly()
    assert second["exit_code"] == 0, second["stderr"]
    assert second["nothing_changed"]
    assert not second["published"]
    assert second["release_no"] == 1
    assert installation.rows("raw", "history") == before


def test_one_lost_source_does_not_stop_the_night(installation: Installation, first: dict[str, Any]) -> None:
    lost = next((installation.home / "sample" / "sources").glob("*/*.sqlite"))
    code = lost.parent.name
    suspects = {name.split()[0] for name in first["bad_sources"]}
    others = {*sorted(BY_CODE)[:8], *suspects} - {code}
    lost.rename(lost.with_suffix(".away"))
    try:
        night = installation.nightly(code, *others)
    finally:
        lost.with_suffix(".away").rename(lost)
    assert night["exit_code"] == 0, night["stderr"]
    assert any(name.startswith(code) for name in night["bad_sources"])
    with psycopg.connect(installation.url) as connection:
        status = connection.execute(
            "select state, reason is not null, last_accepted_at < ("
            "    select min(started_at) from ops.batch where run_id = (select run_id from ops.batch"
            "        order by batch_id desc limit 1)"
            "), count(*) from published.source_status where source = %s group by 1, 2, 3",
            [code],
        ).fetchall()
        outcomes = connection.execute(
            "select source || ' ' || record, status from ops.batch"
            " where run_id = (select run_id from ops.batch order by batch_id desc limit 1) and source <> %s",
            [code],
        ).fetchall()
    declared = load_sources(PROJECT / "sources" / "registry")[code]
    gone = [r for r in declared.records.values() if declared.systems[r.system].connector == "database"]
    assert ("failed", True, True, len(gone)) in status
    assert {state for state, *_ in status} <= {"failed", "fresh"}
    assert sum(records for *_, records in status) == len(declared.records)
    good = {name for name, became in outcomes if became in ("accepted", "identical")}
    assert {name.split()[0] for name in good} == others
    refused = {name for name in first["bad_sources"] if name.split()[0] != code}
    assert {name for name, _ in outcomes} - good == refused
    checks = installation.checks()
    red = {name.split("/")[0] for name, passed in checks.items() if not passed}
    assert {name: passed for name, passed in checks.items() if name.startswith(f"{code}/")} == {
        f"{code}/{kind}": False for kind in KINDS
    }
    assert red - {code} == {name.split()[0] for name in refused}
    members = installation.count(f"select count(*) from raw.member where source = '{code}' and last_batch is null")
    assert members > 0


def test_a_later_night_tells_what_new_decisions_changed_of_organisations(
    installation: Installation, first: dict[str, Any]
) -> None:
    sample = installation.home / "sample"
    changes = advance(sample, days=1, share=0.01, server_url=ensure_server(installation.home))
    events = pl.read_parquet(sample / "truth" / "organisation_event.parquet")
    decided = events.filter(pl.col("side") == "THAY_DOI").select("source", "source_key", "event_kind", "happened_on")
    night = installation.nightly(*decided["source"].unique(), day=changes.as_of)
    assert night["published"], night["stderr"]
    assert set(decided["event_kind"]) == {"NANG_CAP", "HA_CAP", "CHUYEN_GIAO", "DOI_TEN"}
    with psycopg.connect(installation.url) as connection:
        found = connection.execute(
            "select source, source_key, event_kind, happened_on from published.organisation_event"
            " where side = 'THAY_DOI' order by source, source_key"
        ).fetchall()
    assert sorted(found) == sorted(decided.rows())
    assert installation.count("select count(*) from quarantine.fault where rule_id = 'ORG-005'") == 0
