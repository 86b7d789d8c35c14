"""Keys of names are the same in SQL and in Python."""

from __future__ import annotations

import os

import psycopg
import pytest

from sources.text import vietnamese
from tests.names import names

#: The full property (100 000 names) is `LIENTHONG_TEST_NAMES=100000 pytest …`; it takes half a minute.
COUNT = int(os.environ.get("LIENTHONG_TEST_NAMES", "5000"))


@pytest.mark.parametrize("key", ["name_key", "plain_key", "sort_key"])
def test_sql_and_python_agree(warehouse: psycopg.Connection, key: str) -> None:
    texts = names(COUNT, seed=11)
    rows = warehouse.execute(
        f"select t, identity.{key}(t) from unnest(%s::text[]) with ordinality as given (t, at) order by at", [texts]
    ).fetchall()
    expected = getattr(vietnamese, key)
    differing = [(t, in_sql, expected(t)) for t, in_sql in rows if in_sql != expected(t)]
    assert len(rows) == COUNT
    assert differing[:5] == []


def test_stored_names_and_keys_go_together(warehouse: psycopg.Connection) -> None:
    """What intake stores has the key of what came, whatever it repaired."""
    texts = names(2000, seed=12)
    (changed,) = warehouse.execute(
        "select count(*) from unnest(%s::text[]) as t"
        " where identity.name_key(t) <> identity.name_key(landing.person_name_text(t))",
        [texts],
    ).fetchone() or (None,)
    assert changed == 0


def test_database_sorts_by_given_name(warehouse: psycopg.Connection) -> None:
    people = ["Nguyễn Văn Đạt", "Trần Thị Ánh", "Lê Văn Dũng", "Lê Thị Anh", "Nguyễn Thị Anh", "Phạm Ba", "Bùi Thị Ân"]
    rows = warehouse.execute(
        'select t from unnest(%s::text[]) as t order by identity.sort_key(t) collate "C"', [people]
    ).fetchall()
    assert [t for (t,) in rows] == [
        "Lê Thị Anh", "Nguyễn Thị Anh", "Trần Thị Ánh", "Bùi Thị Ân", "Phạm Ba", "Lê Văn Dũng", "Nguyễn Văn Đạt",
    ]  # fmt: skip
