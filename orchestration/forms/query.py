"""One statement a form: unit and periods as common tables, then each relation counted by all its cells at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache

import psycopg
from psycopg import sql

from orchestration.forms.definition import RELATIONS, FormDefinition, Line
from orchestration.forms.period import FormError, Period

SCOPE = RELATIONS / "scope" / "scope.sql"
MINORITY = RELATIONS / "scope" / "minority.sql"
NO_MINORITY = "select null::uuid as person_id, null::boolean as is_minority where false"
EVIDENCE = "=evidence"

#: (code of row, code of column, number of the period) of a counted figure.
CellKey = tuple[str, str, int]


def counted_periods(definition: FormDefinition, row: Line, column: Line) -> Sequence[int]:
    """Numbers of the periods that a cell counts: none for headings, ratios and lines without data."""
    nothing = row.heading or row.missing or column.missing or column.ratio or definition.relation(row, column) is None
    return () if nothing else (column.period,)


def condition(row: Line, column: Line) -> str:
    """What a record must satisfy to be counted in a cell."""
    return " and ".join(f"({w})" for w in (*row.where, *column.where)) or "true"


def count_cells(
    connection: psycopg.Connection, definition: FormDefinition, organisation_id: str, periods: Sequence[Period]
) -> tuple[dict[CellKey, Decimal], set[tuple[str, int]]]:
    """All figures of a form, and the (evidence, period) pairs that hold no data at all.

    Runs one statement. A cell that no record reaches is 0.
    """
    groups: dict[str, dict[CellKey, str]] = defaultdict(dict)
    for row in definition.rows:
        for column in definition.columns:
            for number in counted_periods(definition, row, column):
                relation = definition.relation(row, column) or ""
                measure = row.measure or column.measure or "count(*)"
                where = f"period_no = {number} and {condition(row, column)}"
                groups[relation][row.code, column.code, number] = f"{measure} filter (where {where})"
    evidences = sorted({e for line in (*definition.rows, *definition.columns) for e in _evidences(line)})
    parts = [
        f"select {_quoted(name)} as relation, 1 as period_no, array[{', '.join(cells.values())}]::numeric[] as figures "
        f"from ({relation_sql(name)}) as counted"
        for name, cells in groups.items()
    ]
    if evidences:
        holds = ", ".join(f"({e})::integer" for e in evidences)
        parts.append(f"select {_quoted(EVIDENCE)}, period.period_no, array[{holds}]::numeric[] from period")
    if not parts:
        return {}, set()
    statement = with_scope(organisation_id, periods, " union all ".join(parts), may_count_minority(connection))
    _plan_for_sets(connection)
    figures: dict[CellKey, Decimal] = {}
    unknown: set[tuple[str, int]] = set()
    for relation, number, values in connection.execute(statement.encode()).fetchall():
        if relation == EVIDENCE:
            unknown |= {(e, number) for e, v in zip(evidences, values, strict=True) if not v}
        else:
            figures |= {k: v for k, v in zip(groups[relation], values, strict=True) if v is not None}
    return figures, unknown


def cell_records(
    connection: psycopg.Connection,
    definition: FormDefinition,
    cell: tuple[Line, Line],
    organisation_id: str,
    periods: Sequence[Period],
) -> list[dict[str, object]]:
    """The records that a figure counts, in the order of organisation, day and person."""
    row, column = cell
    relation = definition.relation(row, column)
    if relation is None or not counted_periods(definition, row, column):
        raise FormError(f"Ô {row.code}.{column.code} không đếm bản ghi nào nên không có gì để liệt kê.")
    listing = f"""
        select listed.person_id, person.full_name, listed.organisation_id, place.organisation_code,
            place.name as organisation, office.name as agency, listed.happened_on, listed.source, listed.source_key
        from (
            select * from ({relation_sql(relation)}) as counted
            where period_no = {column.period} and {condition(row, column)}
        ) as listed
        left join published.person as person on listed.person_id = person.person_id
        left join published.party_organisation as place on listed.organisation_id = place.organisation_id
        left join office on (to_jsonb(listed) ->> 'agency_id')::uuid = office.agency_id
        order by place.path, office.agency_code, listed.happened_on, listed.person_id, listed.source_key"""
    _plan_for_sets(connection)
    statement = with_scope(organisation_id, periods, listing, may_count_minority(connection))
    cursor = connection.execute(statement.encode())
    names = [c.name for c in cursor.description or ()]
    return [dict(zip(names, r, strict=True)) for r in cursor.fetchall()]


def with_scope(organisation_id: str, periods: Sequence[Period], statement: str, minority: bool) -> str:
    """A statement with the tables that every relation may name: period, unit, subtree, office, transfer, minority.

    `minority` says whether the session may count by ethnicity; without it that table is empty.
    """
    spans = sql.SQL(", ").join(
        sql.SQL("({}, date {}, date {})").format(
            sql.Literal(n), sql.Literal(p.start.isoformat()), sql.Literal(p.end.isoformat())
        )
        for n, p in enumerate(periods, 1)
    )
    parts: Mapping[str, str] = {
        "periods": spans.as_string(),
        "organisation": sql.Literal(organisation_id).as_string(),
        "minority": MINORITY.read_text(encoding="utf-8") if minority else NO_MINORITY,
        "statement": statement,
    }
    text = SCOPE.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace("{{ " + name + " }}", part)
    return text


def may_count_minority(connection: psycopg.Connection) -> bool:
    """Whether this session may count by ethnicity, which no published relation shows."""
    row = connection.execute(
        """
        select exists (
            select from pg_class as relation
            inner join pg_namespace as layer on relation.relnamespace = layer.oid
            inner join pg_attribute as field on relation.oid = field.attrelid and not field.attisdropped
            where layer.nspname = 'history' and relation.relname = 'person' and field.attname = 'ethnicity_code'
            and has_schema_privilege(layer.oid, 'usage') and has_table_privilege(relation.oid, 'select')
        )
        """
    ).fetchone()
    return bool(row and row[0])


@cache
def relation_sql(name: str) -> str:
    """The statement of a relation that forms count."""
    return (RELATIONS / f"{name}.sql").read_text(encoding="utf-8")


def _plan_for_sets(connection: psycopg.Connection) -> None:
    """Hash joins throughout: how many rows a subtree or a day selects is beyond the planner's statistics."""
    for other in ("nestloop", "mergejoin"):
        connection.execute(f"set local enable_{other} = off")
    connection.execute("set local jit = off")


def _evidences(line: Line) -> Iterator[str]:
    yield from (e for e in (line.evidence, line.history) if e)


def _quoted(text: str) -> str:
    return "'" + text + "'"
