"""A source is a file: one YAML in the folder that LIENTHONG_SOURCES names, and the night takes it in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from typer.testing import CliRunner, Result

from orchestration.assets.raw import build_raw_assets
from orchestration.cli import app
from orchestration.resources import NightResource
from sources.contract import load_contracts
from sources.registry import load_sources
from tests.intake_world import load_prefixes

SOURCE = """
code: "{code}"
name: {name}
freshness_hours: 24
retries: 0
systems:
  tep: {{connector: csv, location: "${{LIENTHONG_SOURCE_{code}_FOLDER}}"}}
records:
  agency:
    system: tep
    file: co_quan.csv
    columns: {{source_key: ma, agency_code: ma_cq, name: ten, agency_type: loai, agency_level: cap}}
    values: {{agency_type: {{"1": {kind}}}, agency_level: {{"1": {level}}}}}
"""
ROWS = "ma;ma_cq;ten;loai;cap;ton_giao\n1;CQ1;Sở Nội vụ;1;1;x\n2;CQ2;Sở Y tế;1;1;x\n3;CQ3;Sở Tài chính;khác;1;x\n"


@pytest.fixture
def registry(
    tmp_path: Path, warehouse_url: str, warehouse: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A registry of two new sources, the second without its folder, in an installation without models."""
    load_prefixes(warehouse)
    warehouse.autocommit = True
    folder = tmp_path / "registry"
    folder.mkdir()
    add_source(folder, "97", "Nguồn mới")
    add_source(folder, "98", "Nguồn không có thư mục")
    (tmp_path / "97").mkdir()
    (tmp_path / "97" / "co_quan.csv").write_text(ROWS, encoding="utf-8")
    monkeypatch.setenv("LIENTHONG_DATABASE_URL", warehouse_url)
    monkeypatch.setenv("LIENTHONG_SOURCES", str(folder))
    monkeypatch.setenv("LIENTHONG_SOURCE_97_FOLDER", str(tmp_path / "97"))
    monkeypatch.setenv("DAGSTER_HOME", "/nowhere")  # the night sets it: so it is taken back
    monkeypatch.setattr("orchestration.definitions.build_definitions", _without_models)
    return folder


def add_source(folder: Path, code: str, name: str) -> None:
    """Register a source that sends agencies in a file."""
    codes = {p.name: p.codes for p in load_contracts()["agency"].properties}
    kind, level = (codes[field][0].value for field in ("agency_type", "agency_level"))
    text = SOURCE.format(code=code, name=name, kind=kind, level=level)
    (folder / f"{code}.yml").write_text(text, encoding="utf-8")


def _without_models(configuration: Any) -> dg.Definitions:
    return dg.Definitions(
        assets=[build_raw_assets(load_sources(configuration.registry))],
        jobs=[dg.define_asset_job("nightly", selection=dg.AssetSelection.all())],
        resources={"night": NightResource()},
        executor=dg.in_process_executor,
    )


def _command(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def _night(*arguments: str) -> dict[str, Any]:
    ran = _command("nightly", "--date", "2026-11-22", "--json", *arguments)
    told: dict[str, Any] = json.loads(ran.stdout)
    assert ran.exit_code == 1  # nothing is published where there are no models
    return told


def _checks() -> dict[str, dg.AssetCheckEvaluation]:
    """The verdict that Dagster shows last of each source."""
    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_records(limit=1)[0].dagster_run.run_id
        logged = instance.all_logs(run, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.get_dagster_event().asset_check_evaluation_data for entry in logged]
    return {check.asset_key.path[1]: check for check in found}


def test_a_file_in_the_registry_is_a_source_of_the_night(registry: Path, warehouse: psycopg.Connection) -> None:
    assert [s["code"] for s in json.loads(_command("sources", "list", "--json").stdout)] == ["97", "98"]
    checked = _command("sources", "check", "97", "--json")
    (agency,) = json.loads(checked.stdout)["records"]
    assert (checked.exit_code, agency["rows"], agency["dropped"]) == (0, 3, ["ton_giao"])
    assert [(f["name"], f["rows"]) for f in agency["quarantined"]] == [("AGY-007", 1)]

    assert _night("--source", "97")["batches"] == {"accepted": 1}
    assert warehouse.execute("select source, name from raw.agency order by source_key").fetchall() == [
        ("97", "Sở Nội vụ"),
        ("97", "Sở Y tế"),
    ]
    check = _checks()["97"]
    assert check.passed
    assert [rule["rule_id"] for rule in check.metadata["agency rules"].value["broken"]] == ["BAT-003", "AGY-007"]
    known = warehouse.execute("select source, freshness_hours from ops.source order by source").fetchall()
    assert known == [("97", 24), ("98", 24)]

    lost = _night()
    assert lost["batches"] == {"identical": 1, "failed": 1}
    assert list(lost["bad_sources"]) == ["98 agency"]
    checks = _checks()
    assert (checks["97"].passed, checks["98"].passed) == (True, False)
    assert checks["98"].severity == dg.AssetCheckSeverity.ERROR
    assert (checks["98"].description or "").startswith("agency: ")
