"""Sources on servers that stand on localhost: MariaDB, and a PostgreSQL older than the warehouse."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from orchestration.warehouse import MINIMUM_VERSION, WarehouseError, connect, prepare
from tests.extracting import refused, take

COLUMNS = {
    "source_key": "id", "full_name": "Họ và tên", "birth_date": "ngay_sinh", "badge_years": "huy_hieu",
    "other_name": "ghi_chu",
}  # fmt: skip


@pytest.fixture
def mariadb_table(mariadb: str) -> Iterator[str]:
    name = f"dv_{uuid.uuid4().hex[:8]}"
    address = urlsplit(mariadb)
    connection = pymysql.connect(
        host=address.hostname,
        port=address.port or 3306,
        user=address.username,
        database=address.path.lstrip("/"),
        charset="utf8mb4",
        autocommit=True,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("set sql_mode = ''")
        cursor.execute(
            f"create table {name} (id bigint, `Họ và tên` varchar(100), ngay_sinh date, huy_hieu decimal(5,2), "
            "ghi_chu blob, ton_giao text, sua_luc datetime, da_xoa tinyint) charset utf8mb4"
        )
        cursor.executemany(
            f"insert into {name} values (%s, %s, %s, %s, %s, 'x', %s, %s)",
            [
                (1, "Nguyễn Văn A", "1980-01-02", "30.50", b"H\xc3\xb2a\xff\x00", "2026-01-01 08:00:00", 0),
                (2, "Trần\tThị\\B\n", "0000-00-00", None, None, "2026-01-02 08:00:00", 1),
            ],
        )
        yield name
        cursor.execute(f"drop table {name}")


def test_mariadb(warehouse_url: str, mariadb: str, mariadb_table: str) -> None:
    mapping = {"table": mariadb_table, "columns": COLUMNS}
    taken = take(warehouse_url, {"connector": "database", "url": mariadb}, "member", mapping)
    assert taken.column("full_name") == ["Nguyễn Văn A", "Trần\tThị\\B\n"]
    assert taken.column("birth_date") == ["1980-01-02", "0000-00-00"]
    assert taken.column("badge_years") == ["30.50", None]
    assert taken.column("other_name") == [r"Hòa\xFF\x00", None]
    assert taken.delivery.dropped_columns == ["ton_giao", "sua_luc", "da_xoa"]


def test_mariadb_delta_and_limit(warehouse_url: str, mariadb: str, mariadb_table: str) -> None:
    system = {"connector": "database", "url": mariadb}
    delta = {"table": mariadb_table, "columns": COLUMNS, "mode": "delta", "cursor": "sua_luc", "deleted": "da_xoa"}
    taken = take(warehouse_url, system, "member", delta, since="2026-01-01 08:00:01")
    assert [(r["source_key"], r["deleted"]) for r in taken.rows] == [("2", True)]
    assert taken.delivery.watermark == "2026-01-02 08:00:00"
    assert take(warehouse_url, system, "member", delta, limit=1).delivery.delivered == 1


def test_mariadb_says_what_is_wrong(warehouse_url: str, mariadb: str) -> None:
    mapping = {"table": "khong_co", "columns": COLUMNS}
    missing = refused(warehouse_url, {"connector": "database", "url": mariadb}, "member", mapping)
    assert "không thấy bảng “khong_co” ở nguồn" in missing.sentence_vi
    stranger = mariadb.replace("root@", "nop:mat-khau-sai@")
    denied = refused(warehouse_url, {"connector": "database", "url": stranger}, "member", mapping)
    assert "nguồn từ chối tài khoản kết nối" in denied.sentence_vi
    assert "mat-khau-sai" not in str(denied)
    down = refused(warehouse_url, {"connector": "database", "url": "mysql://root@127.0.0.1:1/test"}, "member", mapping)
    assert "không kết nối được cơ sở dữ liệu của nguồn" in down.sentence_vi


def test_an_older_postgres_as_source(warehouse_url: str, postgres: str) -> None:
    name = f"dv_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create table {name} (id int, ho_ten text, ngay_sinh date)")
        connection.execute(
            f"insert into {name} select g, 'Nguyễn ' || g, date '1980-01-01' + g from generate_series(1, 5000) g"
        )
        try:
            mapping = {"table": name, "columns": {"source_key": "id", "full_name": "ho_ten", "birth_date": "ngay_sinh"}}
            taken = take(warehouse_url, {"connector": "database", "url": postgres}, "member", mapping)
        finally:
            connection.execute(f"drop table {name}")
    assert taken.delivery.delivered == 5000
    assert taken.rows[0]["full_name"] == "Nguyễn 1"
    assert {r["row_no"] for r in taken.rows} == set(range(1, 5001))


def test_a_postgres_without_an_encoding_as_source(warehouse_url: str, postgres: str) -> None:
    name = f"ascii_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 encoding 'SQL_ASCII' locale 'C'")
        url = postgres.rsplit("/", 1)[0] + f"/{name}"
        try:
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("create table dv (id int, ho_ten text)")
                other.execute("insert into dv values (1, E'Nguy\\xd4n \\\\ B'), (2, E'H\\xc3\\xb2a')")
            mapping = {"table": "dv", "columns": {"source_key": "id", "full_name": "ho_ten"}}
            taken = take(warehouse_url, {"connector": "database", "url": url}, "member", mapping)
        finally:
            connection.execute(f"drop database {name} with (force)")
    assert taken.column("full_name") == ["Nguy\\xD4n \\ B", "Hòa"]
    assert taken.warned("1 byte không đọc được")


def test_a_server_that_is_too_old_to_be_the_warehouse_is_refused(postgres: str) -> None:
    with connect(postgres) as connection:
        if connection.info.server_version >= MINIMUM_VERSION:
            pytest.skip("the PostgreSQL on localhost is new enough to be a warehouse")
        with pytest.raises(WarehouseError, match="PostgreSQL 16 or newer is needed"):
            prepare(connection)
