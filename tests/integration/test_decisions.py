"""What engineers decide: accept, withdraw, waive; with a reason that is kept, and raw that only grows."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from expectations.return_workbook import HEADINGS, write_return_workbook
from orchestration.decisions import DecisionError, accept_batch, waive, withdraw_batch
from sources.accept import lock
from sources.contract import load_contracts
from tests.intake_world import World, good_row, world

AGENCY = load_contracts()["agency"]
WHY = "Đã đối chiếu với công văn"


@pytest.fixture
def agencies(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection) -> World:
    made = world(monkeypatch, warehouse_url, warehouse, "agency")
    made.rows = [_agency(i) for i in range(6)]
    return made


def _agency(number: int, **values: str | None) -> dict[str, str | None]:
    return good_row(AGENCY, f"K{number}", **({"agency_code": f"CQ{number}"} | values))


def test_refused_batch_is_accepted_with_its_held_rows_held(agencies: World) -> None:
    agencies.take()
    bad = [_agency(0, name="Ban"), *(_agency(i, agency_type="lạ") for i in range(1, 6))]
    refused = agencies.take(bad)
    said = accept_batch(agencies.connection, refused.batch_id, WHY, "ks")
    assert said == f"Batch {refused.batch_id} is accepted: 1 rows new or changed, 0 unchanged, 5 held, 0 closed."
    assert agencies.value("select count(*) from quarantine.row where state = 'open'") == 5
    assert agencies.value("select reason || '/' || decided_by from ops.decision") == f"{WHY}/ks"
    assert agencies.take(bad).status == "identical"
    with pytest.raises(DecisionError, match="only a refused batch"):
        accept_batch(agencies.connection, refused.batch_id, WHY, "ks")


def test_refused_batch_is_gone_once_a_newer_one_came(agencies: World) -> None:
    refused = agencies.take([_agency(i, agency_type="lạ") for i in range(6)])
    agencies.take([_agency(i) for i in range(6)])
    with pytest.raises(DecisionError, match="no longer kept"):
        accept_batch(agencies.connection, refused.batch_id, WHY, "ks")


def test_withdrawal_restores_by_adding(agencies: World) -> None:
    agencies.take([_agency(0, agency_type="lạ"), *(_agency(i) for i in range(1, 6))])
    before = agencies.open_rows()
    second = agencies.take([_agency(1, name="Ban"), _agency(8)])
    rows = agencies.value("select count(*) from raw.agency")
    said = withdraw_batch(agencies.connection, second.batch_id, WHY, "ks")
    assert said == f"Batch {second.batch_id} is withdrawn: 2 rows closed, 5 rows of before open again."
    assert agencies.open_rows() == before
    assert agencies.value("select count(*) from raw.agency") == rows + 5
    assert agencies.value("select source_key from quarantine.row where state = 'open'") == "K0"
    again = agencies.take()
    assert again.status == "refused"
    assert again.reason == f"Lần gửi giống hệt lần {second.batch_id} đã bị rút ({WHY}); gửi dữ liệu đã sửa."
    assert agencies.open_rows() == before
    assert agencies.take([_agency(i) for i in range(6)]).status == "accepted"


def test_only_the_newest_accepted_batch_is_withdrawn(agencies: World) -> None:
    first = agencies.take()
    second = agencies.take([_agency(i, name="Ban") for i in range(6)])
    with pytest.raises(DecisionError, match=f"Withdraw batch {second.batch_id} first"):
        withdraw_batch(agencies.connection, first.batch_id, WHY, "ks")


def test_waived_row_enters_raw_with_the_next_delivery(agencies: World) -> None:
    rows = [_agency(0, valid_from="01/01/2020", valid_to="01/01/2019"), *(_agency(i) for i in range(1, 6))]
    agencies.take(rows)
    assert len(agencies.open_rows()) == 5
    row_id = agencies.value("select row_id from quarantine.row")
    assert "enters raw with the next delivery of source 38" in waive(agencies.connection, row_id, WHY, "ks")
    outcome = agencies.take(rows)
    assert (outcome.status, outcome.accepted, outcome.quarantined) == ("accepted", 1, 0)
    assert len(agencies.open_rows()) == 6
    assert agencies.take(rows).status == "identical"


def test_nothing_is_waived_while_a_delivery_is_judged(agencies: World, warehouse_url: str) -> None:
    agencies.take([_agency(0, agency_type="lạ"), *(_agency(i) for i in range(1, 6))])
    held = int(agencies.value("select row_id from quarantine.row where state = 'open'"))
    with psycopg.connect(warehouse_url) as intake:
        lock(intake, "38", "agency")
        agencies.connection.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            waive(agencies.connection, held, WHY, "ks")
    assert waive(agencies.connection, held, WHY, "ks").startswith(f"Row {held} is waived")


def test_unusable_keys_are_never_waived(agencies: World) -> None:
    agencies.take([_agency(0), _agency(0, agency_code="CQ9"), *(_agency(i) for i in range(1, 6))])
    row_id = agencies.value("select min(row_id) from quarantine.row")
    with pytest.raises(DecisionError, match="AGY-002, which is never waived"):
        waive(agencies.connection, row_id, WHY, "ks")


def test_a_decision_needs_a_reason_and_leaves_nothing_without(agencies: World) -> None:
    first = agencies.take()
    with pytest.raises(DecisionError, match="reason of at least five"):
        withdraw_batch(agencies.connection, first.batch_id, " ok ", "ks")
    assert len(agencies.open_rows()) == 6
    assert agencies.value("select count(*) from ops.batch") == 1


def test_return_workbook_says_where_what_and_how(agencies: World, tmp_path: Path) -> None:
    rows = [_agency(0, agency_type="=1+1"), *(_agency(i) for i in range(1, 6))]
    rows[2] = _agency(2, valid_from="01/01/2020", valid_to="01/01/2019")
    agencies.take(rows)
    out = tmp_path / "r.xlsx"
    assert write_return_workbook(agencies.connection, "38", out) == 2
    book = CalamineWorkbook.from_path(out)
    heading, first, second = book.get_sheet_by_name("Lỗi").to_python()
    assert heading == [title for title, _ in HEADINGS]
    assert first[:8] == [
        *("cơ quan, đơn vị", "", "", 2.0, "K0", "Loại cơ quan, đơn vị", "=1+1"),
        "Loại cơ quan, đơn vị: giá trị không hợp lệ hoặc không đọc được.",
    ]
    assert "Ghi một trong: " in first[8]
    assert second[3:] == [
        *(4.0, "K2", "", "01/01/2020 | 01/01/2019", "Ngày kết thúc phải sau ngày thành lập."),
        *("Đối chiếu và sửa: Hiệu lực từ, Hiệu lực đến.", "AGY-014"),
    ]
    summary = book.get_sheet_by_name("Tổng hợp").to_python()
    assert ["AGY-007", "cơ quan, đơn vị", "Lỗi", 1.0] in [row[:4] for row in summary]
    assert any(row[4].startswith("2. Gửi lại toàn bộ tệp") for row in summary)
