"""Who is who, night after night: links, conflicts, and ids that never change hands."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from identity import deterministic, features, model, step
from identity.step import link_persons
from tests.raw_rows import say, withdraw

NIGHT = date(2026, 11, 22)
AN = {"full_name": "Nguyễn Văn An", "birth_date": "1970-05-03", "personal_id": "099070000001"}
BINH = {"full_name": "Trần Thị Bình", "birth_date": "1981-09-10", "personal_id": "099181000002"}


@pytest.fixture(scope="session")
def template(template_with_reference: str) -> str:
    return template_with_reference


def persons(connection: psycopg.Connection) -> dict[tuple[str, str, str], UUID]:
    rows = connection.execute("select source, record, source_key, person_id from identity.person_link").fetchall()
    return {(source, record, key): person for source, record, key, person in rows}


def link(connection: psycopg.Connection) -> dict[tuple[str, str, str], UUID]:
    link_persons(connection, NIGHT)
    return persons(connection)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"full_name": "NGUYỄN VĂN AN"}, True),
        ({"full_name": "Nguyễn Văn Ân"}, True),
        ({"birth_date": "1971-05-03"}, True),
        ({"full_name": "Lê Thị Cúc", "birth_date": "1985-01-01"}, False),
        ({"full_name": "Lê Thị Cúc", "birth_date": "1970-01-01", "birth_date_precision": "Y"}, False),
        ({"personal_id": "099070000009"}, True),
        ({"personal_id": "099070718293"}, False),
        ({"personal_id": None}, False),
        ({"personal_id": "000000000000"}, False),
    ],
)
def test_one_id_number_is_one_person_only_where_name_or_birth_agree(
    warehouse: psycopg.Connection, other: dict[str, Any], same: bool
) -> None:
    say(warehouse, "member", "38", "1", **AN)
    say(warehouse, "cadre", "T1", "9", **{**AN, **other})
    links = link(warehouse)
    assert (links["38", "member", "1"] == links["T1", "cadre", "9"]) is same


def test_a_number_of_two_people_is_a_conflict_until_it_is_corrected(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **AN)
    say(warehouse, "member", "38", "2", **{**BINH, "personal_id": AN["personal_id"]})
    assert link_persons(warehouse, NIGHT).conflicts == 1
    assert link_persons(warehouse, NIGHT).conflicts == 1
    query = "select left_key, right_key, reason, resolved_at is null from identity.conflict"
    assert warehouse.execute(query).fetchall() == [("1", "2", "number_of_two_people", True)]
    say(warehouse, "member", "38", "2", batch=2, **BINH)
    assert link_persons(warehouse, NIGHT).conflicts == 0
    assert warehouse.execute(query).fetchall() == [("1", "2", "number_of_two_people", False)]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"birth_date": "1970-05-04"}, True),
        ({"birth_date": "1986-11-23"}, False),
        ({"full_name": "Lê Thị Cúc", "birth_date": "1970-11-23", "sex": "F"}, False),
    ],
)
def test_an_old_card_links_where_name_and_birth_bear_it_out(
    warehouse: psycopg.Connection, other: dict[str, Any], same: bool
) -> None:
    card = {**AN, "personal_id": None, "old_party_card_no": "38012345", "admission_date": None}
    say(warehouse, "member", "38", "1", **card)
    say(warehouse, "member", "40", "1", **{**card, **other})
    links = link(warehouse)
    assert (links["38", "member", "1"] == links["40", "member", "1"]) is same


def test_same_name_and_birth_alone_never_link(warehouse: psycopg.Connection) -> None:
    bare = {**AN, "personal_id": None, "admission_date": None}
    say(warehouse, "member", "38", "1", **bare)
    say(warehouse, "member", "40", "1", **bare)
    assert len(set(link(warehouse).values())) == 2


def test_an_id_stays_over_nights_absences_and_changes(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **AN)
    first = link(warehouse)
    assert link_persons(warehouse, NIGHT).new_persons == 0
    withdraw(warehouse, "member", "38", "1", batch=2)
    link(warehouse)
    say(warehouse, "member", "38", "1", batch=3, **{**AN, "full_name": "Nguyễn Văn Ẩn"})
    assert link(warehouse) == first


def test_a_merge_keeps_the_older_id_and_leaves_a_redirect(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "40", "1", **AN)
    older = link(warehouse)["40", "member", "1"]
    say(warehouse, "member", "38", "1", batch=2, **{**AN, "personal_id": None, "admission_date": None})
    younger = link(warehouse)["38", "member", "1"]
    say(warehouse, "member", "38", "1", batch=3, **AN)
    links = link(warehouse)
    assert set(links.values()) == {older}
    redirect = warehouse.execute("select redirect_to from identity.person where person_id = %s", [younger]).fetchone()
    assert redirect == (older,)


def test_a_link_whose_evidence_falls_away_is_undone_and_the_id_stays_with_one(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **AN)
    say(warehouse, "cadre", "38", "1", **AN)
    together = link(warehouse)
    assert len(set(together.values())) == 1
    say(warehouse, "cadre", "38", "1", batch=2, **{**AN, "personal_id": "099070718293"})
    apart = link(warehouse)
    assert len(set(apart.values())) == 2
    assert set(together.values()) < set(apart.values())
    assert warehouse.execute("select count(*) from identity.evidence where withdrawn_at is not null").fetchone() == (1,)


def test_a_key_reused_for_another_person_does_not_carry_the_id_over(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **AN)
    before = link(warehouse)["38", "member", "1"]
    say(warehouse, "member", "38", "1", batch=2, **BINH)
    summary = link_persons(warehouse, NIGHT)
    after = persons(warehouse)["38", "member", "1"]
    assert summary.reused_keys == 1
    assert after != before
    assert link(warehouse)["38", "member", "1"] == after
    alarm = "select left_source, left_record, left_key, reason, resolved_at is null from identity.conflict"
    assert warehouse.execute(alarm).fetchall() == [("38", "member", "1", "key_of_another_person", True)]
    kept = "select kind, person_id, source, record, source_key from identity.person_event"
    assert warehouse.execute(kept).fetchall() == [("record left", before, "38", "member", "1")]


def test_the_order_in_which_records_arrive_decides_nothing(warehouse: psycopg.Connection) -> None:
    card = {"old_party_card_no": "38012345"}
    rows = [
        ("member", "38", "1", {**AN, **card}),
        ("member", "40", "7", {**AN, **card, "personal_id": None}),
        ("cadre", "T1", "3", AN),
        ("cadre", "38", "2", BINH),
    ]
    outcomes = set()
    for order in permutations(rows):
        with warehouse.transaction(force_rollback=True):
            for record, source, key, values in order:
                say(warehouse, record, source, key, **values)
            outcomes.add(frozenset(link(warehouse).items()))
    assert len(outcomes) == 1
    assert len({person for _, person in outcomes.pop()}) == 2


def test_a_number_on_very_many_records_links_nobody(warehouse: psycopg.Connection) -> None:
    for n in range(60):
        say(warehouse, "member", "38", str(n), **{**AN, "birth_date": None})
    summary = link_persons(warehouse, NIGHT)
    assert (summary.persons, summary.conflicts) == (60, 59)


@pytest.mark.parametrize(
    ("said", "weighed"),
    [
        ({"full_name": "NGUYỄN VĂN AN"}, 0),
        ({"occupation_code": "05"}, 0),
        ({"birth_date": "1970-05-04"}, 1),
        ({"personal_id": None}, 1),
        ({"sex": "F"}, 1),
    ],
)
def test_only_records_that_say_something_else_to_compare_are_weighed_again(
    warehouse: psycopg.Connection, said: dict[str, Any], weighed: int
) -> None:
    say(warehouse, "member", "38", "1", **AN)
    say(warehouse, "member", "40", "1", **BINH)
    before = link(warehouse)
    say(warehouse, "member", "38", "1", batch=2, **{**AN, **said})
    assert link_persons(warehouse, NIGHT).weighed == weighed
    assert persons(warehouse) == before
    assert link_persons(warehouse, NIGHT).weighed == 0


def test_holders_of_an_old_number_are_weighed_again_when_others_take_it_or_give_it_up(
    warehouse: psycopg.Connection,
) -> None:
    many = int(model.load_settings()["most_holders"])
    for n in range(many + 1):
        say(warehouse, "member", "38", str(n), full_name=f"Lê Thị {chr(97 + n)}", old_identity_no="012345678")
    link_persons(warehouse, NIGHT)
    say(warehouse, "member", "38", "0", batch=2, full_name="Lê Thị Hoa", old_identity_no="012345678")
    assert link_persons(warehouse, NIGHT).weighed == 1
    say(warehouse, "member", "38", "0", batch=3, full_name="Lê Thị Hoa")
    assert link_persons(warehouse, NIGHT).weighed == many + 1
    say(warehouse, "cadre", "38", "0", batch=4, full_name="Lê Thị Hoa", old_identity_no="012345678")
    assert link_persons(warehouse, NIGHT).weighed == many + 1


def standing_evidence(connection: psycopg.Connection) -> set[tuple[str, str]]:
    rows = connection.execute("select method, rule_version from identity.evidence where withdrawn_at is null")
    return {(method, version) for method, version in rows.fetchall()}


def of_another_version(part: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Change one part of what evidence follows from beside the records; returns the versions evidence has then."""
    versions = {"personal_id": deterministic.RULE_VERSION, "splink": model.person_model().version}
    if part == "rules":
        for module in (deterministic, step):
            monkeypatch.setattr(module, "RULE_VERSION", "deterministic-next")
        return versions | {"personal_id": "deterministic-next"}
    if part == "model":
        trained = json.loads(model.PARAMETERS.read_text(encoding="utf-8"))
        (folder / "model.json").write_text(json.dumps(trained | {"version": "persons-next"}), encoding="utf-8")
        monkeypatch.setattr(model, "PARAMETERS", folder / "model.json")
        monkeypatch.setattr(model, "person_model", partial(model.person_model, parameters=folder / "model.json"))
        return versions | {"splink": "persons-next"}
    module, name = {"settings": (model, "SETTINGS"), "frequencies": (features, "FREQUENCIES")}[part]
    copy = folder / name
    copy.write_bytes(getattr(module, name).read_bytes() + b"\n")
    monkeypatch.setattr(module, name, copy)
    return versions


