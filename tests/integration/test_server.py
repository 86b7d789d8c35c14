"""The embedded server: made on demand, reused, stopped cleanly, safe as root and behind closed folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import psycopg
import pytest

from orchestration.server import ensure_server, server_status, stop_server
from orchestration.warehouse import connect, prepare
from tests.conftest import discard_server


def test_it_is_made_reused_stopped_and_started_again(tmp_path: Path) -> None:
    assert server_status(tmp_path)["state"] == "absent"
    url = ensure_server(tmp_path)
    try:
        assert ensure_server(tmp_path) == url
        with connect(url, autocommit=True) as connection:
            connection.execute("create table kept as select 'Đảng bộ Ấ' as name")
        assert stop_server(tmp_path)
        assert server_status(tmp_path)["state"] == "stopped"
        assert not stop_server(tmp_path)
        with connect(ensure_server(tmp_path)) as connection:
            row = connection.execute("select lower(name) from kept").fetchone()
            assert row == ("đảng bộ ấ",)
    finally:
        discard_server(tmp_path)


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


def test_preparing_twice_changes_nothing(warehouse_url: str) -> None:
    tables = "select table_schema, table_name, column_name from information_schema.columns order by 1, 2, 3"
    with connect(warehouse_url) as connection:
        before = connection.execute(tables).fetchall()
        prepare(connection)
        assert connection.execute(tables).fetchall() == before
