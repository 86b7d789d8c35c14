"""Batch rules: what a delivery as a whole must hold, as data.

An error refuses the delivery, a warning is counted. Bounds of volume are dated rows of `bounds.csv`,
so that a merger of provinces is a new row and not a change of code.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from sources.connectors.base import Delivery
from sources.contract import Contract, Severity
from sources.registry import RecordMapping, Source

BOUNDS = Path(__file__).parent / "bounds.csv"


@dataclass(frozen=True)
class Bounds:
    """How much a snapshot may differ from the last accepted one, in percent, once either has `least_rows` rows."""

    least_rows: int
    least_percent: float
    most_percent: float
    most_held_percent: float


@dataclass(frozen=True)
class BatchFacts:
    """What is known of a delivery: `totals` are sums of typed fields, `held` the rows bound for quarantine."""

    source: Source
    contract: Contract
    mapping: RecordMapping
    delivery: Delivery
    business_date: date
    last_delivered: int | None = None
    hours_since_accepted: float | None = None
    totals: Mapping[str, float] = field(default_factory=dict)
    held: int = 0


@dataclass(frozen=True)
class BatchRule:
    """One rule: `check` gives what is wrong as a Vietnamese sentence, or nothing."""

    rule_id: str
    severity: Severity
    title: str
    check: Callable[[BatchFacts], str | None]


@dataclass(frozen=True)
class BatchVerdict:
    """One rule on one delivery; `sentence` says what is wrong and what to do, None when nothing is."""

    rule: BatchRule
    sentence: str | None

    @property
    def refuses(self) -> bool:
        """Whether the delivery cannot be accepted for this."""
        return self.sentence is not None and self.rule.severity == "error"


@cache
def _all_bounds() -> tuple[tuple[str, date, date | None, Bounds], ...]:
    with BOUNDS.open(encoding="utf-8", newline="") as lines:
        return tuple(
            (
                row["kind"],
                date.fromisoformat(row["valid_from"]),
                date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                Bounds(
                    int(row["least_rows"]),
                    float(row["least_percent"]),
                    float(row["most_percent"]),
                    float(row["most_held_percent"]),
                ),
            )
            for row in csv.DictReader(lines)
        )


def bounds(kind: str, on: date) -> Bounds:
    """The bounds of a kind in force on a day; the earliest ones before that."""
    of_kind = sorted((b for b in _all_bounds() if b[0] == kind), key=lambda b: b[1])
    in_force = [b for b in of_kind if b[1] <= on and (b[2] is None or on < b[2])]
    return (in_force or of_kind)[-1][3]


def names(items: list[str], most: int = 8) -> str:
    """Names in quotation marks, at most `most` of them."""
    shown = ", ".join(f"“{item}”" for item in items[:most])
    return shown + (f" và {len(items) - most} tên khác" if len(items) > most else "")


def _missing_columns(facts: BatchFacts) -> str | None:
    missing = [m for m in facts.delivery.missing_columns if m in facts.mapping.columns]
    if not missing:
        return None
    shown = [f"{facts.mapping.columns[m]} ({facts.contract.by_name[m].business_name})" for m in missing]
    return f"Thiếu cột {names(shown)}; bổ sung cột đúng tên rồi gửi lại."


def _unmapped_required(facts: BatchFacts) -> str | None:
    lacking = [p.business_name for p in facts.contract.properties if p.required and p.name not in facts.mapping.columns]
    return (
        f"Khai báo nguồn chưa nối trường bắt buộc {names(lacking)}; bổ sung vào tệp khai báo nguồn."
        if lacking
        else None
    )


def _unknown_columns(facts: BatchFacts) -> str | None:
    dropped = facts.delivery.dropped_columns
    if not dropped:
        return None
    return f"Bỏ {len(dropped)} cột không có trong hợp đồng dữ liệu: {names(dropped)}; không cần gửi các cột này."


def _empty(facts: BatchFacts) -> str | None:
    """A source may have nothing of a record; it may not lose what it had."""
    if facts.delivery.delivered or facts.delivery.mode == "delta" or not facts.last_delivered:
        return None
    return "Lần gửi không có dòng dữ liệu nào; kiểm tra tệp hoặc bảng nguồn rồi gửi lại."


def _none_yet(facts: BatchFacts) -> str | None:
    if facts.delivery.delivered or facts.delivery.mode == "delta" or facts.last_delivered:
        return None
    return "Nguồn chưa có dòng dữ liệu nào cho loại bản ghi này; nếu không phải vậy thì kiểm tra tệp hoặc bảng nguồn."


def _volume(facts: BatchFacts) -> str | None:
    before, now = facts.last_delivered, facts.delivery.delivered
    if before is None or not now or facts.delivery.mode == "delta":
        return None
    limits = bounds(facts.contract.kind, facts.business_date)
    percent = now * 100 / max(before, 1)
    if max(before, now) < limits.least_rows or limits.least_percent <= percent <= limits.most_percent:
        return None
    return (
        f"Số dòng {now:,} so với lần được tiếp nhận trước {before:,} là {percent:.0f} %, ngoài khoảng "
        f"{limits.least_percent:g}–{limits.most_percent:g} %; gửi đủ dữ liệu, hoặc báo lý do để được chấp nhận."
    ).replace(",", ".", 2 if now >= 1000 and before >= 1000 else 1 if now >= 1000 or before >= 1000 else 0)


def _gap(facts: BatchFacts) -> str | None:
    hours = facts.hours_since_accepted
    if hours is None or hours <= facts.source.freshness_hours:
        return None
    return f"Lần tiếp nhận trước đã cách {hours:.0f} giờ, quá hạn {facts.source.freshness_hours:g} giờ của nguồn."


def _manifest_rows(facts: BatchFacts) -> str | None:
    for file in facts.delivery.files:
        if file.manifest and file.manifest.row_count is not None and file.manifest.row_count != file.rows:
            return (
                f"Tệp “{file.name}” có {file.rows} dòng nhưng bản kê ghi {file.manifest.row_count} dòng; "
                "gửi lại tệp đầy đủ cùng bản kê đúng."
            )
    declared = facts.delivery.manifest
    if not facts.delivery.files and declared and declared.row_count not in (None, facts.delivery.delivered):
        return (
            f"Nhận được {facts.delivery.delivered} dòng nhưng bản kê ghi {declared.row_count} dòng; "
            "gửi lại đầy đủ cùng bản kê đúng."
        )
    return None


def _manifest_digest(facts: BatchFacts) -> str | None:
    for file in facts.delivery.files:
        declared = file.manifest.sha256 if file.manifest else None
        if declared and declared.lower() != file.sha256.lower():
            return f"Mã kiểm SHA-256 của tệp “{file.name}” không khớp bản kê; tệp hỏng hoặc bị sửa, gửi lại cả hai."
    return None


def _control_totals(facts: BatchFacts) -> str | None:
    declared = facts.delivery.manifest.control_totals if facts.delivery.manifest else {}
    for name, wanted in declared.items():
        known = facts.contract.by_name.get(name)
        term = known.business_name if known else name
        if name not in facts.totals:
            return f"Bản kê có tổng kiểm soát của “{term}” nhưng đó không phải trường số được gửi; sửa bản kê."
        if abs(facts.totals[name] - wanted) > 0.005:
            return (
                f"Tổng kiểm soát của “{term}” là {facts.totals[name]:g} nhưng bản kê ghi {wanted:g}; "
                "đối chiếu số liệu rồi gửi lại."
            )
    return None


def _wrong_source(facts: BatchFacts) -> str | None:
    manifests = [facts.delivery.manifest, *(f.manifest for f in facts.delivery.files)]
    declared = [facts.delivery.declared_source, *(m.source for m in manifests if m)]
    for code in declared:
        if code is not None and code != facts.source.code:
            return (
                f"Dữ liệu khai là của nguồn {code}, không phải {facts.source.code} ({facts.source.name}); "
                "gửi đúng tệp của đơn vị mình."
            )
    return None


def _held_share(facts: BatchFacts) -> str | None:
    most = bounds(facts.contract.kind, facts.business_date).most_held_percent
    percent = facts.held * 100 / max(facts.delivery.delivered, 100)
    if percent <= most:
        return None
    return (
        f"{facts.held} dòng ({percent:.1f} %) có lỗi, quá mức {most:g} % của một lần gửi; "
        "sửa theo bảng lỗi rồi gửi lại."
    )


RULES: tuple[BatchRule, ...] = (
    BatchRule("BAT-001", "error", "Đủ các cột đã khai báo", _missing_columns),
    BatchRule("BAT-002", "error", "Đã nối mọi trường bắt buộc", _unmapped_required),
    BatchRule("BAT-003", "warning", "Không có cột lạ", _unknown_columns),
    BatchRule("BAT-004", "error", "Có dữ liệu", _empty),
    BatchRule("BAT-005", "error", "Số dòng gần với lần được tiếp nhận trước", _volume),
    BatchRule("BAT-006", "warning", "Gửi đúng hạn", _gap),
    BatchRule("BAT-007", "error", "Số dòng khớp bản kê", _manifest_rows),
    BatchRule("BAT-008", "error", "Mã kiểm SHA-256 khớp bản kê", _manifest_digest),
    BatchRule("BAT-009", "error", "Tổng kiểm soát khớp bản kê", _control_totals),
    BatchRule("BAT-010", "error", "Đúng nguồn", _wrong_source),
    BatchRule("BAT-011", "error", "Tỷ lệ dòng lỗi trong mức cho phép", _held_share),
    BatchRule("BAT-012", "warning", "Đã từng có dữ liệu", _none_yet),
)
#: What can be said before a row is read as types; the rest needs totals or faults.
AT_ARRIVAL = (
    "BAT-001",
    "BAT-002",
    "BAT-003",
    "BAT-004",
    "BAT-005",
    "BAT-006",
    "BAT-007",
    "BAT-008",
    "BAT-010",
    "BAT-012",
)


def judge(facts: BatchFacts, rule_ids: tuple[str, ...] | None = None) -> list[BatchVerdict]:
    """Every batch rule (or those named) on one delivery, in order."""
    return [BatchVerdict(rule, rule.check(facts)) for rule in RULES if rule_ids is None or rule.rule_id in rule_ids]
