"""What the person step reads of raw each night: what later batches touched, and every row where that was not all."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from identity import changes
from identity.step import link_persons
from tests.raw_rows import say, withdraw

NIGHT = date(2026, 11, 22)
AN = {"full_name": "Nguyễn Văn An", "birth_date": "1970-05-03", "personal_id": "099070000001"}
BINH = {"full_name": "Trần Thị Bình", "birth_date": "1981-09-10", "personal_id": "099181000002"}
OPEN = "select source, record, source_key, name_key from identity.linkage_record where present"


@pytest.fixture(scope="session")
def template(template_with_reference: str) -> str:
    return template_with_reference


@pytest.fixture(name="warehouse")
def linked_last_night(warehouse: psycopg.Connection) -> psycopg.Connection:
    say(warehouse, "member", "38", "1", batch=5, **AN)
    say(warehouse, "cadre", "38", "1", batch=6, **AN)
    link_persons(warehouse, NIGHT)
    warehouse.commit()
    return warehouse


def test_a_night_looks_only_at_what_later_batches_touched(
    warehouse: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_EVERY_ROW", "every row was compared")
    assert link_persons(warehouse, NIGHT).weighed == 0
    say(warehouse, "member", "38", "1", batch=7, **{**AN, "full_name": "Nguyễn Văn Ân"})
    say(warehouse, "member", "40", "2", batch=8, **BINH)
    withdraw(warehouse, "cadre", "38", "1", batch=9)
    summary = link_persons(warehouse, NIGHT)
    assert (summary.records, summary.weighed) == (2, 2)
    withdraw(warehouse, "member", "40", "2", batch=10)
    say(warehouse, "cadre", "38", "1", batch=11, **AN)
    assert link_persons(warehouse, NIGHT).records == 2
    said = warehouse.execute(OPEN).fetchall()
    assert sorted(said) == [("38", "cadre", "1", "nguyễn văn an"), ("38", "member", "1", "nguyễn văn ân")]


def test_a_batch_accepted_late_is_found_by_the_sums(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "40", "2", batch=3, **BINH)
    say(warehouse, "member", "38", "1", batch=4, **{**AN, "full_name": "Nguyễn Văn Ân"})
    summary = link_persons(warehouse, NIGHT)
    assert (summary.records, summary.weighed) == (3, 2)


def test_rows_that_were_erased_are_found_by_the_sums(warehouse: psycopg.Connection) -> None:
    warehouse.execute("delete from raw.cadre")
    assert link_persons(warehouse, NIGHT).records == 1
    assert warehouse.execute(OPEN).fetchall() == [("38", "member", "1", "nguyễn văn an")]


def test_words_changed_under_the_same_batch_are_found_by_the_sums(warehouse: psycopg.Connection) -> None:
    warehouse.execute("update raw.member set full_name = 'Nguyễn Văn Ân', row_hash = 1")
    assert link_persons(warehouse, NIGHT).weighed == 1


def test_a_mark_tells_versions_apart(warehouse: psycopg.Connection) -> None:
    versions = [
        (record, source, key, batch, row_hash)
        for record in ("member", "cadre")
        for source in ("38", "40")
        for key in ("1", "2")
        for batch in (1, 2)
        for row_hash in (0, 1)
    ]
    marks = {warehouse.execute("select identity.version_mark(%s, %s, %s, %s, %s)", v).fetchone() for v in versions}
    assert len(marks) == len(versions)
