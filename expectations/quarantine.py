"""Quarantine: rows held back, as they came, with every error they carry and where it stands in the source."""

from __future__ import annotations

import re

import psycopg
from psycopg import sql

from expectations.faults import key_rules
from sources.contract import Contract, Rule
from sources.landing import PLACE, BatchTables


def fields_of(rule: Rule, contract: Contract) -> list[str]:
    """Fields that a rule looks at."""
    if rule.column:
        return [rule.column]
    words = set(re.findall(r"[a-z_0-9]+", rule.predicate))
    return [p.name for p in contract.properties if p.name in words or p.precision in words]


def refusing_rules(contract: Contract) -> list[str]:
    """Errors of which not one row is tolerated; nothing of what they refuse is kept."""
    return [r.rule_id for r in contract.rules if r.severity == "error" and r.tolerance == 0]


def hold(connection: psycopg.Connection, contract: Contract, tables: BatchTables, source: str, batch_id: int) -> None:
    """Write the held rows of a batch, and tombstones without a key, into quarantine."""
    errors = [r for r in contract.rules if r.severity == "error"]
    values = sql.SQL(", ").join(
        sql.SQL("({}, {}::text [])").format(sql.Literal(r.rule_id), sql.Literal(fields_of(r, contract))) for r in errors
    )
    nameless = min(key_rules(contract))
    statement = sql.SQL(
        """
        with held as materialized (
            select
                nextval(pg_get_serial_sequence('quarantine.row', 'row_id')) as row_id, f.broken,
                t.source_key, l.file, l.sheet, l.row_no,
                case when f.broken && {refusing}::text [] then '{{}}'::jsonb
                else jsonb_strip_nulls(to_jsonb(l) - {place}::text []) end as content
            from {faults} as f
            inner join {typed} as t on f.tid = t.ctid
            inner join {landing} as l on t.landed = l.ctid
            where f.held
            union all
            select
                nextval(pg_get_serial_sequence('quarantine.row', 'row_id')), array[{nameless}],
                null, l.file, l.sheet, l.row_no, jsonb_strip_nulls(to_jsonb(l) - {place}::text [])
            from {landing} as l where l.deleted and landing.clean_text(l.source_key) = ''
        ),
        kept as (
            insert into quarantine.row (row_id, batch_id, source, record, source_key, file, sheet, row_no, content)
            overriding system value
            select row_id, {batch}, {source}, {record}, source_key, file, sheet, row_no, content from held
        )
        insert into quarantine.fault (row_id, rule_id, column_name, value)
        select
            h.row_id, r.rule_id, array_to_string(r.fields, ', '),
            (
                select string_agg(coalesce(h.content ->> f, ''), ' | ' order by i)
                from unnest(r.fields) with ordinality as u (f, i)
            )
        from held as h, (values {values}) as r (rule_id, fields)
        where r.rule_id = any(h.broken)
        """
    ).format(
        refusing=sql.Literal(refusing_rules(contract)),
        place=sql.Literal(list(PLACE)),
        faults=tables.faults,
        typed=tables.typed,
        landing=tables.landing,
        nameless=sql.Literal(nameless),
        batch=sql.Literal(batch_id),
        source=sql.Literal(source),
        record=sql.Literal(contract.record),
        values=values,
    )
    connection.execute(statement)


def open_rows(connection: psycopg.Connection, batch_id: int) -> int:
    """How many rows of a batch are held."""
    row = connection.execute(
        "select count(*) from quarantine.row where batch_id = %s and state = 'open'", [batch_id]
    ).fetchone()
    return int(row[0]) if row else 0


def resolve_before(
    connection: psycopg.Connection, contract: Contract, tables: BatchTables, *, source: str, batch_id: int, mode: str
) -> int:
    """Resolve open rows of earlier batches that an accepted batch answers; how many.

    A snapshot answers them all, a delta those whose key it brings. A row that still breaks a rule is
    open under the new batch.
    """
    answered: sql.Composable = sql.SQL("true")
    if mode == "delta":
        answered = sql.SQL(
            "q.source_key in (select source_key from {} union all"
            " select landing.clean_text(source_key) from {} where deleted)"
        ).format(tables.typed, tables.landing)
    return connection.execute(
        sql.SQL(
            "update quarantine.row as q set state = 'resolved', resolved_batch = %(batch)s where q.state = 'open' "
            "and q.source = %(source)s and q.record = %(record)s and q.batch_id < %(batch)s and {}"
        ).format(answered),
        {"batch": batch_id, "source": source, "record": contract.record},
    ).rowcount


def resolve_refused(connection: psycopg.Connection, record: str, source: str, batch_id: int) -> None:
    """Resolve open rows of earlier refused batches: the delivery that a new refusal is about replaces them."""
    connection.execute(
        "update quarantine.row as q set state = 'resolved', resolved_batch = %(batch)s from ops.batch as b "
        "where b.batch_id = q.batch_id and b.status = 'refused' and q.state = 'open' and q.source = %(source)s "
        "and q.record = %(record)s and q.batch_id < %(batch)s",
        {"batch": batch_id, "source": source, "record": record},
    )


def undo(connection: psycopg.Connection, batch_id: int, by: int) -> None:
    """Batch `batch_id` is withdrawn by batch `by`: its rows are resolved, those it had answered are open again."""
    connection.execute(
        "update quarantine.row set state = 'resolved', resolved_batch = %s where batch_id = %s and state = 'open'",
        [by, batch_id],
    )
    connection.execute(
        "update quarantine.row set state = 'open', resolved_batch = null"
        " where resolved_batch = %s and state = 'resolved'",
        [batch_id],
    )