@pytest.mark.parametrize("part", ["rules", "model", "settings", "frequencies"])
def test_another_version_weighs_everything_anew_and_evidence_says_which(
    warehouse: psycopg.Connection, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(warehouse, "member", "38", "1", **AN)
    say(warehouse, "cadre", "T1", "9", **AN)
    for source in ("38", "40"):
        say(warehouse, "member", source, "2", **{**BINH, "personal_id": None, "admission_date": None})
    assert link_persons(warehouse, NIGHT).weighed == 4
    before = persons(warehouse)
    versions = {"personal_id": deterministic.RULE_VERSION, "splink": model.person_model().version}
    assert standing_evidence(warehouse) == set(versions.items())
    assert link_persons(warehouse, NIGHT).weighed == 0

    then = of_another_version(part, tmp_path, monkeypatch)
    summary = link_persons(warehouse, NIGHT)
    assert (summary.weighed, persons(warehouse)) == (4, before)
    assert standing_evidence(warehouse) == set(then.items())
    replaced = set(versions.items()) - set(then.items())
    assert (summary.evidence_added, summary.evidence_withdrawn) == (len(replaced), len(replaced))
    withdrawn = "select method, rule_version from identity.evidence where withdrawn_at is not null"
    assert set(warehouse.execute(withdrawn).fetchall()) == replaced
    assert link_persons(warehouse, NIGHT).weighed == 0


def test_another_code_list_weighs_everything_anew(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **AN)
    say(warehouse, "member", "40", "1", **BINH)
    link_persons(warehouse, NIGHT)
    warehouse.execute("delete from reference.identity_prefix where prefix = '001'")
    assert link_persons(warehouse, NIGHT).weighed == 2
