"""The embedded server: made on demand, reused, stopped cleanly, safe as root and behind closed folders."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from orchestration import server
from orchestration.cli import app
from orchestration.server import ensure_server, server_status, stop_server
from orchestration.warehouse import connect, prepare
from tests.conftest import discard_server

ONE_SOURCE = """
code: "38"
name: Tỉnh ủy Thanh Hóa
systems: {s: {connector: csv, location: /nowhere}}
records: {member: {system: s, file: dv.csv, columns: {source_key: id}}}
"""


def _command(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def _state() -> str:
    (row,) = json.loads(_command("server", "status", "--json").stdout)
    return str(row["state"])


def test_it_is_made_reused_stopped_and_started_again(tmp_path: Path) -> None:
    home = tmp_path / "home"  # LIENTHONG_HOME of every test
    assert (_state(), _command("server", "stop").stdout) == ("absent", "It was not running.\n")
    started = _command("server", "start").stdout
    try:
        assert (_state(), f"127.0.0.1:{server_status(home)['port']};" in started) == ("running", True)
        url = ensure_server(home)
        assert ensure_server(home) == url
        with connect(url, autocommit=True) as connection:
            connection.execute("create table kept as select 'Đảng bộ Ấ' as name")
        _doctor_says_what_to_do(home)
        assert _command("server", "stop").stdout == "Stopped.\n"
        assert _state() == "stopped"
        assert not stop_server(home)
        with connect(ensure_server(home)) as connection:
            row = connection.execute("select lower(name) from kept").fetchone()
            assert row == ("đảng bộ ấ",)
    finally:
        discard_server(home)


def _doctor_says_what_to_do(home: Path) -> None:
    """Without sample sources it says so; where all addresses are given nothing is wrong."""
    examined = _command("doctor", "--json")
    found = {f["check"]: f for f in json.loads(examined.stdout)}
    assert {name for name, f in found.items() if f["state"] == "wrong"} == {"secrets"}
    assert "lienthong sample build" in found["secrets"]["finding"]
    assert "embedded" in found["warehouse"]["finding"]
    assert examined.exit_code == 1

    registry = home / "registry"
    registry.mkdir()
    (registry / "38.yml").write_text(ONE_SOURCE, encoding="utf-8")
    examined = CliRunner().invoke(app, ["doctor"], env={"LIENTHONG_SOURCES": str(registry)})
    assert examined.exit_code == 0, examined.output
    assert "1 registered" in examined.stdout


def test_it_asks_for_a_password_and_listens_on_loopback_only(server_url: str) -> None:
    with connect(server_url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
    without = server_url.split("@")[1]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://lienthong:wrong@{without}")


def test_its_secret_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    ensure_server(tmp_path)
    try:
        assert stat.S_IMODE((tmp_path / "server.json").stat().st_mode) == 0o600
    finally:
        discard_server(tmp_path)


def test_it_runs_in_a_folder_that_only_its_owner_can_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    url = ensure_server(closed / "var")
    try:
        with connect(url) as connection:
            connection.execute("select 1")
        data = Path(server_status(closed / "var")["data"])
        # As root the data must lie where the server's own user can enter.
        assert (os.geteuid() == 0) != data.is_relative_to(closed)
    finally:
        discard_server(closed / "var")


def test_it_runs_from_an_environment_that_only_its_owner_can_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = server._wheel_binaries().parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder in package.parent.glob(f"{package.name}*"):
        if folder.suffix in ("", ".libs"):
            shutil.copytree(folder, closed / folder.name, symlinks=True)
    monkeypatch.setattr(server, "_wheel_binaries", lambda: closed / package.name / "pginstall")
    url = ensure_server(tmp_path / "home")
    binaries = Path(json.loads((tmp_path / "home" / "server.json").read_text())["binaries"])
    try:
        with connect(url) as connection:
            connection.execute("select 1")
        assert (os.geteuid() == 0) != binaries.is_relative_to(closed)
    finally:
        discard_server(tmp_path / "home")
        if os.geteuid() == 0:
            shutil.rmtree(binaries.parent.parent)


def test_preparing_twice_changes_nothing(warehouse_url: str) -> None:
    tables = "select table_schema, table_name, column_name from information_schema.columns order by 1, 2, 3"
    with connect(warehouse_url) as connection:
        before = connection.execute(tables).fetchall()
        prepare(connection)
        assert connection.execute(tables).fetchall() == before


def test_a_warehouse_of_somebody_who_is_no_superuser_can_be_prepared(server_url: str) -> None:
    server, secret = server_url.rsplit("/", 1)[0], "clerk"
    with connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create role plain_owner login createrole password '{secret}'")
        connection.execute("create database of_plain_owner owner plain_owner")
    try:
        address = server.split("@")[1]
        with connect(f"postgresql://plain_owner:{secret}@{address}/of_plain_owner") as connection:
            prepare(connection)
            found = "select extname, extowner::regrole::text from pg_extension where extname = 'btree_gist'"
            assert connection.execute(found).fetchall() == [("btree_gist", "plain_owner")]
            connection.execute(
                "create table spell (person_id uuid, validity daterange,"
                " exclude using gist (person_id with =, validity with &&))"
            )
    finally:
        with connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("drop database of_plain_owner with (force)")
            connection.execute("drop role plain_owner")
