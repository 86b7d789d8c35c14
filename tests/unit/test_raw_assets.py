"""What Dagster is told of a delivery: counts and rules, never a value."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from orchestration.assets.raw import results
from orchestration.batches import BatchOutcome, RuleResult
from orchestration.intake_pool import LOST_WORKER, Delivery
from sources.registry import Source

SOURCE = Source.model_validate(
    {
        "code": "38",
        "name": "Tỉnh ủy Thanh Hóa",
        "systems": {"s": {"connector": "csv", "location": "/nowhere"}},
        "records": {"member": {"system": "s", "columns": {"source_key": "id"}}},
    }
)
RULES = (
    RuleResult("BAT-003", "warning", 1, 1, 0, passed=False, alarm=False, sentence="Bỏ 1 cột: “ho_ten”."),
    RuleResult("MEM-003", "error", 200, 0, 2, passed=True, alarm=False, sentence="Thiếu họ và tên."),
    RuleResult("MEM-007", "warning", 200, 9, 5, passed=True, alarm=False, sentence="Thiếu ngày sinh."),
    RuleResult("MEM-047", "warning", 200, 2, 0, passed=False, alarm=True, sentence="Khóa dùng lại."),
)


def _told(**outcome: Any) -> tuple[list[dg.MaterializeResult], dg.AssetCheckResult]:
    made = BatchOutcome(1, "38", "member", **({"delivered": 200, "results": RULES} | outcome))
    *assets, check = results(Delivery(SOURCE, "member", (made,)))
    assert isinstance(check, dg.AssetCheckResult)
    return assets, check  # type: ignore[return-value]


@pytest.mark.parametrize(("status", "good"), [("accepted", True), ("refused", False)])
def test_the_check_carries_the_verdicts_with_their_counts(status: str, good: bool) -> None:
    assets, check = _told(status=status, accepted=191, quarantined=9)
    assert (len(assets), check.passed) == (int(good), good)
    assert check.metadata["member"].value == {
        "status": status, "delivered": 200, "accepted": 191, "unchanged": 0, "quarantined": 9,
    }  # fmt: skip
    told = check.metadata["member rules"].value
    assert told["judged"] == 4
    assert [list(rule) for rule in told["broken"]] == [
        ["rule_id", "severity", "checked", "failed", "tolerance", "passed", "alarm"]
    ] * 3
    assert [tuple(rule.values()) for rule in told["broken"]] == [
        ("BAT-003", "warning", 1, 1, 0, False, False),
        ("MEM-007", "warning", 200, 9, 5, True, False),
        ("MEM-047", "warning", 200, 2, 0, False, True),
    ]
    assert check.metadata["alarms"].value == 2
    assert "ho_ten" not in str(check.metadata)


def test_a_delivery_that_nobody_judged_has_no_verdicts() -> None:
    _, check = _told(status="identical", results=(), unchanged=200)
    assert (check.passed, sorted(check.metadata)) == (True, ["alarms", "member"])


def test_a_lost_delivery_is_red_and_says_why() -> None:
    (check,) = results(Delivery(SOURCE, "member", lost=LOST_WORKER))
    assert isinstance(check, dg.AssetCheckResult)
    assert (check.passed, check.description, check.severity) == (False, LOST_WORKER, dg.AssetCheckSeverity.ERROR)
