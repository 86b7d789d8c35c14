"""Intake from landed rows to raw: what is accepted, closed, held, refused, and what is said of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from expectations import gate
from orchestration import intake
from sources.accept import LostRowsError
from sources.connectors.base import DeliveredFile, Manifest, SourceError
from sources.contract import load_contracts
from tests.intake_world import TODAY, World, good_row, source_of, world

AGENCY = load_contracts()["agency"]
MEMBER = load_contracts()["member"]
HEADCOUNT = load_contracts()["headcount"]


@pytest.fixture
def agencies(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection) -> World:
    made = world(monkeypatch, warehouse_url, warehouse, "agency")
    made.rows = [_agency(i) for i in range(6)]
    return made


@pytest.fixture
def members(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection) -> World:
    return world(monkeypatch, warehouse_url, warehouse, "member")


def _agency(number: int, **values: str | None) -> dict[str, str | None]:
    return good_row(AGENCY, f"K{number}", **({"agency_code": f"CQ{number}"} | values))


def _counts(w: World, batch_id: int) -> tuple[int, ...]:
    row = w.connection.execute(
        "select delivered, accepted, unchanged, quarantined, closed from ops.batch where batch_id = %s", [batch_id]
    ).fetchone()
    assert row is not None
    return row


def test_new_changed_unchanged_and_gone_rows(agencies: World) -> None:
    first = agencies.take()
    assert (first.status, _counts(agencies, first.batch_id)) == ("accepted", (6, 6, 0, 0, 0))
    second = agencies.take([_agency(0), _agency(1, name="Chi cục"), *(_agency(i) for i in (2, 3, 9))])
    assert (second.status, _counts(agencies, second.batch_id)) == ("accepted", (5, 2, 3, 0, 2))
    history = agencies.connection.execute(
        "select source_key, first_batch, last_batch from raw.agency order by source_key, first_batch"
    ).fetchall()
    one, two = first.batch_id, second.batch_id
    assert history == [
        *[("K0", one, None), ("K1", one, two), ("K1", two, None), ("K2", one, None), ("K3", one, None)],
        *[("K4", one, two), ("K5", one, two), ("K9", two, None)],
    ]


def test_identical_delivery_is_recognised_in_any_order(agencies: World) -> None:
    first = agencies.take()
    again = agencies.take(list(reversed(agencies.rows)))
    assert again.status == "identical"
    assert again.reason == f"Giống hệt lần gửi {first.batch_id} đã được tiếp nhận."
    assert (again.delivered, again.unchanged) == (6, 6)
    assert agencies.value("select count(*) from raw.agency") == 6
    assert agencies.value("select count(*) from ops.gate_result where batch_id = %s", again.batch_id) == 0


def test_other_reading_of_the_same_rows_is_judged_again(agencies: World) -> None:
    agencies.take()
    agencies.source = source_of("agency", values={"agency_level": {"Cấp xã": "TINH"}})
    assert agencies.take().status == "accepted"


def test_held_row_keeps_its_open_version_and_comes_back(agencies: World) -> None:
    agencies.take()
    held = agencies.take([_agency(0, agency_type="lạ"), *(_agency(i) for i in range(1, 6))])
    assert _counts(agencies, held.batch_id) == (6, 0, 5, 1, 0)
    assert len(agencies.open_rows()) == 6
    fault = agencies.connection.execute(
        "select q.source_key, q.row_no, q.state, f.rule_id, f.column_name, f.value, q.content ->> 'name'"
        " from quarantine.row as q join quarantine.fault as f using (row_id)"
    ).fetchall()
    assert fault == [("K0", 2, "open", "AGY-007", "agency_type", "lạ", "Chi bộ thôn Đông")]
    agencies.take([_agency(i, name="Ban") for i in range(6)])
    assert agencies.value("select string_agg(state, '') from quarantine.row") == "resolved"


def test_repairs_are_kept_with_the_row(members: World) -> None:
    row = good_row(MEMBER, "K1", full_name="Đ/c NGUYỄN  VĂN AN", birth_date="1956", organisation_code="38001002003004")
    assert members.take([{**row, "personal_id": "38060123456", "other_name": "KHÔNG"}]).status == "accepted"
    columns = ("full_name", "birth_date", "birth_date_precision", "personal_id", "other_name", "organisation_code")
    (found,) = members.open_rows(*columns, "repairs")
    assert [str(v) for v in found[:-1]] == [
        "Nguyễn Văn An",
        "1956-01-01",
        "Y",
        "038060123456",
        "None",
        "38.001.002.003.004",
    ]
    assert found[-1] == [
        *("full_name:title", "other_name:placeholder", "personal_id:leading_zero", "organisation_code:dots")
    ]


def test_duplicate_keys_are_all_held(agencies: World) -> None:
    outcome = agencies.take([_agency(0), _agency(0, agency_code="CQ7"), *(_agency(i) for i in range(1, 6))])
    assert _counts(agencies, outcome.batch_id) == (7, 5, 0, 2, 0)
    assert agencies.value("select string_agg(distinct rule_id, ',') from quarantine.fault") == "AGY-002"


def test_key_of_another_person_is_an_alarm(members: World) -> None:
    members.take([good_row(MEMBER, "K1", birth_date="05/06/1960"), good_row(MEMBER, "K2")])
    outcome = members.take(
        [
            good_row(MEMBER, "K1", full_name="Trần Thị Bình", birth_date="07/08/1971", personal_id="038171000001"),
            good_row(MEMBER, "K2"),
        ]
    )
    (alarm,) = [r for r in outcome.results if r.alarm]
    assert (alarm.rule_id, alarm.failed) == ("MEM-047", 1)
    assert alarm.sentence.startswith("Khóa bản ghi đang được dùng cho một người khác")


def test_too_many_bad_rows_refuse_the_delivery_and_nothing_changes(agencies: World) -> None:
    agencies.take()
    outcome = agencies.take([_agency(i, agency_type="lạ") for i in range(6)])
    assert outcome.status == "refused"
    assert outcome.reason == (
        "AGY-007: 6 trên 6 dòng (100.0 %), mức cho phép 2 %. Loại cơ quan, đơn vị không có trong danh mục."
    )
    assert len(agencies.open_rows()) == 6
    assert agencies.value("select count(*) from quarantine.row where state = 'open'") == 6


@pytest.mark.parametrize(
    ("delivery", "sentence"),
    [
        (
            {"missing_columns": ["agency_type"]},
            "Thiếu cột “agency_type (Loại cơ quan, đơn vị)”; bổ sung cột đúng tên rồi gửi lại.",
        ),
        (
            {"declared_source": "40"},
            "Dữ liệu khai là của nguồn 40, không phải 38 (Tỉnh ủy Thanh Hóa); gửi đúng tệp của đơn vị mình.",
        ),
        (
            {"files": [DeliveredFile("a.csv", "ab", 9, 6, Manifest(7, None, {}, None))]},
            "Tệp “a.csv” có 6 dòng nhưng bản kê ghi 7 dòng; gửi lại tệp đầy đủ cùng bản kê đúng.",
        ),
        (
            {"files": [DeliveredFile("a.csv", "ab", 9, 6, Manifest(6, "cd", {}, None))]},
            "Mã kiểm SHA-256 của tệp “a.csv” không khớp bản kê; tệp hỏng hoặc bị sửa, gửi lại cả hai.",
        ),
        (
            {"manifest": Manifest(6, None, {"deputy_count": 99}, None)},
            "Tổng kiểm soát của “Số cấp phó hiện có” là 0 nhưng bản kê ghi 99; đối chiếu số liệu rồi gửi lại.",
        ),
        (
            {"manifest": Manifest(6, None, {"agency_code": 6}, None)},
            "Bản kê có tổng kiểm soát của “Mã cơ quan, đơn vị” nhưng đó không phải trường số được gửi; sửa bản kê.",
        ),
    ],
)
def test_delivery_as_a_whole_is_refused(agencies: World, delivery: dict, sentence: str) -> None:
    outcome = agencies.take(**delivery)
    assert (outcome.status, outcome.reason) == ("refused", sentence)
    assert agencies.open_rows() == []
    assert agencies.value("select status from ops.batch where batch_id = %s", outcome.batch_id) == "refused"


def test_control_totals_that_hold_are_accepted(
    monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection
) -> None:
    w = world(monkeypatch, warehouse_url, warehouse, "headcount")
    rows = [good_row(HEADCOUNT, f"K{i}", present="1.234") for i in range(3)]
    assert w.take(rows, manifest=Manifest(3, None, {"present": 3702}, "38")).status == "accepted"


def test_empty_delivery_is_refused(agencies: World) -> None:
    agencies.take()
    outcome = agencies.take([])
    assert outcome.status == "refused"
    assert outcome.reason == "Lần gửi không có dòng dữ liệu nào; kiểm tra tệp hoặc bảng nguồn rồi gửi lại."
    assert len(agencies.open_rows()) == 6


def test_unknown_column_is_dropped_counted_and_warned_of(agencies: World) -> None:
    outcome = agencies.take(dropped_columns=["ton_giao", "ly_lich"])
    sentence = "Bỏ 2 cột không có trong hợp đồng dữ liệu: “ton_giao”, “ly_lich”; không cần gửi các cột này."
    assert (outcome.status, outcome.warnings) == ("accepted", (sentence,))
    assert agencies.value("select dropped_columns from ops.batch") == ["ton_giao", "ly_lich"]


def test_volume_far_from_the_last_one_is_refused(agencies: World) -> None:
    agencies.take([_agency(i) for i in range(300)])
    outcome = agencies.take([_agency(i) for i in range(150)])
    assert outcome.status == "refused"
    assert outcome.reason == (
        "Số dòng 150 so với lần được tiếp nhận trước 300 là 50 %, ngoài khoảng 80–150 %; gửi đủ dữ liệu, "
        "hoặc báo lý do để được chấp nhận."
    )
    assert len(agencies.open_rows()) == 300


def test_required_field_without_a_column_is_refused(agencies: World) -> None:
    agencies.source = source_of("agency", columns={"source_key": "id", "name": "ten"})
    reason = agencies.take().reason or ""
    assert reason.startswith(
        "Khai báo nguồn chưa nối trường bắt buộc “Mã cơ quan, đơn vị”, “Loại cơ quan, đơn vị”, “Cấp”; "
        "bổ sung vào tệp khai báo nguồn."
    )


def test_bad_source_is_a_failed_batch_and_our_own_fault_is_raised(
    agencies: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: object) -> None:
        raise SourceError("Nguồn 38 không trả lời; chạy lại sau.", "connection refused")

    def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(intake, "extract", down)
    outcome = agencies.take()
    assert (outcome.status, outcome.reason) == ("failed", "Nguồn 38 không trả lời; chạy lại sau.")
    monkeypatch.setattr(intake, "extract", broken)
    with pytest.raises(ZeroDivisionError):
        agencies.take()
    assert agencies.value("select reason from ops.batch order by batch_id desc limit 1") == intake.OUR_FAULT
    assert agencies.value("select count(*) from pg_tables where schemaname = 'landing'") == 0


def test_a_row_that_nobody_accounts_for_undoes_the_batch(agencies: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agencies.take()
    before = agencies.open_rows()
    whole = intake.accept_rows
    monkeypatch.setattr(intake, "accept_rows", lambda *a, **n: whole(*a, **(n | {"delivered": n["delivered"] + 1})))
    with pytest.raises(LostRowsError, match="7 rows were delivered"):
        agencies.take([_agency(i, name="Ban") for i in range(6)])
    assert agencies.open_rows() == before
    _ended_by_our_fault(agencies)


def test_a_tombstone_that_nobody_counted_undoes_the_batch(agencies: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agencies.source = source_of("agency", mode="delta", cursor="updated_at", deleted="gone")
    whole = agencies.extract
    monkeypatch.setattr(intake, "extract", lambda request: replace(whole(request), delivered=3))
    with pytest.raises(AssertionError, match=r"3 rows delivered, \(4,\) landed"):
        agencies.take([*(_agency(i) for i in range(3)), {**_agency(7), "deleted": "1"}])
    _ended_by_our_fault(agencies)


def test_a_verdict_that_differs_from_the_counts_undoes_the_batch(
    agencies: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agencies.take()
    before = agencies.open_rows()
    honest = gate.verdicts

    def another(*arguments: Any) -> dict[str, gate.Verdict]:
        return honest(*arguments) | {"AGY-001": gate.Verdict(passed=False, failed=1)}

    monkeypatch.setattr(gate, "verdicts", another)
    with pytest.raises(gate.GateError, match="AGY-001 is judged and counted differently"):
        agencies.take([_agency(i, name="Ban") for i in range(6)])
    assert agencies.open_rows() == before
    _ended_by_our_fault(agencies)


def _ended_by_our_fault(w: World) -> None:
    ended = w.connection.execute("select status, reason from ops.batch order by batch_id desc limit 1").fetchone()
    assert ended == ("failed", intake.OUR_FAULT)
    assert w.value("select count(*) from pg_tables where schemaname = 'landing'") == 0


def test_the_ledger_takes_no_accepted_batch_with_a_row_too_few_or_too_many(agencies: World) -> None:
    outcome = agencies.take()
    for delivered in (5, 7):
        with pytest.raises(psycopg.errors.CheckViolation, match="every_row_accounted_for"):
            agencies.connection.execute(
                "update ops.batch set delivered = %s where batch_id = %s", [delivered, outcome.batch_id]
            )
    agencies.connection.execute("update ops.batch set delivered = 7, status = 'refused'")


def test_a_late_delivery_is_accepted_and_warned_of(agencies: World) -> None:
    agencies.take()
    agencies.connection.execute("update ops.batch set finished_at = finished_at - interval '37 hours'")
    outcome = agencies.take([_agency(i, name="Ban") for i in range(6)])
    assert (outcome.status, outcome.warnings) == (
        "accepted",
        ("Lần tiếp nhận trước đã cách 37 giờ, quá hạn 36 giờ của nguồn.",),
    )


def test_too_many_held_rows_refuse_the_delivery(agencies: World) -> None:
    rows = [_agency(i, valid_from="01/01/2020", valid_to="01/01/2019" if i < 21 else None) for i in range(100)]
    outcome = agencies.take(rows)
    assert outcome.status == "refused"
    assert "21 dòng (21.0 %) có lỗi, quá mức 20 % của một lần gửi" in (outcome.reason or "")
    assert agencies.open_rows() == []


def test_what_a_lost_process_left_is_cleared(agencies: World) -> None:
    agencies.connection.execute(
        "insert into ops.batch (run_id, source, record, kind, mode, business_date, contract_version)"
        " values ('lost', '38', 'agency', 'organisation', 'snapshot', %s, '1.0.0')",
        [TODAY],
    )
    assert agencies.take().status == "accepted"
    assert agencies.value("select status || ': ' || reason from ops.batch order by batch_id limit 1") == (
        "failed: Lần tiếp nhận trước dừng giữa chừng; dữ liệu được lấy lại từ đầu."
    )


def test_secret_records_are_refused_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection
) -> None:
    contract = load_contracts()["staffing_quota"]
    w = world(monkeypatch, warehouse_url, warehouse, "staffing_quota")
    rows = [good_row(contract, f"K{i}") for i in range(3)]
    rows[1]["classification"] = "Mật"
    outcome = w.take(rows)
    assert outcome.status == "refused"
    assert w.value("select content from quarantine.row") == {}
    assert w.value("select count(*) from pg_tables where schemaname = 'landing'") == 0


def test_deltas_close_by_tombstone_and_remember_where_they_stopped(agencies: World) -> None:
    agencies.source = source_of("agency", mode="delta", cursor="updated_at", deleted="gone")
    agencies.take(watermark="2026-11-01")
    second = agencies.take(
        [
            _agency(1, name="Ban"),
            {"source_key": "K2", "deleted": "1"},
            {"source_key": "K77", "deleted": "1"},
            {"deleted": "1"},
        ],
        watermark="2026-11-02",
    )
    assert _counts(agencies, second.batch_id) == (4, 2, 1, 1, 1)
    assert [key for key, _ in agencies.open_rows()] == ["K0", "K1", "K3", "K4", "K5"]
    nothing = agencies.take([])
    assert (nothing.status, nothing.reason) == ("identical", intake.NO_CHANGES)
    agencies.take([_agency(3, name="Sở")])
    assert agencies.asked_since == [None, "2026-11-01", "2026-11-02", "2026-11-02"]


def test_two_sources_do_not_wait_for_each_other(agencies: World) -> None:
    """While one source holds its lock, another is taken in; the same source waits."""
    with psycopg.connect(agencies.url, autocommit=True) as other:
        other.execute("select pg_advisory_lock(hashtext('intake'), hashtext('38/agency'))")
        waiting = threading.Thread(target=agencies.take, daemon=True)
        waiting.start()
        waiting.join(1)
        assert waiting.is_alive()
        assert agencies.value("select count(*) from ops.batch") == 0
    waiting.join(60)
    assert agencies.value("select status from ops.batch") == "accepted"
