"""Stewards decide, runs obey, undo restores; and the nights in between give what one run from nothing gives."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import psycopg
import pytest

from identity.model import score
from identity.step import link_persons
from identity.stewardship import StewardError, decide, explain, person_records, queue, show, split, undo
from tests.person_histories import Histories, Key, concerned
from tests.raw_rows import say, withdraw

NIGHT = date(2026, 11, 22)
AN: dict[str, Any] = {"full_name": "Nguyễn Văn An", "birth_date": "1970-05-03", "personal_id": "099070000001"}
TWIN: dict[str, Any] = {**AN, "personal_id": None, "admission_date": None}


@pytest.fixture(scope="session")
def template(template_with_reference: str) -> str:
    return template_with_reference


def persons(connection: psycopg.Connection) -> dict[str, str]:
    rows = connection.execute(
        """
        select l.source || '/' || l.record || '/' || l.source_key, l.person_id::text
        from identity.person_link as l inner join identity.linkage_record as r using (source, record, source_key)
        where r.present
        """
    ).fetchall()
    return dict(rows)


def groups(linked: dict[str, str]) -> set[frozenset[str]]:
    by_person: dict[str, set[str]] = {}
    for record, person in linked.items():
        by_person.setdefault(person, set()).add(record)
    return {frozenset(g) for g in by_person.values()}


def forget_links(connection: psycopg.Connection) -> None:
    connection.execute(
        """
        truncate identity.linkage_record, identity.evidence, identity.broken_evidence, identity.review_item,
            identity.conflict, identity.person_link, identity.person, identity.person_event, identity.linked_version,
            identity.decision, identity.decision_pair restart identity
        """
    )


def standing(connection: psycopg.Connection) -> tuple[set[Any], set[Any], set[Any]]:
    """Clusters, review items and conflicts that stand now."""
    names = "identity.record_name(left_id), identity.record_name(right_id)"
    review = connection.execute(f"select {names}, reason from identity.review_item where closed_at is null").fetchall()
    conflicts = connection.execute(
        "select left_source, left_key, right_source, right_key, reason from identity.conflict"
        " where resolved_at is null and reason <> 'key_of_another_person'"
    ).fetchall()
    pairs = {(frozenset(r[:2]), r[2]) for r in review}
    return groups(persons(connection)), pairs, set(conflicts)


@pytest.mark.parametrize("seed", [1, 2])
def test_incremental_nights_give_what_a_run_from_nothing_gives(
    warehouse: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    weighed_pairs: list[tuple[set[int] | None, set[tuple[int, int]]]] = []

    def listening(records: Any, changed: Any = None, **settings: Any) -> Any:
        scored = score(records, changed, **settings)
        pairs = set(zip(scored["left"].to_pylist(), scored["right"].to_pylist(), strict=True))
        weighed_pairs.append((None if changed is None else set(changed), pairs))
        return scored

    monkeypatch.setattr("identity.model.score", listening)
    warehouse.execute(
        "insert into ops.batch (batch_id, run_id, source, record, kind, mode, business_date, contract_version, status)"
        " overriding system value"
        " select n, 'test', '38', 'member', 'member', 'snapshot', %s + n / 7, '1', 'accepted'"
        " from generate_series(1, 2000) as n",
        [NIGHT],
    )
    histories = Histories(warehouse, random.Random(seed))
    before: dict[Key, dict[str, Any]] = {}
    for day in range(4):
        if day:
            histories.decide()
        histories.live_a_day()
        if day == 2:
            histories.merge_bodies()
        weighed = link_persons(warehouse, NIGHT).weighed
        if day:
            changed, pairs = weighed_pairs[-1]
            assert changed is not None
            assert len(changed) == weighed <= len(concerned(before, histories.said)) < len(histories.said)
            assert pairs
            assert all(changed & set(pair) for pair in pairs)
        before = dict(histories.said)
    assert link_persons(warehouse, NIGHT).weighed == 0
    kinds = warehouse.execute("select distinct kind from identity.person_event").fetchall()
    assert {kind for (kind,) in kinds} >= {"merged", "split", "key changed", "record left"}
    by_nights = standing(warehouse)
    reasons = {reason for *_, reason in by_nights[2]}
    assert reasons >= {"number_of_two_people", "mistyped_number"}
    decided = warehouse.execute(
        """
        select identity.record_name(p.left_id), identity.record_name(p.right_id), d.verdict
        from identity.decision as d inner join identity.decision_pair as p on d.decision_id = p.decision_id
        inner join identity.linkage_record as a on p.left_id = a.record_id and a.present
        inner join identity.linkage_record as b on p.right_id = b.record_id and b.present
        where d.undone_at is null order by d.decision_id
        """
    ).fetchall()
    assert {verdict for *_, verdict in decided} == {"same", "different", "cannot tell"}
    forget_links(warehouse)
    link_persons(warehouse, NIGHT)
    assert standing(warehouse) != by_nights
    for decision in decided:
        warehouse.execute("select identity.decide(%s, %s, %s, 'thử')", decision)
    link_persons(warehouse, NIGHT)
    from_nothing = standing(warehouse)
    assert from_nothing[0] == by_nights[0]
    assert from_nothing[1] == by_nights[1]
    assert from_nothing[2] == by_nights[2]


@pytest.mark.parametrize("seed", [7, 8])
def test_persons_depend_on_which_decisions_stand_and_not_on_how_they_came_to(
    warehouse: psycopg.Connection, seed: int
) -> None:
    """Whatever is decided and undone in whatever order: the same standing decisions, the same clusters and ids."""
    for source in ("38", "40", "44"):
        say(warehouse, "member", source, "1", **TWIN)
    say(warehouse, "cadre", "38", "7", **AN)
    say(warehouse, "member", "38", "2", **AN)
    link_persons(warehouse, NIGHT)
    rng = random.Random(seed)
    names = sorted(persons(warehouse))
    standing_now: dict[int, tuple[str, str, str]] = {}
    met: dict[frozenset[tuple[str, str, str]], dict[str, str]] = {frozenset(): persons(warehouse)}
    revisited = 0
    for step in range(30):
        warehouse.commit()
        if standing_now and (step >= 22 or rng.random() < 0.45):
            number = rng.choice(sorted(standing_now))
            undo(warehouse, number, reason="thử", who="ks", business_date=NIGHT)
            del standing_now[number]
        else:
            a, b = sorted(rng.sample(names, 2))
            verdict = rng.choice(["same", "different"])
            try:
                number = decide(warehouse, (a, b), verdict, reason="thử", who="ks", business_date=NIGHT)
            except StewardError:
                warehouse.rollback()
                continue
            standing_now[number] = (a, b, verdict)
        if step % 10 == 9:
            held = persons(warehouse)
            link_persons(warehouse, NIGHT)
            assert persons(warehouse) == held
        state = frozenset(standing_now.values())
        revisited += state in met
        assert met.setdefault(state, persons(warehouse)) == persons(warehouse)
    for number in rng.sample(sorted(standing_now), len(standing_now)):
        warehouse.commit()
        undo(warehouse, number, reason="thử", who="ks", business_date=NIGHT)
    assert persons(warehouse) == met[frozenset()]
    assert revisited > 3
    redirected = "select count(*) from identity.person_link inner join identity.person using (person_id)"
    assert warehouse.execute(f"{redirected} where redirect_to is not null").fetchone() == (0,)


def test_a_merger_of_persons_takes_absent_records_along_and_its_undoing_brings_them_back(
    warehouse: psycopg.Connection,
) -> None:
    say(warehouse, "member", "38", "1", **AN)
    for key in ("1", "2"):
        say(warehouse, "member", "40", key, **{**TWIN, "personal_id": "099070718293", "full_name": "Lê Bá Mão"})
    link_persons(warehouse, NIGHT)
    withdraw(warehouse, "member", "40", "2", batch=2)
    link_persons(warehouse, NIGHT)
    query = "select source, source_key, person_id from identity.person_link order by source, source_key"
    before = warehouse.execute(query).fetchall()
    assert len({person for *_, person in before}) == 2
    number = decide(
        warehouse, ("38/member/1", "40/member/1"), "same", reason="một người", who="ks", business_date=NIGHT
    )
    assert len({person for *_, person in warehouse.execute(query).fetchall()}) == 1
    undo(warehouse, number, reason="nhầm", who="ks", business_date=NIGHT)
    assert warehouse.execute(query).fetchall() == before


def test_a_steward_joins_and_parts(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **TWIN)
    say(warehouse, "member", "40", "1", **TWIN)
    link_persons(warehouse, NIGHT)
    pair = ("38/member/1", "40/member/1")
    assert [(i["left_record"], i["right_record"]) for i in queue(warehouse)] == [pair]
    (why,) = explain(warehouse, list(pair))
    assert (why["method"], why["vector"]["name"][0] > 0) == ("splink", True)
    before = persons(warehouse)
    number = decide(warehouse, pair, "same", reason="hồ sơ gốc", who="ks", business_date=NIGHT)
    assert len(set(persons(warehouse).values())) == 1
    assert queue(warehouse) == []
    say(warehouse, "member", "40", "1", batch=2, **{**TWIN, "full_name": "Nguyễn Văn Ân"})
    link_persons(warehouse, NIGHT)
    (person,) = set(persons(warehouse).values())
    assert person_records(warehouse, person) == list(pair)
    with pytest.raises(StewardError, match="stands about this pair"):
        decide(warehouse, pair, "different", reason="nhầm", who="ks", business_date=NIGHT)
    undo(warehouse, number, reason="nhầm", who="ks", business_date=NIGHT)
    assert persons(warehouse) == before
    with pytest.raises(StewardError, match="does not stand"):
        undo(warehouse, number, reason="nhầm", who="ks", business_date=NIGHT)


@pytest.mark.parametrize(
    ("record", "key"),
    [
        *(
            (r, "cadre_key")
            for r in ("position_assignment", "evaluation", "planning", "training", "award", "discipline")
        ),
        *((r, "member_key") for r in ("membership_transfer", "evaluation", "award", "discipline")),
    ],
)
def test_the_queue_begins_with_the_pair_on_which_most_depends(
    warehouse: psycopg.Connection, record: str, key: str
) -> None:
    kind = key.removesuffix("_key")
    names = ("Khuất Thị Hoà", "Nguyễn Văn An", "Lê Bá Mão")
    for number, name in enumerate(names):
        for source in ("38", "40"):
            say(warehouse, kind, source, str(number), **{**TWIN, "full_name": name})
    for dependant, of in (("a", "1"), ("gone", "2")):
        whose: dict[str, Any] = {key: of}
        say(warehouse, record, "40", dependant, **whose)
    withdraw(warehouse, record, "40", "gone", batch=2)
    link_persons(warehouse, NIGHT)
    waiting = [(i["left_record"], i["dependants"]) for i in queue(warehouse)]
    assert waiting[0] == (f"38/{kind}/1", 3)
    assert sorted(waiting[1:]) == [(f"38/{kind}/0", 2), (f"38/{kind}/2", 2)]


def test_split_outlives_a_night_and_keeps_history(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **AN)
    say(warehouse, "cadre", "T1", "9", **AN)
    link_persons(warehouse, NIGHT)
    before = persons(warehouse)
    (person,) = set(before.values())
    number = split(warehouse, person, ["T1/cadre/9"], reason="hai người", who="ks", business_date=NIGHT)
    link_persons(warehouse, NIGHT)
    assert len(set(persons(warehouse).values())) == 2
    kinds = warehouse.execute("select kind from identity.person_event order by event_id").fetchall()
    assert kinds == [("split",), ("record moved",)]
    undo(warehouse, number, reason="một người", who="ks", business_date=NIGHT)
    assert persons(warehouse) == before


def test_values_are_masked_and_revealing_is_kept_on_record(warehouse: psycopg.Connection) -> None:
    say(warehouse, "member", "38", "1", **AN)
    link_persons(warehouse, NIGHT)
    told = {r["attribute"]: r["38/member/1"] for r in show(warehouse, ["38/member/1"], "ks", reveal=False)}
    assert (told["full_name"], told["birth_date"], told["personal_id"]) == ("N. V. A.", "1970-**-**", "**********01")
    assert warehouse.execute("select count(*) from identity.reveal").fetchone() == (0,)
    told = {r["attribute"]: r["38/member/1"] for r in show(warehouse, ["38/member/1"], "ks", reveal=True)}
    assert told["personal_id"] == AN["personal_id"]
    assert warehouse.execute("select revealed_by, records from identity.reveal").fetchall() == [("ks", ["38/member/1"])]


def test_bad_input_links_nobody_and_breaks_nothing(warehouse: psycopg.Connection) -> None:
    bad = [
        {"full_name": ""}, {"full_name": ""}, {"full_name": "A"}, {"full_name": "A"},
        {**TWIN, "personal_id": "000000000000"}, {**TWIN, "personal_id": "000000000000"},
        {"full_name": "Lê Thị Tám", "birth_date": "1970-01-01", "birth_date_precision": "Y"},
        {"full_name": "Lê Thị Tám", "birth_date": "1970-01-01", "birth_date_precision": "Y"},
        {"full_name": "Trần Bá Chín", "sex": "F", "birth_date": "1970-01-01", "personal_id": "099070000001"},
        {"full_name": "Phan Văn Mười", "birth_date": "1970-07-08", "personal_id": "099270000001"},
    ]  # fmt: skip
    for number, values in enumerate(bad):
        say(warehouse, "member", "38", str(number), **{"admission_date": None, **values})
    for number in range(500):
        values = {"full_name": f"Người {number}", "personal_id": "099070718293", "admission_date": None}
        say(warehouse, "member", "40", str(number), **values)
    summary = link_persons(warehouse, NIGHT)
    assert summary.persons == summary.records == len(bad) + 500
    assert summary.conflicts == 499
