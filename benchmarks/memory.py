"""Peak memory of a connector's process above its import baseline, at 100,000 rows and at one million."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import xlsxwriter

from benchmarks.member_source import COLUMNS, bench_home, make_members, warehouse
from benchmarks.report import Report, at_most, told
from orchestration.server import ensure_server, stop_server
from orchestration.warehouse import connect
from sources.contract import load_contracts
from sources.extract import ExtractRequest, extract
from sources.landing import BatchTables, create_landing, drop, table_name
from sources.registry import Source

SCALE = float(os.environ.get("SCALE", "1"))
FEW, MANY = int(100_000 * SCALE), int(1_000_000 * SCALE)
GOAL_MB = 120
WORKBOOK_CAP_MB = 512
PAGE = 1000


def _peak_mb(source: Source, warehouse_url: str, rows: int, environment: dict[str, str]) -> float:
    contract, tables = load_contracts()["member"], BatchTables.of("member", 1)
    with connect(warehouse_url) as connection:
        drop(connection, tables)
        create_landing(connection, contract, tables)
    delivery = extract(
        ExtractRequest(source, "member", warehouse_url, table_name(tables.landing), environment=environment)
    )
    if delivery.delivered != rows:
        raise SystemExit(f"{delivery.delivered} rows came instead of {rows}")
    return delivery.peak_memory / 2**20


def _rows(source_url: str) -> Iterator[tuple[Any, ...]]:
    with psycopg.connect(source_url) as connection, connection.cursor("all") as cursor:
        cursor.itersize = 10_000
        cursor.execute(f"select {', '.join(COLUMNS.values())} from dang_vien")
        yield from cursor


def _csv(source_url: str, folder: Path) -> None:
    query = "copy dang_vien to stdout (format csv, header)"
    with (
        psycopg.connect(source_url) as connection,
        connection.cursor().copy(query) as copy,
        (folder / "dang_vien.csv").open("wb") as file,
    ):
        file.writelines(bytes(block) for block in copy)


def _sqlite(source_url: str, file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(f"create table dang_vien ({', '.join(COLUMNS.values())})")
        marks = ", ".join("?" * len(COLUMNS))
        rows = ([None if v is None else str(v) for v in row] for row in _rows(source_url))
        connection.executemany(f"insert into dang_vien values ({marks})", rows)


@contextmanager
def _rest(source_url: str) -> Iterator[str]:
    """The same table behind a paged service on loopback; pages are found by key, since the source is not measured."""
    with psycopg.connect(source_url, autocommit=True) as connection:
        connection.execute("create index on dang_vien (id)")

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
            with psycopg.connect(source_url) as connection:
                columns = ", ".join(f"'{c}', {c}" for c in COLUMNS.values())
                found = connection.execute(
                    f"select coalesce(json_agg(json_build_object({columns})), '[]')::text from (select * from dang_vien"
                    " where id > 'DV' || lpad(%s::text, 8, '0') order by id limit %s) as p",
                    [(page - 1) * PAGE, PAGE],
                ).fetchone()
            body = b'{"data":' + found[0].encode() + b"}" if found else b"{}"
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def _workbook(source_url: str, file: Path, rows: int) -> None:
    book = xlsxwriter.Workbook(str(file), {"constant_memory": True})
    sheet = book.add_worksheet("Đảng viên")
    sheet.write_row(0, 0, list(COLUMNS.values()))
    for number, row in zip(range(1, rows + 1), _rows(source_url), strict=False):
        sheet.write_row(number, 0, ["" if v is None else str(v) for v in row])
    book.close()


def _source(connector: str, where: dict[str, Any], **record: Any) -> Source:
    return Source.model_validate(
        {
            "code": "38",
            "name": "Nguồn đo",
            "limits": {"seconds": 1800, "memory_mb": WORKBOOK_CAP_MB, "file_mb": 2000},
            "systems": {"party": {"connector": connector, **where}},
            "records": {"member": {"system": "party", "columns": COLUMNS, **record}},
        }
    )


def _peaks(server_url: str, warehouse_url: str, rows: int, folder: Path) -> dict[str, float]:
    source_url = make_members(server_url, "bench_source", rows)
    url = "${LIENTHONG_SOURCE_38_URL}"
    peaks = {
        "database, PostgreSQL": _peak_mb(
            _source("database", {"url": url}, table="dang_vien"),
            warehouse_url,
            rows,
            {"LIENTHONG_SOURCE_38_URL": source_url},
        )
    }
    _sqlite(source_url, folder / "dang_vien.sqlite")
    peaks["database, other"] = _peak_mb(
        _source("database", {"url": url}, table="dang_vien"),
        warehouse_url,
        rows,
        {"LIENTHONG_SOURCE_38_URL": f"sqlite:///{folder}/dang_vien.sqlite"},
    )
    _csv(source_url, folder)
    peaks["csv"] = _peak_mb(
        _source("csv", {"location": url, "encoding": "utf-8"}, file="dang_vien.csv"),
        warehouse_url,
        rows,
        {"LIENTHONG_SOURCE_38_URL": str(folder)},
    )
    with _rest(source_url) as service:
        paging = {"path": "/members", "items": "data", "paging": "page", "page_size": PAGE}
        peaks["rest"] = _peak_mb(
            _source("rest", {"url": url}, **paging), warehouse_url, rows, {"LIENTHONG_SOURCE_38_URL": service}
        )
    for file in folder.iterdir():
        file.unlink()
    return peaks


def measure_memory(report: Report) -> None:
    """Database, csv and rest stay flat; a workbook stays under its cap."""
    with tempfile.TemporaryDirectory() as scratch:
        home = bench_home(scratch)
        folder = Path(scratch) / "files"
        folder.mkdir()
        server_url = ensure_server(home)
        try:
            warehouse_url = warehouse(server_url, "bench_memory")
            few = _peaks(server_url, warehouse_url, FEW, folder)
            many = _peaks(server_url, warehouse_url, MANY, folder)
            for name, peak in many.items():
                report.add(
                    told(f"memory: {name}, {FEW:,} rows", few[name], "MB"),
                    at_most(f"memory: {name}, {MANY:,} rows", peak, "MB", GOAL_MB),
                    at_most(f"memory: {name}, growth from few to many", peak / few[name] - 1, "share", 0.2),
                )
            rows = min(FEW, 20_000)
            source_url = make_members(server_url, "bench_source", rows)
            _workbook(source_url, folder / "dang_vien.xlsx", rows)
            workbook = _source("workbook", {"location": "${LIENTHONG_SOURCE_38_URL}"}, file="*.xlsx", sheets="*")
            peak = _peak_mb(workbook, warehouse_url, rows, {"LIENTHONG_SOURCE_38_URL": str(folder)})
            report.add(at_most(f"memory: workbook, {rows:,} rows", peak, "MB", WORKBOOK_CAP_MB))
        finally:
            stop_server(home)
