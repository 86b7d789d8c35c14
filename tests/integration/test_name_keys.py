"""Keys of names are the same in SQL and in Python."""

from __future__ import annotations

import psycopg

from sources.text import vietnamese
from tests.names import names

COUNT = 100_000
KEYS = (vietnamese.name_key, vietnamese.plain_key, vietnamese.sort_key)


def test_sql_and_python_agree(warehouse: psycopg.Connection) -> None:
    texts = names(COUNT, seed=11)
    assert len(set(texts)) > COUNT / 2
    in_sql = warehouse.execute(
        "select identity.name_key(t), identity.plain_key(t), identity.sort_key(t)"
        " from unnest(%s::text[]) with ordinality as given (t, at) order by at",
        [texts],
    ).fetchall()
    differing = [
        (text, key.__name__, found, key(text))
        for text, found_keys in zip(texts, in_sql, strict=True)
        for key, found in zip(KEYS, found_keys, strict=True)
        if found != key(text)
    ]
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
