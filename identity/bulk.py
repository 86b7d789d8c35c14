"""Filling an empty table: its indexes, keys and foreign keys are made once, after the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

#: Indexes that are no constraint's; the table's own definition names them.
_INDEXES = """
select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) from pg_index as i
where i.indrelid = %(table)s::regclass
    and not exists (select 1 from pg_constraint as c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))
"""

#: Keys first, then foreign keys; a key that a foreign key refers to has to stay.
_CONSTRAINTS = """
select c.conname, pg_get_constraintdef(c.oid) from pg_constraint as c
where c.conrelid = %(table)s::regclass and (
    c.contype = 'f' or (c.contype in ('p', 'u') and not exists (
        select 1 from pg_constraint as f where f.contype = 'f' and f.conindid = c.conindid
    ))
)
order by c.contype = 'f', c.conname
"""


@contextmanager
def filling(connection: psycopg.Connection, table: str) -> Iterator[bool]:
    """Within the block an empty `table` has neither indexes nor keys, and True is said; another is left as it is.

    To be used inside a transaction: nobody else sees the table so.
    """
    name = sql.SQL(table)
    if connection.execute(sql.SQL("select 1 from {} limit 1").format(name)).fetchone():
        yield False
        return
    indexes = connection.execute(_INDEXES, {"table": table}).fetchall()
    constraints = connection.execute(_CONSTRAINTS, {"table": table}).fetchall()
    for constraint, _ in reversed(constraints):
        connection.execute(sql.SQL("alter table {} drop constraint {}").format(name, sql.Identifier(constraint)))
    for index, _ in indexes:
        connection.execute(sql.SQL("drop index {}").format(sql.SQL(index)))
    yield True
    for constraint, definition in constraints:
        connection.execute(
            sql.SQL("alter table {} add constraint {} {}").format(name, sql.Identifier(constraint), sql.SQL(definition))
        )
    for _, definition in indexes:
        connection.execute(sql.SQL(definition))
    connection.execute(sql.SQL("analyze {}").format(name))
