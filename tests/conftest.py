"""Fixtures that start real things: one embedded PostgreSQL a session, one fresh warehouse a test."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from orchestration.dbt import ensure_manifest, target_folder
from orchestration.reference import load_reference
from orchestration.server import DATABASE, ensure_server, server_status, stop_server
from orchestration.settings import PROJECT, Settings
from orchestration.warehouse import connect, prepare

TEMPLATE = "warehouse_template"
#: Modules that wait for whole nights or for dbt begin first, so that no worker ends alone with one.
LONG_MODULES = (
    "test_night",
    "test_questions_1_6",
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


def _database(server_url: str, name: str) -> str:
    return server_url.rsplit("/", 1)[0] + f"/{name}"


def _in_server(server_url: str, *statements: str) -> None:
    with psycopg.connect(_database(server_url, "postgres"), autocommit=True) as connection:
        for statement in statements:
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
    off = [f"alter system set {setting} = off" for setting in ("fsync", "full_page_writes")]
    _in_server(url, *off, "select pg_reload_conf()")
    return url


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold `file`, which other workers wait for."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this session see."""
    folder: Path = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def parsed_models(shared_folder: Path) -> Path:
    """What dbt remembers of our project once it has read it: by one worker, for a database of the usual name."""
    configuration = Settings(shared_folder / "models", None, PROJECT / "sources" / "registry")
    with locked(shared_folder / "models.lock"):
        ensure_manifest(configuration)
    return target_folder(configuration) / "partial_parse.msgpack"


def remember_models(parsed_models: Path, home: Path) -> None:
    """Let dbt in an installation look for what has changed since, instead of reading the whole project again."""
    folder = target_folder(Settings(home, None, home))
    folder.mkdir(parents=True)
    shutil.copy(parsed_models, folder)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an embedded server that lives as long as the session of this worker."""
    home: Path = tmp_path_factory.mktemp("server")
    url = ensure_fleeting_server(home)
    yield _database(url, "postgres")
    discard_server(home)


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """Name of the database that warehouses of tests are copies of; modules may have another."""
    _in_server(server_url, f"create database {TEMPLATE}")
    with connect(_database(server_url, TEMPLATE)) as connection:
        prepare(connection)
    return TEMPLATE


@pytest.fixture(scope="session")
def template_with_reference(server_url: str) -> str:
    """Name of such a database that holds the reference data, too."""
    name = f"{TEMPLATE}_with_reference"
    _in_server(server_url, f"create database {name}")
    with connect(_database(server_url, name)) as connection:
        prepare(connection)
        list(load_reference(connection))
    return name


@contextmanager
def fresh_warehouse(server_url: str, template: str, name: str) -> Iterator[str]:
    """Address of a copy of `template` that is gone after the block."""
    drop = f"drop database if exists {name} with (force)"
    _in_server(server_url, drop, f"create database {name} template {template} strategy file_copy")
    yield _database(server_url, name)
    _in_server(server_url, drop)


@pytest.fixture
def warehouse_url(server_url: str, template: str) -> Iterator[str]:
    """Address of a prepared, empty warehouse that only this test uses."""
    with fresh_warehouse(server_url, template, f"warehouse_{uuid.uuid4().hex[:12]}") as url:
        yield url


@pytest.fixture(scope="module")
def models_url(server_url: str, template: str) -> Iterator[str]:
    """Address of such a warehouse for the tests of one module, of the name for which `parsed_models` were read."""
    with fresh_warehouse(server_url, template, DATABASE) as url:
        yield url


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
