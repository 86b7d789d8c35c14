"""Connected components in SQL against a plain union-find, whatever the order of pairs."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.clusters import connect_components

Pairs = list[tuple[int, int]]


def components_in_sql(connection: psycopg.Connection, pairs: Pairs) -> dict[int, int]:
    with connection.transaction(force_rollback=True):
        connection.execute("create temporary table evidence_edge (record_no bigint, neighbour_no bigint)")
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into evidence_edge values (%s, %s)", [p for a, b in pairs for p in ((a, b), (b, a))]
            )
        connect_components(connection)
        return dict(connection.execute("select record_no, cluster_no from component").fetchall())


def components_in_python(pairs: Pairs) -> dict[int, int]:
    head = {n: n for pair in pairs for n in pair}

    def find(n: int) -> int:
        while head[n] != n:
            n = head[n]
        return n

    for a, b in pairs:
        low, high = sorted((find(a), find(b)))
        head[high] = low
    return {n: find(n) for n in head}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_components_are_those_of_union_find_in_any_order(warehouse: psycopg.Connection, data: st.DataObject) -> None:
    numbers = st.integers(min_value=1, max_value=25)
    pairs = data.draw(st.lists(st.tuples(numbers, numbers).filter(lambda p: p[0] != p[1]), max_size=30))
    shuffled = data.draw(st.permutations(pairs))
    assert components_in_sql(warehouse, shuffled) == components_in_python(pairs)


@pytest.mark.parametrize("length", [2, 200])
def test_a_long_chain_is_one_component(warehouse: psycopg.Connection, length: int) -> None:
    chain = [(n, n + 1) for n in range(1, length)]
    assert set(components_in_sql(warehouse, chain).values()) == {1}
