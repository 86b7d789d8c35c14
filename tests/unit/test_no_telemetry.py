"""Nobody is told anything: every tool that would tell has its switch turned off, however it is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from dagster._core.instance.ref import InstanceRef

from orchestration.dbt import dbt_environment, run_dbt
from orchestration.night import prepare_dagster_home
from orchestration.settings import PROJECT, settings


def test_dagster_of_the_night_and_of_its_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "/nowhere")
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "x")
    monkeypatch.delenv("DAGSTER_DISABLE_TELEMETRY")
    prepare_dagster_home(settings())
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"]
    home = settings().dagster_home
    assert os.environ["DAGSTER_HOME"] == str(home)
    assert InstanceRef.from_dir(str(home)).settings["telemetry"] == {"enabled": False}


def test_dagster_dev_typed_by_hand_in_the_repository(tmp_path: Path) -> None:
    """Where DAGSTER_HOME is not set, `dagster dev` reads the folder in which it is typed."""
    reference = InstanceRef.from_dir(str(tmp_path), config_dir=str(PROJECT))
    assert reference.settings["telemetry"] == {"enabled": False}


def test_dbt() -> None:
    environment = dbt_environment(settings(), "postgresql://u:p@127.0.0.1:1/d")
    assert (environment["DBT_SEND_ANONYMOUS_USAGE_STATS"], environment["DO_NOT_TRACK"]) == ("false", "1")
    project = yaml.safe_load((PROJECT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["flags"]["send_anonymous_usage_stats"] is False


def test_dbt_asks_nobody_for_newer_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`dbt --version`, which dagster-dbt's command line would run every night, looks for them on pypi.org."""

    def asked(*_: object, **__: object) -> None:
        raise AssertionError

    (tmp_path / "dbt_project.yml").write_text("{name: small, profile: lienthong}")
    environment = dbt_environment(settings(), "postgresql://u:p@127.0.0.1:1/d") | {"DBT_PROJECT_DIR": str(tmp_path)}
    monkeypatch.setattr("socket.socket.connect", asked)
    monkeypatch.setattr("socket.getaddrinfo", asked)
    assert run_dbt(["list"], environment) == []
