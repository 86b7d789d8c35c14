"""The child process: its limits, its end, its memory, and what its messages keep to themselves."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from sources.extract import ExtractRequest, SourceError, extract, sample
from tests.extracting import create_landing, refused, source, take

COLUMNS = {"source_key": "id", "full_name": "ho_ten"}
ENDLESS = (
    "with recursive n(id) as (select 1 union all select id + 1 from n) select id, 'Nguyễn Văn ' || id as ho_ten from n"
)


@pytest.fixture
def sqlite(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "dv.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table dv (id integer, ho_ten text)")
        connection.executemany("insert into dv values (?, ?)", [(i, f"Nguyễn Văn {i}") for i in range(25_000)])
    connection.close()
    return {"connector": "database", "url": f"sqlite:///{path}"}


def children_of(pid: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.add(int(status.parent.name))
    return found


def test_progress_and_result(warehouse_url: str, sqlite: dict[str, str]) -> None:
    seen: list[int] = []
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        table = create_landing(connection, "member")
        request = ExtractRequest(
            source(sqlite, "member", {"table": "dv", "columns": COLUMNS}), "member", warehouse_url, table
        )
        delivery = extract(request, seen.append)
        assert seen == [10_000, 20_000, 25_000]
        assert delivery.delivered == 25_000
        assert delivery.seconds > 0
        connection.execute(f"truncate {table}")
        assert sample(request, 100).delivered == 100
        assert connection.execute(f"select count(*) from {table}").fetchone() == (100,)


def test_time_is_limited_and_nothing_stays(warehouse_url: str, sqlite: dict[str, str]) -> None:
    started = time.monotonic()
    error = refused(warehouse_url, sqlite, "member", {"query": ENDLESS, "columns": COLUMNS}, seconds=1.5)
    assert time.monotonic() - started < 8
    assert "đọc quá 1.5 giây nên đã dừng" in error.sentence_vi
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        for _ in range(50):
            busy = "select count(*) from pg_stat_activity where query like 'COPY landing%' and state = 'active'"
            if connection.execute(busy).fetchone() == (0,):
                break
            time.sleep(0.1)
        else:
            pytest.fail("the child's connection outlived it")


def test_memory_is_limited(warehouse_url: str, sqlite: dict[str, str]) -> None:
    huge = "select 1 as id, hex(zeroblob(180000000)) as ho_ten"
    error = refused(warehouse_url, sqlite, "member", {"query": huge, "columns": COLUMNS}, memory_mb=100)
    assert "Nguồn 38, bảng ghi member" in error.sentence_vi
    assert any(
        words in error.sentence_vi for words in ("vượt giới hạn bộ nhớ 100 MB", "cơ sở dữ liệu của nguồn báo lỗi")
    )


def test_a_child_that_is_killed(warehouse_url: str, sqlite: dict[str, str]) -> None:
    def kill() -> None:
        from sources.connectors.process import SERVER

        for _ in range(200):
            server = SERVER._forkserver_pid
            if server and (found := children_of(server)):
                time.sleep(0.3)
                os.kill(found.pop(), signal.SIGSEGV)
                return
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    error = refused(warehouse_url, sqlite, "member", {"query": ENDLESS, "columns": COLUMNS}, seconds=20)
    killer.join()
    assert "tiến trình đọc dừng đột ngột" in error.sentence_vi
    assert "SIGSEGV" in error.detail_en


def test_sources_run_side_by_side(warehouse_url: str, sqlite: dict[str, str]) -> None:
    mapping = {"table": "dv", "columns": COLUMNS}
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: take(warehouse_url, sqlite, "member", mapping).delivery.delivered, range(6)))
    assert done == [25_000] * 6


def test_a_landing_table_that_is_not_there(warehouse_url: str, sqlite: dict[str, str]) -> None:
    request = ExtractRequest(
        source(sqlite, "member", {"table": "dv", "columns": COLUMNS}), "member", warehouse_url, 'landing."khong_co"'
    )
    with pytest.raises(SourceError) as caught:
        extract(request)
    assert "không ghi được vào bảng tạm của kho" in caught.value.sentence_vi


def test_a_warehouse_that_is_down(sqlite: dict[str, str]) -> None:
    request = ExtractRequest(
        source(sqlite, "member", {"table": "dv", "columns": COLUMNS}),
        "member",
        "postgresql://nop:mat-khau-kho@127.0.0.1:1/kho",
        "landing.x",
    )
    with pytest.raises(SourceError) as caught:
        extract(request)
    assert "không kết nối được kho dữ liệu" in caught.value.sentence_vi
    assert "mat-khau-kho" not in str(caught.value)


def test_a_record_that_is_not_declared(warehouse_url: str, sqlite: dict[str, str]) -> None:
    request = ExtractRequest(
        source(sqlite, "member", {"table": "dv", "columns": COLUMNS}), "cadre", warehouse_url, "landing.x"
    )
    with pytest.raises(SourceError, match="không khai báo bảng ghi cadre"):
        extract(request)


def test_memory_does_not_grow_with_the_rows(warehouse_url: str, tmp_path: Path) -> None:
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        connection.execute(
            "create table nguon as select g as id, 'Nguyễn Văn ' || g as ho_ten from generate_series(1, 200000) g"
        )
    folder = tmp_path / "nhan"
    folder.mkdir()
    peaks: dict[str, list[int]] = {"database": [], "csv": []}
    for rows in (40_000, 200_000):
        text = "Mã;Họ tên;Ghi chú\n" + "".join(f"{i};Nguyễn Văn {i};{'x' * 60}\n" for i in range(rows))
        (folder / "dv.csv").write_text(text, encoding="utf-8")
        query = {"query": f"select * from nguon where id <= {rows}", "columns": COLUMNS}
        file = {"file": "dv.csv", "columns": {"source_key": "Mã", "full_name": "Họ tên"}}
        for name, system, mapping in (
            ("database", {"connector": "database", "url": warehouse_url}, query),
            ("csv", {"connector": "csv", "location": str(folder)}, file),
        ):
            delivery = take(warehouse_url, system, "member", mapping).delivery
            assert delivery.delivered == rows
            peaks[name].append(delivery.peak_memory)
    for name, (small, large) in peaks.items():
        assert large < 120 << 20, name
        assert large <= small * 1.2 + (2 << 20), f"{name} grew from {small} to {large}"
