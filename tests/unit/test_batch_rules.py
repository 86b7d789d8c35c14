"""Rules of a delivery as a whole: what the last value that holds and the first that does not are told."""

from __future__ import annotations

from typing import Any

import pytest

from expectations.batch_rules import BatchFacts, bounds, judge
from sources.connectors.base import Delivery, Manifest
from sources.contract import load_contracts
from tests.intake_world import TODAY, source_of

MEMBER = load_contracts()["member"]
SOURCE = source_of("member")


def _sentence(rule_id: str, *, delivery: Delivery | None = None, **known: Any) -> str | None:
    mapping = SOURCE.records["member"]
    facts = BatchFacts(SOURCE, MEMBER, mapping, delivery or Delivery(delivered=1000), TODAY, **known)
    (verdict,) = judge(facts, (rule_id,))
    assert verdict.refuses == (verdict.sentence is not None and verdict.rule.severity == "error")
    return verdict.sentence


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (None, None),
        (36, None),
        (36.6, "Lần tiếp nhận trước đã cách 37 giờ, quá hạn 36 giờ của nguồn."),
    ],
)
def test_a_late_delivery_is_warned_of(hours: float | None, said: str | None) -> None:
    assert SOURCE.freshness_hours == 36
    assert _sentence("BAT-006", hours_since_accepted=hours) == said


@pytest.mark.parametrize(
    ("delivered", "held", "percent"),
    [(1000, 200, None), (1000, 201, "20.1"), (10, 10, None), (30, 20, None), (30, 21, "21.0")],
)
def test_too_many_held_rows_refuse_the_delivery(delivered: int, held: int, percent: str | None) -> None:
    """Few rows are judged as if they were a hundred."""
    assert bounds("member", TODAY).most_held_percent == 20
    said = f"{held} dòng ({percent} %) có lỗi, quá mức 20 % của một lần gửi; sửa theo bảng lỗi rồi gửi lại."
    assert _sentence("BAT-011", delivery=Delivery(delivered=delivered), held=held) == (said if percent else None)


@pytest.mark.parametrize(
    ("delivered", "before", "mode", "warned", "refused"),
    [
        (0, None, "snapshot", True, False),
        (0, 0, "snapshot", True, False),
        (0, 5, "snapshot", False, True),
        (1, None, "snapshot", False, False),
        (0, None, "delta", False, False),
        (0, 5, "delta", False, False),
    ],
)
def test_nothing_is_a_warning_until_there_was_something(
    delivered: int, before: int | None, mode: str, warned: bool, refused: bool
) -> None:
    delivery = Delivery(delivered=delivered, mode=mode)
    assert bool(_sentence("BAT-012", delivery=delivery, last_delivered=before)) == warned
    assert bool(_sentence("BAT-004", delivery=delivery, last_delivered=before)) == refused


@pytest.mark.parametrize(
    ("declared", "found", "said"),
    [
        ({"term_years": 10.0}, {"term_years": 10.004}, None),
        (
            {"term_years": 10.0},
            {"term_years": 10.006},
            "Tổng kiểm soát của “term_years” là 10.006 nhưng bản kê ghi 10;",
        ),
        ({"full_name": 10.0}, {}, "“Họ và tên khai sinh” nhưng đó không phải trường số được gửi; sửa bản kê."),
        ({"khong_co": 10.0}, {}, "“khong_co” nhưng đó không phải trường số được gửi; sửa bản kê."),
    ],
)
def test_control_totals_are_of_numbers_that_are_sent(
    declared: dict[str, float], found: dict[str, float], said: str | None
) -> None:
    delivery = Delivery(delivered=3, manifest=Manifest(3, None, declared, None))
    sentence = _sentence("BAT-009", delivery=delivery, totals=found)
    assert (sentence is None) == (said is None)
    assert (said or "") in (sentence or "")
