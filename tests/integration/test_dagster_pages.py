"""Dagster's pages as an engineer opens them: on this machine only, with every asset, and one of them materialised."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from orchestration.assets.raw import source_key
from orchestration.settings import settings
from orchestration.warehouse import connect
from sources.registry import load_sources
from tests.conftest import remember_models
from tests.integration.test_new_source import ROWS, add_source

pytestmark = pytest.mark.timeout(300)
CODE = "97"
LOADED = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
ASSETS = "{ assetNodes { assetKey { path } } }"
LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


def ask(address: str, query: str, **variables: object) -> Any:
    said = httpx.post(f"{address}/graphql", json={"query": query, "variables": variables}, timeout=60).json()
    assert "errors" not in said, json.dumps(said["errors"])[:2000]
    return said["data"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def address(tmp_path: Path, parsed_models: Path, models_url: str) -> Iterator[str]:
    """Where the pages of a new installation with one source are; `lienthong dev` runs until the test is over."""
    registry, drop, log = tmp_path / "registry", tmp_path / CODE, tmp_path / "dev.log"
    remember_models(parsed_models, settings().home)
    registry.mkdir()
    drop.mkdir()
    add_source(registry, CODE, "Nguồn mới")
    (drop / "co_quan.csv").write_text(ROWS, encoding="utf-8")
    environment = os.environ | {
        "LIENTHONG_DATABASE_URL": models_url,
        "LIENTHONG_SOURCES": str(registry),
        f"LIENTHONG_SOURCE_{CODE}_FOLDER": str(drop),
    }
    port = _free_port()
    command = [str(Path(sys.executable).parent / "lienthong"), "dev", "--port", str(port)]
    with log.open("w") as kept:
        pages = subprocess.Popen(command, env=environment, stdout=kept, stderr=kept)
    started = psutil.Process(pages.pid)
    try:
        yield _loaded(f"http://127.0.0.1:{port}", pages, log)
    finally:
        family = [started, *started.children(recursive=True)]
        pages.send_signal(signal.SIGINT)
        _, left = psutil.wait_procs(family, timeout=30)
        for process in left:
            process.kill()
    assert left == []


def _loaded(address: str, pages: subprocess.Popen[bytes], log: Path) -> str:
    """The address, once the definitions are loaded."""
    for _ in range(180):
        assert pages.poll() is None, log.read_text()
        try:
            if ask(address, LOADED)["repositoriesOrError"].get("nodes"):
                return address
        except httpx.TransportError:
            pass
        time.sleep(1)
    raise AssertionError(log.read_text())


def test_an_engineer_sees_the_assets_and_materialises_one_source(address: str, models_url: str, tmp_path: Path) -> None:
    port = int(address.rsplit(":", 1)[1])
    listening = {c.laddr.ip for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port}
    assert listening == {"127.0.0.1"}

    (source,) = load_sources(tmp_path / "registry").values()
    key = source_key(source, "organisation")
    shown = {tuple(node["assetKey"]["path"]) for node in ask(address, ASSETS)["assetNodes"]}
    assert {tuple(key.path), ("raw", "agency"), ("identity", "person_link"), ("core", "person")} <= shown

    (repository,) = ask(address, LOADED)["repositoriesOrError"]["nodes"]
    wanted = [{"path": ["reference", "identity_prefix"]}, {"path": key.path}]
    params = {
        "mode": "default",
        "runConfigData": {"resources": {"night": {"config": {"business_date": "2026-11-22"}}}},
        "selector": {
            "repositoryLocationName": repository["location"]["name"],
            "repositoryName": repository["name"],
            "jobName": "nightly",
            "assetSelection": wanted,
        },
    }
    launched = ask(address, LAUNCH, params=params)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    status = "STARTING"
    while status in ("QUEUED", "NOT_STARTED", "STARTING", "STARTED"):
        time.sleep(1)
        status = ask(address, STATUS, id=launched["run"]["runId"])["runOrError"]["status"]
    assert status == "SUCCESS"
    with connect(models_url) as warehouse:
        taken = "select distinct source, record, status from ops.batch"
        assert warehouse.execute(taken).fetchall() == [(CODE, "agency", "accepted")]
        assert warehouse.execute("select count(*) from raw.agency").fetchone() == (2,)
