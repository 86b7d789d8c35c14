"""Keys of names are the same in SQL and in Python."""

from __future__ import annotations

import unicodedata

import psycopg

from sources.text import vietnamese
from tests.names import names

COUNT = 100_000
#: How names arrive, and how they are stored.
STORED = [
    ("NGUYỄN VĂN HOÀ", "Nguyễn Văn Hoà"),  # DQ03 capitals
    ("nguyễn thị thuý", "Nguyễn Thị Thuý"),
    ("Nguyễn   Văn  A ", "Nguyễn Văn A"),  # DQ03 spaces
    ("Đ/c Nguyễn Văn An", "Nguyễn Văn An"),  # DQ03 titles
    ("đ/c: Trần Thị Bình", "Trần Thị Bình"),
    ("Đồng chí Lê Văn Cường", "Lê Văn Cường"),
    ("Đ/c PGS.TS. Lê Văn Cường", "Lê Văn Cường"),
    ("Ông Nguyễn Văn An", "Nguyễn Văn An"),
    ("Bà TS. Lê Thị Hà", "Lê Thị Hà"),
    ("Đ/c Ông Nguyễn Văn An", "Nguyễn Văn An"),
    ("Bà H'Yim Niê", "H'Yim Niê"),
    ("Ông Ích Khiêm", "Ông Ích Khiêm"),  # a family name, not a form of address
    ("Đồng Chí Bằng", "Đồng Chí Bằng"),  # family and middle name: no whole name follows
    ("Đồng Chính Nghĩa", "Đồng Chính Nghĩa"),
    ("Nguyễn Văn An (Tư)", "Nguyễn Văn An"),  # DQ03 nicknames
    ("Nguyễn Văn An [Sáu Dân]", "Nguyễn Văn An"),
    ("Ðặng Văn Ðạt", "Đặng Văn Đạt"),  # DQ04 eth
    (unicodedata.normalize("NFD", "Nguyễn Thị Thủy"), "Nguyễn Thị Thủy"),  # DQ04 decomposed
    ("Nguyễn\u00a0Văn\u200b An", "Nguyễn Văn An"),
    ("K'BRỂ", "K'Brể"),
    ("Rơ Chăm H'Lan", "Rơ Chăm H'Lan"),
    ("", ""),
    ("  ", ""),
]
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


def test_names_as_they_are_stored(warehouse: psycopg.Connection) -> None:
    query = (
        "select array_agg(landing.person_name_text(t) order by at) from unnest(%s::text[]) with ordinality as g (t, at)"
    )
    (stored,) = warehouse.execute(query, [[written for written, _ in STORED]]).fetchone() or ([],)
    assert dict(zip([w for w, _ in STORED], stored, strict=True)) == dict(STORED)


def test_stored_names_and_keys_go_together(warehouse: psycopg.Connection) -> None:
    """What intake stores has the key of what came, whatever it repaired, and is read as itself."""
    texts = names(2000, seed=12)
    assert (
        warehouse.execute(
            "select t, stored from unnest(%s::text[]) as t, lateral (select landing.person_name_text(t) as stored) as s"
            " where identity.name_key(t) <> identity.name_key(stored) or landing.person_name_text(stored) <> stored",
            [texts],
        ).fetchall()
        == []
    )


def test_database_sorts_by_given_name(warehouse: psycopg.Connection) -> None:
    people = ["Nguyễn Văn Đạt", "Trần Thị Ánh", "Lê Văn Dũng", "Lê Thị Anh", "Nguyễn Thị Anh", "Phạm Ba", "Bùi Thị Ân"]
    rows = warehouse.execute(
        'select t from unnest(%s::text[]) as t order by identity.sort_key(t) collate "C"', [people]
    ).fetchall()
    assert [t for (t,) in rows] == [
        "Lê Thị Anh", "Nguyễn Thị Anh", "Trần Thị Ánh", "Bùi Thị Ân", "Phạm Ba", "Lê Văn Dũng", "Nguyễn Văn Đạt",
    ]  # fmt: skip
