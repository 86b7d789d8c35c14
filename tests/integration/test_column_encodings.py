"""Columns in a legacy character set or scrambled: read as declared by every connector, told when undeclared."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
import xlsxwriter

from orchestration.check_source import check_source
from sources.registry import RegistryError, load_source
from tests.extracting import POLL, Taken, refused, source, take
from tests.intake_world import load_prefixes
from tests.unit.test_connector_text import as_windows_shows, encode
from tests.unit.test_looks import CLEAN, NAMES

COLUMNS = {"source_key": "ma", "full_name": "ho_ten", "other_name": "bi_danh"}
Values = Sequence[tuple[str, str]]
#: Puts (full name, other name) where a connector finds them; answers the system and the record without `encodings`.
Store = Callable[[Values], tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture
def served() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    items: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

        def do_GET(self) -> None:
            body = json.dumps(items).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(POLL,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", items
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["sqlite", "postgres", "csv", "csv utf-16", "workbook", "rest"])
def store(
    request: pytest.FixtureRequest, warehouse_url: str, tmp_path: Path, served: tuple[str, list[dict[str, Any]]]
) -> Store:
    def keyed(values: Values) -> list[tuple[str, str, str]]:
        return [(f"K{i:03}", *pair) for i, pair in enumerate(values)]

    def sqlite(values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
        with sqlite3.connect(tmp_path / "cu.sqlite") as database:
            database.execute("create table dv (ma text, ho_ten text, bi_danh text)")
            database.executemany("insert into dv values (?, ?, ?)", keyed(values))
        database.close()
        return {"connector": "database", "url": f"sqlite:///{tmp_path / 'cu.sqlite'}"}, {"table": "dv"}

    def postgres(values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
        with psycopg.connect(warehouse_url, autocommit=True) as connection:
            connection.execute("create table dv (ma text, ho_ten text, bi_danh text)")
            connection.cursor().executemany("insert into dv values (%s, %s, %s)", keyed(values))
        return {"connector": "database", "url": warehouse_url}, {"table": "dv"}

    def csv(values: Values, encoding: str = "utf-8") -> tuple[dict[str, Any], dict[str, Any]]:
        lines = ["ma;ho_ten;bi_danh", *(";".join(row) for row in keyed(values))]
        (tmp_path / "dv.csv").write_bytes("\n".join(lines).encode(encoding))
        return {"connector": "csv", "location": str(tmp_path), "encoding": encoding}, {"file": "dv.csv"}

    def workbook(values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
        book = xlsxwriter.Workbook(tmp_path / "dv.xlsx")
        sheet = book.add_worksheet()
        for i, row in enumerate([("ma", "ho_ten", "bi_danh"), *keyed(values)]):
            sheet.write_row(i, 0, row)
        book.close()
        return {"connector": "workbook", "location": str(tmp_path)}, {"file": "dv.xlsx"}

    def rest(values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
        served[1][:] = [dict(zip(COLUMNS.values(), row, strict=True)) for row in keyed(values)]
        return {"connector": "rest", "url": served[0], "auth": "none"}, {"path": "/dv"}

    stores: dict[str, Store] = {
        "sqlite": sqlite, "postgres": postgres, "csv": csv, "csv utf-16": lambda values: csv(values, "utf-16"),
        "workbook": workbook, "rest": rest,
    }  # fmt: skip
    return stores[request.param]


def taken(url: str, stored: tuple[dict[str, Any], dict[str, Any]], **encodings: str) -> Taken:
    system, record = stored
    declared = {"encodings": encodings} if encodings else {}
    return take(url, system, "member", {"columns": COLUMNS, **record, **declared})


def legacy(name: str, encoding: str) -> str:
    return as_windows_shows(encode(name, encoding))


SCRAMBLED = tuple(as_windows_shows(name.encode()) for name in NAMES)


def test_declared_columns_are_read_by_their_encoding(warehouse_url: str, store: Store) -> None:
    stored = store([*((legacy(n, "tcvn3"), legacy(n, "vni")) for n in NAMES), ("", "Trần Thị Thuỷ"), ("Bảy", "")])
    read = taken(warehouse_url, stored, full_name="TCVN3", other_name="vni")
    assert [v or "" for v in read.column("full_name")] == [*NAMES, "", "Bảy"]
    assert [v or "" for v in read.column("other_name")] == [*NAMES, "Trần Thị Thuỷ", ""]
    assert not read.warned("encodings:")


def test_a_declared_vps_column_and_a_scrambled_one(warehouse_url: str, store: Store) -> None:
    # A sheet and JSON hold no letter of the control range of VPS; these names need none.
    read = taken(
        warehouse_url,
        store([(legacy(n, "vps"), s) for n, s in zip(NAMES, SCRAMBLED, strict=True)]),
        full_name="vps",
        other_name="mojibake",
    )
    assert read.column("full_name") == list(NAMES)
    assert read.column("other_name") == list(NAMES)
    assert not read.warned("encodings:")


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "mojibake"])
def test_an_undeclared_column_is_told_and_left_alone(warehouse_url: str, store: Store, encoding: str) -> None:
    names = list(SCRAMBLED) if encoding == "mojibake" else [legacy(n, encoding) for n in NAMES]
    read = taken(warehouse_url, store([(name, NAMES[0]) for name in names]))
    assert read.column("full_name") == names
    (sentence,) = [w for w in read.delivery.warnings if "encodings:" in w]
    assert sentence.startswith("Cột “ho_ten” (full_name): ")
    assert f"“encodings: {{full_name: {encoding}}}” ở bảng ghi member trong tệp 38.yml." in sentence
    assert "mà chưa khai báo bảng mã" in sentence
    assert not any(name in sentence for name in names)


def test_clean_columns_raise_no_alarm(warehouse_url: str, store: Store) -> None:
    clean = [value.replace(";", ",") for values in CLEAN.values() for value in values]
    read = taken(warehouse_url, store(list(zip(clean, reversed(clean), strict=True))))
    assert read.column("full_name") == clean
    assert not read.warned("encodings:")


def test_a_wrong_declaration_is_told(warehouse_url: str, store: Store) -> None:
    read = taken(warehouse_url, store([(s, "") for s in SCRAMBLED]), full_name="cp1258")
    assert read.warned("full_name", "tuy đã khai báo cp1258", "encodings: {full_name: mojibake}")


def test_an_unknown_encoding_is_refused(warehouse_url: str, store: Store) -> None:
    system, record = store([("A", "B")])
    mapping = {"columns": COLUMNS, **record, "encodings": {"full_name": "latin-9"}}
    sentence = refused(warehouse_url, system, "member", mapping).sentence_vi
    assert "bảng mã “latin-9” của full_name không có; dùng utf-8, cp1258, tcvn3, vni, vps hoặc mojibake." in sentence


def test_combining_text_comes_out_composed(warehouse_url: str, store: Store) -> None:
    stored = store([(n, n) for n in CLEAN["combining marks"]])
    read = taken(warehouse_url, stored, full_name="cp1258")
    assert read.column("full_name") == list(NAMES)
    assert read.column("other_name") == list(CLEAN["combining marks"])
    assert not read.warned("encodings:")


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "cp1258"])
def test_undeclared_bytes_of_a_csv_file_are_told_and_the_advice_holds(
    warehouse_url: str, tmp_path: Path, encoding: str
) -> None:
    rows = [f"K{i:03};".encode() + encode(name, encoding) + ";Tư Đờn".encode() for i, name in enumerate(NAMES)]
    (tmp_path / "dv.csv").write_bytes(b"\n".join([b"ma;ho_ten;bi_danh", *rows]))
    stored = {"connector": "csv", "location": str(tmp_path)}, {"file": "dv.csv"}
    assert taken(warehouse_url, stored).warned("Cột “ho_ten” (full_name)", f"encodings: {{full_name: {encoding}}}")
    read = taken(warehouse_url, stored, full_name=encoding)
    assert (read.column("full_name"), read.column("other_name")) == (list(NAMES), ["Tư Đờn"] * len(NAMES))
    assert not read.warned("encodings:")


def test_the_check_of_a_source_says_it(
    warehouse: psycopg.Connection, warehouse_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_prefixes(warehouse)
    names = [legacy(n, "tcvn3") for n in NAMES]
    with sqlite3.connect(tmp_path / "cu.sqlite") as database:
        database.execute("create table dv (ma text, ho_ten text)")
        database.executemany("insert into dv values (?, ?)", list(enumerate(names)))
    database.close()
    system = {"connector": "database", "url": f"sqlite:///{tmp_path / 'cu.sqlite'}"}
    mapping = {"table": "dv", "columns": {"source_key": "ma", "full_name": "ho_ten"}}
    report = check_source(source(system, "member", mapping), warehouse_url=warehouse_url, environment={})
    (sentence,) = report.records[0].noted
    report.show()
    assert f"  noted: {sentence}\n" in capsys.readouterr().out
    assert "encodings: {full_name: tcvn3}" in sentence
    assert report.good


def test_an_encoding_of_a_field_that_is_no_column_is_found_in_the_registry(tmp_path: Path) -> None:
    text = """
        code: "38"
        name: Tỉnh ủy Thanh Hóa
        systems: {s: {connector: workbook, location: /nhan}}
        records:
          member: {system: s, file: dv.xlsx, columns: {source_key: ma}, encodings: {full_nam: tcvn3}}
    """
    (tmp_path / "38.yml").write_text(text, encoding="utf-8")
    with pytest.raises(RegistryError, match=r"records\.member\.encodings: not among its columns: full_nam"):
        load_source(tmp_path / "38.yml")
