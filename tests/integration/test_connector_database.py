"""Databases as sources: SQLite and PostgreSQL, snapshot and delta, and what is wrong with some of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.extracting import refused, take
from tests.unit.test_connector_text import encode

COLUMNS = {"source_key": "id", "full_name": "ho_ten", "birth_date": "ngay_sinh", "personal_id": "so_dinh_danh"}
TABLE = {"table": "dang_vien", "columns": COLUMNS}


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    path = tmp_path / "dv.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "create table dang_vien (id integer, ho_ten text, ngay_sinh text, so_dinh_danh, ton_giao text, "
            "sua_luc text, da_xoa integer)"
        )
        connection.executemany(
            "insert into dang_vien values (?, ?, ?, ?, 'x', ?, ?)",
            [
                (1, "Nguyễn Văn A", "1980-01-02", "099080000001", "2026-01-01 08:00:00", 0),
                (2, "Trần Thị B", None, 99080000002, "2026-01-02 08:00:00", 0),
                (3, "Lê\0C", "", 2.5, "2026-01-03 08:00:00", 1),
            ],
        )
        connection.execute("insert into dang_vien (id, ho_ten) values (4, cast(x'4e67fe' as text))")
    connection.close()
    return path


@pytest.fixture
def postgres(warehouse_url: str) -> str:
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        connection.execute("create schema nguon")
        connection.execute(
            'create table nguon."Đảng viên" (id int, ho_ten text, ngay_sinh date, "Số định danh" numeric,'
            " ton_giao text, sua_luc timestamptz, da_xoa boolean, anh bytea)"
        )
        connection.execute(
            'insert into nguon."Đảng viên" select g, format(E\'Tên\\t"%s"\\\\ \\n\', g),'
            " date '1980-01-01' + g, g * 1.50, 'x', timestamptz '2026-01-01 00:00+07' + g * interval '1 day', g = 3,"
            " '\\xff' from generate_series(1, 5) g"
        )
    return warehouse_url


PG_TABLE = {
    "table": "nguon.Đảng viên",
    "columns": {**COLUMNS, "personal_id": "Số định danh", "other_name": "anh"},
}


def test_sqlite_values_as_the_source_gives_them(warehouse_url: str, sqlite: Path) -> None:
    taken = take(warehouse_url, {"connector": "database", "url": f"sqlite:///{sqlite}"}, "member", TABLE)
    assert taken.column("source_key") == ["1", "2", "3", "4"]
    assert taken.column("full_name") == ["Nguyễn Văn A", "Trần Thị B", r"Lê\x00C", r"Ng\xFE"]
    assert taken.column("birth_date") == ["1980-01-02", None, "", None]
    assert taken.column("personal_id") == ["099080000001", "99080000002", "2.5", None]
    assert taken.column("row_no") == [1, 2, 3, 4]
    assert taken.delivery.dropped_columns == ["ton_giao", "sua_luc", "da_xoa"]
    assert taken.warned("1 byte không đọc được")


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_single_columns_are_read_by_the_encoding_they_are_declared_in(
    warehouse_url: str, tmp_path: Path, kind: str
) -> None:
    """What a legacy font drew stands in the database as other letters; PostgreSQL leaves COPY for it."""
    name, alias = "Nguyễn Thị Hoà", "Đặng Văn Ước"
    stored = (encode(name, "tcvn3").decode("cp1252"), encode(alias, "vni").decode("cp1252"), name)
    assert name not in stored[:2]
    create = "create table cu (id int, ho_ten text, bi_danh text, so text)"
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'cu.sqlite'}"
        with sqlite3.connect(tmp_path / "cu.sqlite") as database:
            database.execute(create)
            database.execute("insert into cu values (1, ?, ?, ?)", stored)
        database.close()
    else:
        url = warehouse_url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(create)
            connection.execute("insert into cu values (1, %s, %s, %s)", stored)
    columns = {"source_key": "id", "full_name": "ho_ten", "other_name": "bi_danh", "personal_id": "so"}
    table = {"table": "cu", "columns": columns, "encodings": {"full_name": "tcvn3", "other_name": "VNI"}}
    system = {"connector": "database", "url": url}
    (row,) = take(warehouse_url, system, "member", table).rows
    assert [row[f] for f in columns] == ["1", name, alias, name]
    assert (
        "bảng mã “latin-9” của full_name không có"
        in refused(warehouse_url, system, "member", table | {"encodings": {"full_name": "latin-9"}}).sentence_vi
    )


def test_sqlite_delta_with_tombstones(warehouse_url: str, sqlite: Path) -> None:
    system = {"connector": "database", "url": f"sqlite:///{sqlite}"}
    delta = {**TABLE, "mode": "delta", "cursor": "sua_luc", "deleted": "da_xoa"}
    taken = take(warehouse_url, system, "member", delta, since="2026-01-01 08:00:01")
    assert [(r["source_key"], r["deleted"]) for r in taken.rows] == [("2", False), ("3", True)]
    assert (taken.delivery.mode, taken.delivery.watermark) == ("delta", "2026-01-03 08:00:00")
    again = take(warehouse_url, system, "member", delta, since="2026-01-03 08:00:00")
    assert [r["source_key"] for r in again.rows] == ["3"], "a row of the watermark's own moment must not be lost"
    assert again.delivery.watermark == "2026-01-03 08:00:00"
    nothing = take(warehouse_url, system, "member", delta, since="2026-01-03 08:00:01")
    assert (nothing.delivery.delivered, nothing.delivery.watermark) == (0, "2026-01-03 08:00:01")


def test_postgres_goes_through_untouched(postgres: str) -> None:
    taken = take(postgres, {"connector": "database", "url": postgres}, "member", PG_TABLE)
    assert taken.column("row_no") == [1, 2, 3, 4, 5]
    assert taken.column("full_name")[0] == 'Tên\t"1"\\ \n'
    assert taken.column("birth_date")[0] == "1980-01-02"
    assert taken.column("personal_id") == ["1.50", "3.00", "4.50", "6.00", "7.50"]
    assert taken.column("other_name")[0] == r"\xff"
    assert taken.column("file") == ["nguon.Đảng viên"] * 5
    assert taken.delivery.dropped_columns == ["ton_giao", "sua_luc", "da_xoa"]


def test_postgres_delta_and_query(postgres: str) -> None:
    system = {"connector": "database", "url": postgres}
    delta = {**PG_TABLE, "mode": "delta", "cursor": "sua_luc", "deleted": "da_xoa"}
    taken = take(postgres, system, "member", delta, since="2026-01-02 17:00:01+00")
    assert [(r["source_key"], r["deleted"]) for r in taken.rows] == [("3", True), ("4", False), ("5", False)]
    assert taken.delivery.watermark == "2026-01-05 17:00:00+00"
    query = {"query": 'select id, ho_ten from nguon."Đảng viên" where id > 3;', "columns": COLUMNS}
    asked = take(postgres, system, "member", query)
    assert asked.column("source_key") == ["4", "5"]
    assert asked.delivery.missing_columns == ["birth_date", "personal_id"]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_first_rows_only(request: pytest.FixtureRequest, warehouse_url: str, kind: str) -> None:
    source = request.getfixturevalue(kind)
    url, mapping = (f"sqlite:///{source}", TABLE) if kind == "sqlite" else (source, PG_TABLE)
    assert (
        take(warehouse_url, {"connector": "database", "url": url}, "member", mapping, limit=2).delivery.delivered == 2
    )


def test_a_missing_column_is_reported_and_the_rest_lands(warehouse_url: str, sqlite: Path) -> None:
    columns = {**COLUMNS, "party_card_no": "ho_tn", "full_name": "HO_TEN"}
    system = {"connector": "database", "url": f"sqlite:///{sqlite}"}
    taken = take(warehouse_url, system, "member", {**TABLE, "columns": columns})
    assert taken.delivery.missing_columns == ["party_card_no"]
    assert taken.warned("“ho_tn” (party_card_no)", "“ho_ten”")
    assert taken.column("full_name")[0] == "Nguyễn Văn A"


def test_none_of_the_columns(warehouse_url: str, sqlite: Path) -> None:
    system = {"connector": "database", "url": f"sqlite:///{sqlite}"}
    error = refused(warehouse_url, system, "member", {**TABLE, "columns": {"source_key": "khoa"}})
    assert "không có cột nào như đã khai báo" in error.sentence_vi
    assert "“ho_ten”" in error.sentence_vi


def test_a_delta_without_its_cursor(postgres: str) -> None:
    mapping = {**PG_TABLE, "mode": "delta", "cursor": "cap_nhat"}
    error = refused(postgres, {"connector": "database", "url": postgres}, "member", mapping)
    assert "không thấy cột “cap_nhat”" in error.sentence_vi


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_no_such_table(request: pytest.FixtureRequest, warehouse_url: str, kind: str) -> None:
    source = request.getfixturevalue(kind)
    url = f"sqlite:///{source}" if kind == "sqlite" else source
    error = refused(warehouse_url, {"connector": "database", "url": url}, "member", {**TABLE, "table": "can_bo"})
    assert "không thấy bảng “can_bo” ở nguồn" in error.sentence_vi


def test_files_that_are_no_database(warehouse_url: str, tmp_path: Path, sqlite: Path) -> None:
    gone = refused(
        warehouse_url, {"connector": "database", "url": f"sqlite:///{tmp_path}/khong_co.sqlite"}, "member", TABLE
    )
    assert "không thấy tệp cơ sở dữ liệu “khong_co.sqlite”" in gone.sentence_vi
    assert not (tmp_path / "khong_co.sqlite").exists(), "looking for it must not make it"
    half = tmp_path / "nua.sqlite"
    half.write_bytes(sqlite.read_bytes()[:5000])
    broken = refused(warehouse_url, {"connector": "database", "url": f"sqlite:///{half}"}, "member", TABLE)
    assert "hỏng hoặc chép chưa xong" in broken.sentence_vi


def test_a_server_that_is_down_and_a_password_that_stays_secret(warehouse_url: str) -> None:
    system = {"connector": "database", "url": "${LIENTHONG_SOURCE_38_URL}"}
    secret = {"LIENTHONG_SOURCE_38_URL": "postgresql://nop:mat-khau-dai@127.0.0.1:1/dv"}
    error = refused(warehouse_url, system, "member", TABLE, environment=secret)
    assert "không kết nối được cơ sở dữ liệu của nguồn" in error.sentence_vi
    assert "mat-khau-dai" not in str(error)


def test_a_variable_that_is_not_set(warehouse_url: str) -> None:
    system = {"connector": "database", "url": "${LIENTHONG_SOURCE_38_URL}"}
    error = refused(warehouse_url, system, "member", TABLE)
    assert "thiếu biến môi trường" in error.sentence_vi
    assert "LIENTHONG_SOURCE_38_URL" in error.detail_en


@pytest.mark.parametrize(
    ("url", "extra"), [("mssql://sa@127.0.0.1/dv", "mssql"), ("oracle://dv@127.0.0.1/dv", "oracle")]
)
def test_a_driver_that_is_not_installed(warehouse_url: str, url: str, extra: str) -> None:
    error = refused(warehouse_url, {"connector": "database", "url": url}, "member", TABLE)
    assert f'pip install "lienthong[{extra}]"' in error.sentence_vi


def test_a_url_that_is_none(warehouse_url: str) -> None:
    error = refused(warehouse_url, {"connector": "database", "url": "may-chu"}, "member", TABLE)
    assert "địa chỉ cơ sở dữ liệu không đúng dạng" in error.sentence_vi


VALUES = st.one_of(
    st.none(), st.text(st.characters(blacklist_categories=["Cs"]), max_size=10), st.integers(-(2**60), 2**60)
)


def test_any_table_comes_back_cell_for_cell(warehouse_url: str, tmp_path: Path) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=20))
    def check(rows: list[tuple[Any, ...]]) -> None:
        path = tmp_path / "any.sqlite"
        path.unlink(missing_ok=True)
        with sqlite3.connect(path) as connection:
            connection.execute("create table dang_vien (id, ho_ten, ngay_sinh)")
            connection.executemany("insert into dang_vien values (?, ?, ?)", rows)
        connection.close()
        mapping = {"table": "dang_vien", "columns": {k: COLUMNS[k] for k in ("source_key", "full_name", "birth_date")}}
        taken = take(warehouse_url, {"connector": "database", "url": f"sqlite:///{path}"}, "member", mapping)
        landed = [(r["source_key"], r["full_name"], r["birth_date"]) for r in taken.rows]
        assert landed == [tuple(None if v is None else str(v).replace("\0", r"\x00") for v in row) for row in rows]

    check()
