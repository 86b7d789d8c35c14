"""Fixtures that start real things: one embedded PostgreSQL a session, one fresh warehouse a test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from orchestration.server import ensure_server, server_status, stop_server
from orchestration.warehouse import connect, prepare

TEMPLATE = "warehouse_template"
#: Modules that wait for whole nights or for dbt begin first, so that no worker ends alone with one.
LONG_MODULES = (
    "test_night",
    "test_questions_1_12",
    "test_dbt_project",
    "test_publication_dbt",
    "test_definitions",
    "test_documentation",
    "test_forms_cli",
    "test_identity_step",
    "test_name_keys",
    "test_linkage_model",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order modules by how long they take; the order of tests within each stays."""
    places = {name: place for place, name in enumerate(LONG_MODULES)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def _in_server(server_url: str, statement: str) -> None:
    with psycopg.connect(server_url.rsplit("/", 1)[0] + "/postgres", autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def discard_server(home: Path) -> None:
    """Stop the embedded server of `home` and remove its data, which may lie outside where root made it."""
    data = server_status(home)["data"]
    stop_server(home)
    if data:
        shutil.rmtree(data, ignore_errors=True)


def ensure_fleeting_server(home: Path) -> str:
    """Start an embedded server that need not outlive the machine: a database comes and goes without the disk."""
    url = ensure_server(home)
    for setting in ("fsync", "full_page_writes"):
        _in_server(url, f"alter system set {setting} = off")
    _in_server(url, "select pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an embedded server that lives as long as the session of this worker."""
    home: Path = tmp_path_factory.mktemp("server")
    url = ensure_fleeting_server(home)
    yield url
    discard_server(home)


@pytest.fixture(scope="session")
def _template(server_url: str) -> str:
    _in_server(server_url, f"create database {TEMPLATE}")
    with connect(server_url.rsplit("/", 1)[0] + f"/{TEMPLATE}") as connection:
        prepare(connection)
    return TEMPLATE


@pytest.fixture
def warehouse_url(server_url: str, _template: str) -> Iterator[str]:
    """Address of a prepared, empty warehouse that only this test uses."""
    name = f"warehouse_{uuid.uuid4().hex[:12]}"
    _in_server(server_url, f"create database {name} template {_template} strategy file_copy")
    yield server_url.rsplit("/", 1)[0] + f"/{name}"
    _in_server(server_url, f"drop database {name} with (force)")


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[psycopg.Connection]:
    """A connection to the test's own warehouse."""
    with connect(warehouse_url) as connection:
        yield connection


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests never touch the installation of the person who runs them."""
    for name in [n for n in os.environ if n.startswith("LIENTHONG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIENTHONG_HOME", str(tmp_path / "home"))
