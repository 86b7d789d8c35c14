"""The registry inside the warehouse: what models and views need to know of each source."""

from __future__ import annotations

import json
from collections.abc import Iterable

import psycopg

from sources.registry import Source


def register_sources(connection: psycopg.Connection, sources: Iterable[Source]) -> None:
    """Write the registry to ops.source in one transaction; sources it no longer names are kept and marked."""
    rows = [
        (
            s.code,
            s.name,
            "central" if s.code.startswith("T") else "province",
            json.dumps(s.authority),
            s.freshness_hours,
        )
        for s in sources
    ]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("update ops.source set is_registered = false where source <> all (%s)", [[r[0] for r in rows]])
        cursor.executemany(
            """
            insert into ops.source (source, name, level, authority, freshness_hours) values (%s, %s, %s, %s, %s)
            on conflict (source) do update set
                name = excluded.name, level = excluded.level, authority = excluded.authority,
                freshness_hours = excluded.freshness_hours, is_registered = true
            """,
            rows,
        )
