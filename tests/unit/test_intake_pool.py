"""Many sources at once: whatever one of them does, each comes out once and the others are taken in."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import pytest

from orchestration import intake_pool
from orchestration.batches import BatchOutcome
from orchestration.intake import OUR_FAULT
from orchestration.intake_pool import LOST_WORKER, Delivery, Night, apart, take_in_all
from sources.registry import Source

GOOD, FAILS, FAILS_ONCE, FAILS_TWICE, REFUSED, RAISES, DIES = (f"{n:02d}" for n in range(11, 18))


def _source(code: str, retries: int = 1) -> Source:
    return Source.model_validate(
        {
            "code": code,
            "name": f"Nguồn {code}",
            "retries": retries,
            "systems": {"s": {"connector": "csv", "location": "/nowhere"}},
            "records": {"member": {"system": "s", "columns": {"source_key": "id"}}},
        }
    )


def work(delivery: Delivery, night: Night) -> Delivery:
    """What a worker does, by the code of its source; every asking leaves a letter in a file."""
    code = delivery.source.code
    asked = Path(night.environment["FOLDER"]) / code
    with asked.open("a") as letters:
        letters.write("x")
    times = asked.stat().st_size
    if code == RAISES:
        raise ZeroDivisionError
    if code == DIES:
        os._exit(1)
    failing = code == FAILS or (code == FAILS_ONCE and times < 2) or (code == FAILS_TWICE and times < 3)
    status = "failed" if failing else "refused" if code == REFUSED else "accepted"
    return Delivery(delivery.source, delivery.kind, (BatchOutcome(times, code, "member", status, "vì thế"),))  # type: ignore[arg-type]


@pytest.fixture
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Takes sources in; the deliveries that came out by code, and how often each source was asked."""
    monkeypatch.setattr(intake_pool, "_work", work)

    def take(*sources: Source, workers: int = 2) -> tuple[dict[str, Delivery], dict[str, int]]:
        night = Night("", "run", date(2026, 11, 22), {"FOLDER": str(tmp_path)})
        found = list(take_in_all([Delivery(s, "member") for s in sources], night, workers))
        assert len(found) == len(sources)
        return {d.source.code: d for d in found}, {f.name: f.stat().st_size for f in tmp_path.iterdir()}

    return take


def test_a_failed_source_is_asked_again_as_often_as_it_says(taken) -> None:
    found, asked = taken(
        *(_source(code) for code in (GOOD, FAILS, FAILS_ONCE, REFUSED, RAISES)), _source(FAILS_TWICE, retries=2)
    )
    good = {code: d.good for code, d in found.items()}
    assert good == {GOOD: True, FAILS: False, FAILS_ONCE: True, FAILS_TWICE: True, REFUSED: False, RAISES: False}
    assert asked == {GOOD: 1, FAILS: 2, FAILS_ONCE: 2, FAILS_TWICE: 3, REFUSED: 1, RAISES: 2}
    assert (found[RAISES].reason, found[FAILS].reason) == (OUR_FAULT, "member: vì thế")


def test_one_that_kills_its_worker_is_lost_alone(taken) -> None:
    found, asked = taken(_source(DIES, retries=0), *(_source(c, retries=0) for c in (GOOD, FAILS, FAILS_ONCE, RAISES)))
    assert found[GOOD].good
    assert {code: d.reason for code, d in found.items() if d.lost} == {DIES: LOST_WORKER, RAISES: OUR_FAULT}
    assert not found[FAILS].good
    assert asked[DIES] == 2  # once among the others, once alone


def test_nothing_wanted_starts_nothing(taken) -> None:
    assert taken() == ({}, {})


def holds(module: str) -> tuple[int, bool]:
    return os.getpid(), module in sys.modules


def test_work_done_apart_finds_great_expectations_there() -> None:
    process, held = apart(holds, "great_expectations")
    assert process != os.getpid()
    assert held
    with pytest.raises(ZeroDivisionError):
        apart(divmod, 1, 0)
