"""`sources check` on a real SQLite source: it shows, masks and leaves nothing; take_in then takes it in for real."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest

from orchestration.intake import check_source, take_in
from sources.registry import Source
from tests.intake_world import TODAY, load_prefixes

COLUMNS = {
    "source_key": "id", "full_name": "ho_ten", "birth_date": "ngay_sinh", "personal_id": "cccd",
    "admission_date": "ngay_vao_dang", "status": "trang_thai", "organisation_code": "ma_chi_bo",
}  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> tuple[Source, dict[str, str]]:
    file = tmp_path / "s.db"
    with sqlite3.connect(file) as database:
        database.execute(f"create table dv ({', '.join(COLUMNS.values())}, ton_giao)")
        row = ("TRẦN THỊ BÌNH", "05/06/1960", "38160123456", "19/05/1985", "1", "38.001.002.003.004", "bí mật")
        database.executemany("insert into dv values (?, ?, ?, ?, ?, ?, ?, ?)", [(f"K{i}", *row) for i in range(120)])
        database.execute("update dv set ngay_sinh = '30/02/1960' where id = 'K3'")
    made = Source.model_validate(
        {
            "code": "38",
            "name": "Tỉnh ủy Thanh Hóa",
            "systems": {"s": {"connector": "database", "url": "${LIENTHONG_SOURCE_38_URL}"}},
            "records": {
                "member": {
                    "system": "s", "table": "dv", "columns": COLUMNS, "values": {"status": {"1": "CHINH_THUC"}},
                }
            },
        }
    )  # fmt: skip
    return made, {"LIENTHONG_SOURCE_38_URL": f"sqlite:///{file}"}


def _left(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "select (select count(*) from pg_tables where schemaname = 'landing') + (select count(*) from ops.batch)"
        " + (select count(*) from quarantine.row) + (select count(*) from raw.member)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_check_shows_and_leaves_nothing(
    warehouse: psycopg.Connection,
    warehouse_url: str,
    source: tuple[Source, dict[str, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    load_prefixes(warehouse)
    report = check_source(source[0], warehouse_url=warehouse_url, environment=source[1])
    (member,) = report.records
    assert (report.good, member.rows, member.dropped, member.missing) == (True, 100, ("ton_giao",), ())
    assert {f.name: f.rows for f in member.repaired} == {"full_name:case": 100, "personal_id:leading_zero": 100}
    assert [(f.name, f.rows, f.examples) for f in member.quarantined] == [("MEM-008", 1, ("3•••••••••",))]
    report.show()
    shown = capsys.readouterr().out
    assert "dropped: ton_giao" in shown
    for secret in ("TRẦN", "Trần", "38160123456", "bí mật"):
        assert secret not in shown
    assert _left(warehouse) == 0


def test_check_says_why_a_source_cannot_be_read(
    warehouse: psycopg.Connection, warehouse_url: str, source: tuple[Source, dict[str, str]]
) -> None:
    report = check_source(source[0], warehouse_url=warehouse_url, environment={})
    assert not report.good
    assert "biến môi trường" in (report.records[0].error or "")
    assert _left(warehouse) == 0


def test_the_same_source_is_taken_in(
    warehouse: psycopg.Connection, warehouse_url: str, source: tuple[Source, dict[str, str]]
) -> None:
    load_prefixes(warehouse)
    for expected in ("accepted", "identical"):
        (outcome,) = take_in(
            source[0], "member", warehouse_url=warehouse_url, run_id="r", business_date=TODAY, environment=source[1]
        )
        assert (outcome.status, outcome.delivered, outcome.quarantined) == (expected, 120, 1)
        assert outcome.dropped_columns == ("ton_giao",)
    row = warehouse.execute("select full_name, personal_id, status from raw.member limit 1").fetchone()
    assert row == ("Trần Thị Bình", "038160123456", "CHINH_THUC")
