"""Clusters follow from evidence and decisions, in any order of input, and the guards hold."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.clustering import Clustering, Guards, births_reconcilable, cluster, ids_reconcilable

GUARDS = Guards(link=6.0, review=-2.0, cluster_size=5)
IDS = [None, "099081000011", "099081000012", "099081000031", "099081777711", "099281555500"]
BORN = [None, date(1981, 4, 3), date(1981, 3, 4), date(1982, 4, 3), date(1959, 12, 30)]
Edge = tuple[int, int, float, str]
Decision = tuple[int, int, str]


def frame(rows: list[tuple[str | None, date | None]]) -> pl.DataFrame:
    told = [(number, personal_id, born) for number, (personal_id, born) in enumerate(rows)]
    return pl.DataFrame(
        told, schema={"record_id": pl.Int64, "personal_id": pl.String, "birth_date": pl.Date}, orient="row"
    )


def evidence(edges: list[Edge]) -> pl.DataFrame:
    return pl.DataFrame(
        edges, schema={"left": pl.Int64, "right": pl.Int64, "weight": pl.Float64, "method": pl.String}, orient="row"
    )


def decisions(made: list[Decision]) -> pl.DataFrame:
    return pl.DataFrame(made, schema={"left": pl.Int64, "right": pl.Int64, "verdict": pl.String}, orient="row")


def clustered(records: pl.DataFrame, edges: list[Edge], made: list[Decision] | None = None) -> Clustering:
    return cluster(records, evidence(edges), decisions(made or []), GUARDS)


def groups(found: Clustering) -> set[frozenset[int]]:
    return {frozenset(g) for g in found.members.group_by("cluster").agg("record_id")["record_id"].to_list()}


def test_links_are_followed_and_the_smallest_record_names_the_cluster() -> None:
    found = clustered(frame([(None, None)] * 5), [(4, 2, 9.0, "splink"), (2, 1, 7.0, "splink")])
    assert found.members.rows() == [(0, 0), (1, 1), (2, 1), (3, 3), (4, 1)]
    assert found.broken.is_empty()
    assert found.review.is_empty()


def test_weight_between_the_thresholds_is_for_review_and_below_for_nothing() -> None:
    found = clustered(frame([(None, None)] * 4), [(0, 1, 5.9, "splink"), (2, 3, -2.1, "splink")])
    assert len(groups(found)) == 4
    assert found.review.rows() == [(0, 1, 5.9, "splink", "between the thresholds")]


def test_two_valid_ids_break_at_the_weakest_link() -> None:
    records = frame([(IDS[1], None), (None, None), (IDS[4], None)])
    found = clustered(records, [(0, 1, 8.0, "splink"), (1, 2, 30.0, "splink")])
    assert groups(found) == {frozenset({0}), frozenset({1, 2})}
    assert found.broken.rows() == [(0, 1, 8.0, "splink", "two personal ids")]
    assert found.review["reason"].to_list() == ["two personal ids"]


def test_ids_one_digit_apart_may_be_one_unless_the_guard_is_strict() -> None:
    records = frame([(IDS[1], None), (IDS[2], None)])
    assert len(groups(clustered(records, [(0, 1, 30.0, "splink")]))) == 1
    strict = Guards(link=6.0, review=-2.0, digits_apart=0)
    assert len(groups(cluster(records, evidence([(0, 1, 30.0, "splink")]), decisions([]), strict))) == 2


def test_a_slip_of_a_slip_is_another_number() -> None:
    right, slip, slip_of_slip = "099081000011", "099081000012", "099081000022"
    records = frame([(right, None), (slip, None), (slip_of_slip, None)])
    found = clustered(records, [(0, 1, 30.0, "splink"), (1, 2, 20.0, "splink")])
    assert groups(found) == {frozenset({0, 1}), frozenset({2})}
    assert found.review.rows() == [(1, 2, 20.0, "splink", "two personal ids")]


def test_two_slips_of_the_number_that_most_records_carry_are_one_person() -> None:
    right, one, other = "099081000011", "099081000012", "099081000031"
    edges = [(0, 1, 60.0, "personal_id"), (0, 2, 30.0, "splink"), (0, 3, 20.0, "splink")]
    by_most = clustered(frame([(right, None), (right, None), (one, None), (other, None)]), edges)
    assert groups(by_most) == {frozenset(range(4))}
    by_none = clustered(frame([(right, None), (None, None), (one, None), (other, None)]), edges)
    assert groups(by_none) == {frozenset({0, 1, 2}), frozenset({3})}


def test_what_a_later_link_makes_possible_is_joined_after_all() -> None:
    """Two slips met before the number they are slips of had its majority."""
    right, one, other = "099081000011", "099081000012", "099081000031"
    records = frame([(one, None), (other, None), (right, None), (right, None)])
    edges = [(0, 1, 70.0, "splink"), (2, 3, 60.0, "personal_id"), (0, 2, 30.0, "splink")]
    found = clustered(records, edges)
    assert groups(found) == {frozenset(range(4))}
    assert found.broken.is_empty()
    assert found.review.is_empty()


def test_births_that_no_slip_explains_are_two_people() -> None:
    records = frame([(IDS[1], BORN[1]), (IDS[1], BORN[4])])
    assert clustered(records, [(0, 1, 60.0, "personal_id")]).broken["reason"].to_list() == ["two birth dates"]


def test_too_large_a_cluster_is_for_review() -> None:
    edges = [(a, a + 1, 20.0 - a, "splink") for a in range(7)]
    found = clustered(frame([(None, None)] * 8), edges)
    assert max(map(len, groups(found))) <= 5
    assert found.review["reason"].to_list() == ["cluster too large"]


@pytest.mark.parametrize("verdict", ["different", "cannot tell"])
def test_decision_keeps_records_apart(verdict: str) -> None:
    found = clustered(frame([(None, None)] * 2), [(0, 1, 60.0, "personal_id")], [(1, 0, verdict)])
    assert len(groups(found)) == 2
    assert found.review.is_empty()


def test_different_holds_across_a_third_record_but_cannot_tell_does_not() -> None:
    edges = [(0, 1, 20.0, "splink"), (1, 2, 10.0, "splink")]
    records = frame([(None, None)] * 3)
    assert groups(clustered(records, edges, [(0, 2, "different")])) == {frozenset({0, 1}), frozenset({2})}
    assert groups(clustered(records, edges, [(0, 2, "cannot tell")])) == {frozenset({0, 1, 2})}


def test_decision_same_stands_above_the_guards() -> None:
    records = frame([(IDS[1], BORN[1]), (IDS[4], BORN[4]), (IDS[4], BORN[4])])
    found = clustered(records, [(1, 2, 60.0, "personal_id")], [(0, 1, "same")])
    assert groups(found) == {frozenset({0, 1, 2})}
    assert found.broken.is_empty()


def test_contradicting_decisions_are_reported() -> None:
    made: list[Decision] = [(0, 1, "same"), (1, 2, "same"), (0, 2, "different")]
    found = clustered(frame([(None, None)] * 3), [], made)
    assert found.broken["reason"].to_list() == ["decisions contradict"]
    assert found.review["reason"].to_list() == ["decisions contradict"]


def test_nothing_gives_nothing() -> None:
    found = clustered(frame([]), [])
    assert found.members.is_empty()
    assert found.review.is_empty()


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[tuple[str | None, date | None]], list[Edge], list[Decision]]:
    n = draw(st.integers(2, 9))
    rows = [(draw(st.sampled_from(IDS)), draw(st.sampled_from(BORN))) for _ in range(n)]
    pairs = list(combinations(range(n), 2))
    edges = [
        (a, b, draw(st.sampled_from([-5.0, 1.0, 6.0, 8.0, 8.0, 25.0])), draw(st.sampled_from(["splink", "card"])))
        for a, b in draw(st.lists(st.sampled_from(pairs), max_size=14))
    ]
    made = [
        (a, b, draw(st.sampled_from(["same", "different", "cannot tell"])))
        for a, b in draw(st.lists(st.sampled_from(pairs), max_size=3, unique=True))
    ]
    return rows, edges, made


@settings(max_examples=150, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_order_of_input_does_not_matter(
    world: tuple[list[tuple[str | None, date | None]], list[Edge], list[Decision]], chance: random.Random
) -> None:
    rows, edges, made = world
    straight = clustered(frame(rows), edges, made)
    turned = [(b, a, w, m) if chance.random() < 0.5 else (a, b, w, m) for a, b, w, m in edges]
    chance.shuffle(turned)
    other = list(made)
    chance.shuffle(other)
    order = list(range(len(rows)))
    chance.shuffle(order)
    again = clustered(frame(rows)[order], turned, other)
    assert again.members.equals(straight.members)
    assert again.broken.equals(straight.broken)
    assert again.review.equals(straight.review)


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_guards_and_decisions_always_hold(
    world: tuple[list[tuple[str | None, date | None]], list[Edge], list[Decision]],
) -> None:
    rows, edges, made = world
    found = clustered(frame(rows), edges, made)
    label = dict(found.members.iter_rows())
    contradictory = "decisions contradict" in found.broken["reason"].to_list()
    for a, b, verdict in made:
        if verdict == "different":
            assert label[a] != label[b]
        if verdict == "same" and not contradictory:
            assert label[a] == label[b]
    if any(verdict == "same" for *_, verdict in made):
        return
    for group in groups(found):
        assert may_be_one(rows, group)
    clusters = {record: group for group in groups(found) for record in group}
    for left, right, _, _, reason in found.broken.iter_rows():
        assert reason == "decided different" or not may_be_one(rows, clusters[left] | clusters[right])


def may_be_one(rows: list[tuple[str | None, date | None]], group: frozenset[int]) -> bool:
    """Whether the records are few enough, whichever id may stand explains all others, and so do births each other."""
    carried = Counter(number for record in group if (number := rows[record][0]))
    births = [born for record in group if (born := rows[record][1])]
    return (
        len(group) <= GUARDS.cluster_size
        and all(
            ids_reconcilable(standing, number, 1)
            for standing in carried
            if carried[standing] == max(carried.values())
            for number in carried
        )
        and all(births_reconcilable(a, b) for a, b in combinations(births, 2))
    )
