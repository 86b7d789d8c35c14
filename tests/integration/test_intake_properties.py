"""What holds for every delivery: no row is lost, order does not count, twice is once, deltas add up to the snapshot."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.contract import load_contracts
from tests.intake_world import Row, World, good_row, source_of, world

TRAINING = load_contracts()["training"]
few = settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

keys = st.one_of(st.none(), st.sampled_from([f"K{i}" for i in range(8)]))
texts = st.one_of(st.none(), st.sampled_from(["Chính trị", "nt", "abc", "30/02/2020", "01/01/2020", "1.234"]))


@st.composite
def deliveries(draw: st.DrawFn) -> list[Row]:
    """Rows with missing, double and good keys, good, bad and absent values."""
    rows = []
    for number in range(draw(st.integers(1, 12))):
        spoilt = draw(st.dictionaries(st.sampled_from([p.name for p in TRAINING.properties]), texts, max_size=2))
        rows.append(
            good_row(TRAINING, f"K{number}") | spoilt | draw(st.sampled_from([{}, {}, {"source_key": draw(keys)}]))
        )
    return rows


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection) -> World:
    return world(monkeypatch, warehouse_url, warehouse, "training")


def _start(w: World, **mapping: str) -> None:
    w.source = source_of("training", **mapping)
    w.connection.execute(
        "truncate raw.training; truncate quarantine.row cascade; truncate ops.batch cascade; truncate ops.decision"
    )


@few
@given(first=deliveries(), second=deliveries())
def test_no_row_is_lost_and_twice_is_once(trainings: World, first: list[Row], second: list[Row]) -> None:
    _start(trainings)
    for rows in (first, second):
        before = trainings.open_rows()
        outcome = trainings.take(rows)
        assert outcome.delivered == len(rows)
        if outcome.status == "refused":
            assert trainings.open_rows() == before
            continue
        assert outcome.status in ("accepted", "identical")
        assert outcome.delivered == outcome.accepted + outcome.unchanged + outcome.quarantined
        history = trainings.value("select count(*) from raw.training")
        again = trainings.take(list(reversed(rows)))
        assert again.status == "identical"
        assert again.delivered == again.unchanged + again.quarantined
        assert trainings.value("select count(*) from raw.training") == history


@few
@given(changed=st.sets(st.integers(0, 9)), gone=st.sets(st.integers(0, 9)), new=st.integers(0, 3))
def test_deltas_add_up_to_the_snapshot(trainings: World, changed: set[int], gone: set[int], new: int) -> None:
    before = {f"K{i}": good_row(TRAINING, f"K{i}") for i in range(10)}
    news = {f"K{i}": good_row(TRAINING, f"K{i}", cadre_key="khác") for i in changed - gone}
    news |= {f"N{i}": good_row(TRAINING, f"N{i}") for i in range(new)}
    after = {key: row for key, row in (before | news).items() if key not in {f"K{i}" for i in gone}}

    _start(trainings, mode="delta")
    assert trainings.take(list(before.values())).status == "accepted"
    tombstones = [{"source_key": f"K{i}", "deleted": "1"} for i in gone]
    assert trainings.take([*news.values(), *tombstones]).status in ("accepted", "identical")
    by_deltas = trainings.open_rows()

    _start(trainings)
    if after:
        assert trainings.take(list(after.values())).status == "accepted"
    assert by_deltas == trainings.open_rows()
