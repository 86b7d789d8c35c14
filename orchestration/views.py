"""The views that staff read: derived from history and the manifest, replaced only when they change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg import sql

from orchestration.history import columns_of, giving_way
from orchestration.relations import PublishedRelation

OPERATIONAL_VIEWS = Path(__file__).parent / "schema" / "published"
READERS = ("lienthong_staff", "lienthong_engineer")


def view_script(connection: psycopg.Connection, relation: PublishedRelation) -> str:
    """Statements that create one published view with its comments.

    Columns stand in the order of history, which only ever appends, so that a new column rarely asks for a drop.
    """
    present = columns_of(connection, relation.candidate_schema, relation.candidate_name)
    columns = [c for c in columns_of(connection, "history", relation.name) if c in present and not relation.hidden(c)]
    statements = [
        sql.SQL(
            "create or replace view {view} as select {columns} from {history} "
            "where dbt_valid_from <= (select ops.visible_moment()) and (select ops.visible_moment()) < dbt_valid_to"
        ).format(
            view=relation.view,
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            history=relation.history,
        ),
        sql.SQL("comment on view {} is {}").format(relation.view, sql.Literal(relation.comment)),
    ]
    statements += [
        sql.SQL("comment on column {} is {}").format(
            sql.Identifier("published", relation.name, c), sql.Literal(relation.terms[c])
        )
        for c in columns
        if c in relation.terms
    ]
    return ";\n".join(s.as_string(connection) for s in statements)


def _digest(connection: psycopg.Connection, name: str) -> str | None:
    """Digest that the view was last given; None when it is new or somebody dropped it."""
    row = connection.execute(
        """
        select digest from ops.published_view
        where view_name = %s and to_regclass(format('published.%%I', view_name)) is not null
        """,
        [name],
    ).fetchone()
    return row[0] if row else None


def _replace(connection: psycopg.Connection, name: str, script: str, digest: str) -> None:
    """Put one view in place; dropped first only where its columns cannot simply be appended to."""
    view = sql.Identifier("published", name)
    connection.execute("set local client_min_messages = warning")
    try:
        with connection.transaction():
            connection.execute(script)
    except psycopg.errors.InvalidTableDefinition:
        connection.execute(sql.SQL("drop view {}").format(view))
        connection.execute(script)
    connection.execute(
        sql.SQL("grant select on {} to {}").format(view, sql.SQL(", ").join(map(sql.Identifier, READERS)))
    )
    connection.execute(
        """
        insert into ops.published_view (view_name, digest) values (%s, %s)
        on conflict (view_name) do update set digest = excluded.digest, replaced_at = clock_timestamp()
        """,
        [name, digest],
    )


def _ensure(connection: psycopg.Connection, scripts: Iterable[tuple[str, str]]) -> list[str]:
    replaced = []
    for name, script in scripts:
        digest = hashlib.sha256(script.encode()).hexdigest()
        if _digest(connection, name) != digest:

            def work(name: str = name, script: str = script, digest: str = digest) -> None:
                _replace(connection, name, script, digest)

            giving_way(connection, work, f"published.{name}")
            replaced.append(name)
    return replaced


def ensure_history_views(connection: psycopg.Connection, relations: Iterable[PublishedRelation]) -> list[str]:
    """Views over history. `connection` is in autocommit mode; returns the names of the views replaced."""
    return _ensure(connection, [(r.name, view_script(connection, r)) for r in relations])


def ensure_operational_views(connection: psycopg.Connection) -> list[str]:
    """Views over ops: release, source_status, quality_result. `connection` is in autocommit mode."""
    files = sorted(OPERATIONAL_VIEWS.glob("*.sql"))
    return _ensure(connection, [(f.stem, f.read_text(encoding="utf-8")) for f in files])
