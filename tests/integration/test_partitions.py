"""Partitions of raw: the first delivery of a source becomes its own table, what follows is added to it."""

from __future__ import annotations

import psycopg
import pytest

from orchestration.decisions import accept_batch
from sources.contract import load_contracts
from sources.partitions import analyze, is_first
from tests.intake_world import Row, World, good_row, world

TRAINING = load_contracts()["training"]
SOURCE = "38"


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, warehouse: psycopg.Connection) -> World:
    return world(monkeypatch, warehouse_url, warehouse, "training")


def _rows(*numbers: int) -> list[Row]:
    return [good_row(TRAINING, f"K{number}") for number in numbers]


def _keys(w: World) -> list[str]:
    return [key for (key,) in w.open_rows("source_key")]


def test_a_first_delivery_becomes_a_lasting_table_without_its_held_rows(trainings: World) -> None:
    twice = [*_rows(*range(300)), *_rows(7)]
    assert is_first(trainings.connection, "training", SOURCE)
    outcome = trainings.take(twice)
    assert (outcome.status, outcome.delivered, outcome.accepted, outcome.quarantined) == ("accepted", 301, 299, 2)
    assert not is_first(trainings.connection, "training", SOURCE)
    assert len(_keys(trainings)) == 299
    assert "K7" not in _keys(trainings)
    assert trainings.connection.execute(
        "select c.relpersistence, c.reloptions, i.indisvalid, pg_get_expr(c.relpartbound, c.oid)"
        " from pg_class as c inner join pg_index as i on i.indrelid = c.oid where c.oid = %s::regclass",
        [f"raw.training_{SOURCE.lower()}"],
    ).fetchall() == [("p", None, True, f"FOR VALUES IN ('{SOURCE}')")]
    assert trainings.value("select count(*) from pg_class where relnamespace = 'landing'::regnamespace") == 0


@pytest.mark.parametrize("numbers", [(1, 2, 3), (*range(300), 7)])
def test_keys_are_proved_unique_before_or_after_rows_are_held(trainings: World, numbers: tuple[int, ...]) -> None:
    assert trainings.take(_rows(*numbers)).status == "accepted"
    assert trainings.connection.execute(
        "select c.relname, i.indisunique and i.indisvalid from pg_index as i join pg_class as c on c.oid = i.indexrelid"
        " where i.indrelid = %s::regclass",
        [f"raw.training_{SOURCE}"],
    ).fetchall() == [(f"training_{SOURCE}_open", True)]


def test_a_first_delivery_may_hold_rows_without_a_key(trainings: World) -> None:
    outcome = trainings.take([*_rows(*range(300)), {**_rows(1)[0], "source_key": None}])
    assert (outcome.status, outcome.accepted, outcome.quarantined) == ("accepted", 300, 1)
    with pytest.raises(psycopg.errors.NotNullViolation):
        trainings.connection.execute(f"update raw.training_{SOURCE} set source_key = null")


def test_what_follows_is_added(trainings: World) -> None:
    first, second = trainings.take(_rows(1, 2, 3)), trainings.take([*_rows(2, 3, 4)])
    assert _keys(trainings) == ["K2", "K3", "K4"]
    assert trainings.value("select last_batch from raw.training where source_key = 'K1'") == second.batch_id
    assert trainings.value("select first_batch from raw.training where source_key = 'K2'") == first.batch_id


def test_a_key_stands_open_only_once(trainings: World) -> None:
    trainings.take(_rows(1))
    with pytest.raises(psycopg.errors.UniqueViolation):
        trainings.connection.execute("insert into raw.training select * from raw.training")


def test_a_refused_first_delivery_can_be_accepted(trainings: World) -> None:
    mostly_twice = [*_rows(*range(100)), *_rows(*range(60))]
    refused = trainings.take(mostly_twice)
    assert refused.status == "refused"
    assert is_first(trainings.connection, "training", SOURCE)
    accept_batch(trainings.connection, refused.batch_id, "đã kiểm tra với nguồn", "engineer")
    assert len(_keys(trainings)) == 40
    assert trainings.take(_rows(*range(200))).accepted == 160


def test_all_sources_together_are_known_to_the_planner(trainings: World) -> None:
    trainings.take(_rows(*range(40)))
    analyze(trainings.connection, "training")
    assert trainings.value("select reltuples from pg_class where oid = 'raw.training'::regclass") == 40


def test_a_batch_may_bear_the_number_of_its_source(trainings: World) -> None:
    trainings.value("select setval(pg_get_serial_sequence('ops.batch', 'batch_id'), %s)", int(SOURCE) - 1)
    outcome = trainings.take(_rows(1))
    assert (outcome.batch_id, outcome.status) == (int(SOURCE), "accepted")
