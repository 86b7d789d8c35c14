"""What a night says of alarms and of what still contradicts itself."""

from __future__ import annotations

import json
from datetime import date

import psycopg
import pytest

from orchestration.batches import open_batch
from orchestration.night import _summary

NIGHT = date(2026, 11, 22)


def _judged(connection: psycopg.Connection, run_id: str, record: str, failed: dict[str, tuple[int, bool]]) -> None:
    batch = open_batch(
        connection, run_id=run_id, source="38", record=record, kind="member", mode="snapshot", business_date=NIGHT,
        contract_version="1",
    )  # fmt: skip
    for rule, (rows, alarm) in failed.items():
        connection.execute(
            "insert into ops.gate_result (batch_id, rule_id, severity, checked, failed, tolerance, passed, alarm)"
            " values (%s, %s, 'warning', 100, %s, 0, false, %s)",
            [batch, rule, rows, alarm],
        )


def _conflict(connection: psycopg.Connection, key: str, reason: str, *, resolved: bool = False) -> None:
    connection.execute(
        "insert into identity.conflict (left_source, left_record, left_key, right_source, right_record, right_key,"
        " reason, resolved_at) values ('38', 'member', %s, '40', 'member', '1', %s, case when %s then now() end)",
        [key, reason, resolved],
    )


def test_a_night_names_its_alarms_and_what_stands(
    warehouse: psycopg.Connection, warehouse_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _judged(warehouse, "tonight", "member", {"MEM-047": (2, True), "MEM-001": (7, False)})
    _judged(warehouse, "tonight", "cadre", {"CAD-038": (1, True)})
    _judged(warehouse, "last night", "member", {"MEM-047": (40, True)})
    _conflict(warehouse, "1", "key_of_another_person")
    _conflict(warehouse, "2", "number_of_two_people")
    _conflict(warehouse, "3", "number_of_two_people", resolved=True)
    _conflict(warehouse, "4", "mistyped_number")
    warehouse.commit()
    tonight = _summary(warehouse_url, "tonight", NIGHT, 1, None)
    assert (tonight.alarms, tonight.conflicts, tonight.mistyped) == (3, 3, 1)
    tonight.show(as_json=False)
    assert "báo động: 3 khóa" in (shown := capsys.readouterr().out)
    assert "3 mâu thuẫn chờ nguồn sửa, trong đó 1 số định danh gõ nhầm" in shown
    tonight.show(as_json=True)
    assert json.loads(capsys.readouterr().out)["alarms"] == 3


def test_a_quiet_night_says_nothing_of_alarms(warehouse_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    _summary(warehouse_url, "tonight", NIGHT, 1, None).show(as_json=False)
    assert "báo động" not in capsys.readouterr().out
