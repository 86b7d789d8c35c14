"""Of each person one personal id stands; every other valid one is judged against it and told, as long as it is said."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Json

from identity.step import link_persons
from identity.stewardship import conflicts, decide, show, undo
from orchestration.reference import load_reference
from tests.raw_rows import say, withdraw

NIGHT = date(2026, 11, 22)
AN: dict[str, Any] = {"full_name": "Khuất Bá Mão", "birth_date": "1970-05-03", "old_party_card_no": "38012345"}
RIGHT, SLIP, OTHER_SLIP, FAR = "099070000001", "099070000002", "099070000031", "099070718293"
Key = tuple[str, str, str]
Judged = set[tuple[str, str, str]]


@pytest.fixture(name="warehouse")
def with_reference(warehouse: psycopg.Connection) -> psycopg.Connection:
    list(load_reference(warehouse))
    for batch, day in ((1, 20), (2, 21), (3, 22)):
        warehouse.execute(
            "insert into ops.batch (batch_id, run_id, source, record, kind, mode, business_date, contract_version,"
            " status) overriding system value"
            " values (%s, 'test', '38', 'member', 'member', 'snapshot', %s, '1', 'accepted')",
            [batch, date(2026, 11, day)],
        )
    for source in ("38", "40", "T1"):
        trust(warehouse, source, {"member": 70, "cadre": 70})
    warehouse.commit()
    return warehouse


def trust(connection: psycopg.Connection, source: str, authority: dict[str, int]) -> None:
    connection.execute(
        "insert into ops.source (source, name, level, authority, freshness_hours)"
        " values (%s, 'Nguồn', 'province', %s, 36)"
        " on conflict (source) do update set authority = excluded.authority",
        [source, Json(authority)],
    )


def tell(connection: psycopg.Connection, key: Key, number: str | None, batch: int = 1, **more: Any) -> None:
    source, record, source_key = key
    say(connection, record, source, source_key, batch, **{**AN, "personal_id": number, **more})


def persons(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "select count(distinct person_id) from identity.person_link inner join identity.linkage_record"
        " using (source, record, source_key) where present"
    ).fetchone()
    assert row is not None
    return int(row[0])


def judged(connection: psycopg.Connection) -> Judged:
    """Record, verdict, and the record whose id stands, as a night finds them."""
    link_persons(connection, NIGHT)
    return standing(connection)


def standing(connection: psycopg.Connection) -> Judged:
    name = "{0}source || '/' || {0}record || '/' || {0}key"
    rows = connection.execute(
        f"select {name.format('')}, reason, {name.format('standing_')} from"
        " (select *, source_key as key from identity.overruled_id) as judged"
    ).fetchall()
    return set(rows)


A, B, C, D = ("38", "member", "1"), ("38", "cadre", "2"), ("40", "member", "3"), ("T1", "cadre", "4")


#: What records say (number, batch), authority by source, which records are judged, and against which.
CASES: list[tuple[dict[Key, tuple[str, int]], dict[str, dict[str, int]], list[Key], Key]] = [
    # most records, whatever their authority and recency
    ({A: (RIGHT, 1), B: (RIGHT, 1), C: (SLIP, 3)}, {"40": {"member": 90}}, [C], B),
    ({A: (SLIP, 1), B: (RIGHT, 1), C: (RIGHT, 1)}, {"38": {"member": 90, "cadre": 80}}, [A], B),
    # as many records: most sources
    ({A: (SLIP, 3), B: (SLIP, 3), C: (RIGHT, 1), D: (RIGHT, 1)}, {"38": {"member": 90}}, [A, B], C),
    # as many of both: authority, of the kind of data or of the attribute alone
    ({A: (RIGHT, 3), C: (SLIP, 1)}, {"40": {"member": 80}}, [A], C),
    ({A: (RIGHT, 3), C: (SLIP, 1)}, {"40": {"member.personal_id": 80, "member": 10}}, [A], C),
    ({A: (RIGHT, 1), C: (SLIP, 3)}, {"40": {"member": 10, "member.full_name": 99}}, [C], A),
    ({A: (RIGHT, 1), C: (SLIP, 1)}, {"38": {}, "40": {"member": 51}}, [A], C),
    # then recency, source, kind of record, and key
    ({A: (SLIP, 2), C: (RIGHT, 3)}, {}, [A], C),
    ({A: (SLIP, 3), C: (RIGHT, 2)}, {}, [C], A),
    ({A: (SLIP, 2), C: (RIGHT, 2)}, {}, [C], A),
    ({A: (SLIP, 2), B: (RIGHT, 2)}, {}, [A], B),
    ({A: (SLIP, 2), ("38", "member", "0"): (RIGHT, 2)}, {}, [A], ("38", "member", "0")),
    # two slips of what most say
    ({A: (RIGHT, 1), B: (RIGHT, 1), C: (SLIP, 3), D: (OTHER_SLIP, 3)}, {}, [C, D], B),
]


def test_which_id_stands_follows_one_order(warehouse: psycopg.Connection) -> None:
    """Each case is a person of its own, whose sources are its own."""
    expected: Judged = set()
    for case, (told, authority, slips, against) in enumerate(CASES):
        for source in ("38", "40", "T1"):
            trust(warehouse, f"{source}-{case}", authority.get(source, {"member": 70, "cadre": 70}))
        mine = {"full_name": f"Khuất Bá Mão {chr(97 + case)}", "old_party_card_no": f"380123{case:02}"}
        for (source, record, key), (number, batch) in told.items():
            tell(warehouse, (f"{source}-{case}", record, key), f"{number[:6]}{case:02}{number[8:]}", batch, **mine)
        named = {(s, r, k): f"{s}-{case}/{r}/{k}" for s, r, k in told}
        expected |= {(named[key], "mistyped_number", named[against]) for key in slips}
    assert judged(warehouse) == expected
    assert persons(warehouse) == len(CASES)
    ids = "select conflict_id from identity.overruled_id order by 1"
    before = warehouse.execute(ids).fetchall()
    assert judged(warehouse) == expected
    assert warehouse.execute(ids).fetchall() == before


def test_of_numbers_that_as_many_carry_the_one_on_a_party_card_stands(warehouse: psycopg.Connection) -> None:
    trust(warehouse, "38", {"member": 90})
    tell(warehouse, A, SLIP, batch=3, party_card_no=RIGHT)
    tell(warehouse, C, RIGHT)
    assert judged(warehouse) == {("/".join(A), "mistyped_number", "/".join(C))}
    tell(warehouse, B, SLIP)
    assert judged(warehouse) == {("/".join(C), "mistyped_number", "/".join(A))}


def test_only_a_valid_id_that_differs_is_judged(warehouse: psycopg.Connection) -> None:
    for case, number in enumerate((None, "099170000002", "099071000001", "000000000000", "099070040001")):
        mine = {"full_name": f"Khuất Bá Mão {chr(97 + case)}", "old_party_card_no": f"380123{case:02}"}
        tell(warehouse, ("38", "member", str(case)), f"099070{case:02}0001", **mine)
        tell(warehouse, ("40", "member", str(case)), number, **mine)
    assert judged(warehouse) == set()
    assert persons(warehouse) == 5


def test_what_its_source_corrects_is_judged_no_more(warehouse: psycopg.Connection) -> None:
    for key, number in ((A, RIGHT), (B, RIGHT), (C, SLIP)):
        tell(warehouse, key, number)
    assert len(judged(warehouse)) == 1
    tell(warehouse, C, RIGHT, batch=2)
    assert judged(warehouse) == set()
    kept = "select reason, resolved_at is null from identity.conflict"
    assert warehouse.execute(kept).fetchall() == [("mistyped_number", False)]


def test_a_record_that_is_gone_is_judged_no_more_and_carries_no_number(warehouse: psycopg.Connection) -> None:
    for key, number in ((A, RIGHT), (B, RIGHT), (C, SLIP), (D, SLIP)):
        tell(warehouse, key, number)
    trust(warehouse, "T1", {"cadre": 90})
    against_d = {("/".join(key), "mistyped_number", "/".join(D)) for key in (A, B)}
    assert judged(warehouse) == against_d
    withdraw(warehouse, "member", "40", "3", batch=2)
    assert judged(warehouse) == {("/".join(D), "mistyped_number", "/".join(B))}
    withdraw(warehouse, "cadre", "T1", "4", batch=3)
    assert judged(warehouse) == set()


def test_what_stands_is_judged_anew_where_only_trust_changed(warehouse: psycopg.Connection) -> None:
    tell(warehouse, A, RIGHT)
    tell(warehouse, C, SLIP)
    assert judged(warehouse) == {("/".join(C), "mistyped_number", "/".join(A))}
    tell(warehouse, C, SLIP, batch=2, occupation_code="07")
    summary = link_persons(warehouse, NIGHT)
    assert (summary.weighed, summary.conflicts) == (0, 1)
    assert standing(warehouse) == {("/".join(A), "mistyped_number", "/".join(C))}
    trust(warehouse, "38", {"member": 71})
    assert judged(warehouse) == {("/".join(C), "mistyped_number", "/".join(A))}


def test_a_record_under_a_new_key_is_judged_under_it(warehouse: psycopg.Connection) -> None:
    tell(warehouse, A, RIGHT)
    tell(warehouse, C, SLIP)
    assert len(judged(warehouse)) == 1
    for source, number in (("38", RIGHT), ("40", SLIP)):
        withdraw(warehouse, "member", source, "1" if source == "38" else "3", batch=2)
        tell(warehouse, (source, "member", "new"), number, batch=2)
    assert judged(warehouse) == {("40/member/new", "mistyped_number", "38/member/new")}


def test_a_steward_parts_two_people_whose_ids_differ_by_one_digit(warehouse: psycopg.Connection) -> None:
    tell(warehouse, A, RIGHT)
    tell(warehouse, C, SLIP)
    pair = ("/".join(A), "/".join(C))
    was = judged(warehouse)
    number = decide(warehouse, pair, "different", reason="hai người", who="ks", business_date=NIGHT)
    assert standing(warehouse) == set()
    assert judged(warehouse) == set()
    assert persons(warehouse) == 2
    undo(warehouse, number, reason="một người", who="ks", business_date=NIGHT)
    assert standing(warehouse) == was
    assert persons(warehouse) == 1


def test_a_second_number_of_whom_a_steward_joined_is_told_as_such(warehouse: psycopg.Connection) -> None:
    tell(warehouse, A, RIGHT)
    tell(warehouse, C, FAR)
    assert judged(warehouse) == set()
    assert persons(warehouse) == 2
    pair = ("/".join(A), "/".join(C))
    number = decide(warehouse, pair, "same", reason="hồ sơ gốc", who="ks", business_date=NIGHT)
    assert standing(warehouse) == judged(warehouse) == {("/".join(C), "second_number", "/".join(A))}
    undo(warehouse, number, reason="nhầm", who="ks", business_date=NIGHT)
    assert standing(warehouse) == set()


def test_stewards_are_told(warehouse: psycopg.Connection) -> None:
    for key, number in ((A, RIGHT), (B, RIGHT), (C, SLIP)):
        tell(warehouse, key, number)
    two_people: dict[str, Any] = {"full_name": "Trần Bá Bình", "birth_date": "1970-11-23", "old_party_card_no": None}
    tell(warehouse, ("T1", "cadre", "9"), RIGHT, **two_people)
    link_persons(warehouse, NIGHT)
    told = [(c["reason"], c["left_record"], c["right_record"]) for c in conflicts(warehouse)]
    assert told[-1] == ("mistyped_number", "40/member/3", "38/cadre/2")
    assert {reason for reason, *_ in told[:-1]} == {"number_of_two_people"}
    slip = conflicts(warehouse)[-1]
    assert slip["left_person"] == slip["right_person"]
    for reveal in (False, True):
        side_by_side = {
            r["attribute"]: r for r in show(warehouse, ["/".join(key) for key in (A, C)], "ks", reveal=reveal)
        }
        verdicts = side_by_side["personal_id_verdict"]
        assert (verdicts["38/member/1"], verdicts["40/member/3"]) == ("valid", "mistyped_number")
