"""Row rules in SQL: which rows break which rule, found in one scan of the typed table.

The faults table of a batch has one row for each typed row that breaks at least one rule: `tid` (place
in the typed table), `source_key`, `broken` (rule ids) and `held` (at least one of them is an error
that no engineer has waived).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg
from psycopg import sql

from sources.contract import Contract, Rule
from sources.landing import BatchTables, table_name
from sources.partitions import is_unique
from sources.registry import RecordMapping

_PREVIOUS = re.compile(r"\(previous\)\.(\w+)")
_MATCH = re.compile(r"([\w\"]+) (!?~) '((?:[^']|'')*)'")
#: Patterns made of digits only, and tests that say the same for a part of the cost.
CHEAP = {
    r"^\d{12}$": "octet_length({0}) = 12 and landing.is_digits({0})",
    r"^\d{8}$": "octet_length({0}) = 8 and landing.is_digits({0})",
    r"^(\d{9}|\d{12})$": "octet_length({0}) in (9, 12) and landing.is_digits({0})",
    r"^(\d{2}|\d{5})$": "octet_length({0}) in (2, 5) and landing.is_digits({0})",
    r"^\d{2}(\.\d{3}){4}$": "{0} like '__.___.___.___.___' and octet_length(replace({0}, '.', '')) = 14"
    " and landing.is_digits(replace({0}, '.', ''))",
}


@dataclass(frozen=True)
class RuleCount:
    """How a rule fared on a batch: rows judged, rows that break it, and those of them that are waived."""

    rule: Rule
    checked: int
    failed: int
    waived: int = 0

    @property
    def allowed(self) -> int:
        """Most rows that may break the rule; the share counts against at least a hundred rows."""
        return allowed(self.rule, self.checked) + self.waived

    @property
    def within_tolerance(self) -> bool:
        """Whether the rule lets the batch through."""
        return self.failed <= self.allowed


def allowed(rule: Rule, rows: int) -> int:
    """How many of `rows` may break the rule: its tolerance, of a hundred rows at least."""
    return rows if rule.tolerance >= 100 else int(rule.tolerance * max(rows, 100) / 100 + 1e-9)


def key_rules(contract: Contract) -> frozenset[str]:
    """Rules that keep keys usable; raw could not be written without them, so they are never waived."""
    return frozenset(r.rule_id for r in contract.rules if r.column == "source_key" and r.severity == "error")


def predicate(rule: Rule, table: str) -> str:
    """The rule as SQL over `table`, true for a bad row; values of the version before are `previous__<field>`.

    A pattern of digits only becomes a test that costs a part of a regular expression.
    """
    text = rule.predicate.replace("${table}", table)
    text = _PREVIOUS.sub(r'"previous__\1"', text)

    def cheap(match: re.Match[str]) -> str:
        column, operator, pattern = match.groups()
        if pattern not in CHEAP:
            return match.group()
        test = f"({CHEAP[pattern].format(column)})"
        return test if operator == "~" else f"not {test}"

    return _MATCH.sub(cheap, text)


def _judged(
    connection: psycopg.Connection, contract: Contract, mapping: RecordMapping, tables: BatchTables, source: str
) -> tuple[sql.Composed, sql.Composed]:
    """What is judged, as columns and FROM: typed fields, unread texts, `previous__<field>` where rules ask for it.

    Fields that are not delivered are written as NULL, so that the planner sees which rules ask nothing.
    """
    fields = sorted({f for rule in contract.rules for f in _PREVIOUS.findall(rule.predicate)})
    raw = sql.Identifier("raw", contract.record)
    of_source = sql.SQL("o.source = {} and o.last_batch is null").format(sql.Literal(source))
    known = (
        fields
        and connection.execute(sql.SQL("select 1 from {} as o where {} limit 1").format(raw, of_source)).fetchone()
    )
    types = dict(contract.columns())
    unread = {p.unread: "text" for p in contract.properties if p.may_be_unread}
    absent = {
        name for p in contract.properties if p.name not in mapping.columns for name in (p.name, p.precision, p.unread)
    }
    columns = [
        sql.SQL("null::" + type_ + " as {}").format(sql.Identifier(name))
        if name in absent
        else sql.Identifier("t", name)
        for name, type_ in (types | unread).items()
    ]
    for f in fields:
        value = sql.Identifier("o", f) if known else sql.SQL("null::" + types[f])
        columns.append(sql.SQL("{} as {}").format(value, sql.Identifier(f"previous__{f}")))
    join = sql.SQL(" left join {} as o on {} and o.source_key = t.source_key").format(raw, of_source)
    return sql.SQL(", ").join(columns), sql.SQL("{} as t{}").format(tables.typed, join if known else sql.SQL(""))


def _tests(
    connection: psycopg.Connection, contract: Contract, mapping: RecordMapping, tables: BatchTables
) -> list[tuple[Rule, str]]:
    """The rules that some row can break, with their predicates.

    A field that is not delivered breaks no rule row by row (`count` adds what that means), and a
    column without duplicates needs no search for them in the scan.
    """
    judged = [rule for rule in contract.rules if not rule.column or rule.column in mapping.columns]
    unique = [rule.column for rule in judged if rule.metric == "duplicateValues" and rule.column]
    if "source_key" in unique and is_unique(connection, tables):
        unique.remove("source_key")
    repeated = _repeated(connection, unique, tables)
    typed = table_name(tables.typed)
    return [
        (rule, predicate(rule, typed)) for rule in judged if rule.metric != "duplicateValues" or rule.column in repeated
    ]


def _repeated(connection: psycopg.Connection, columns: list[str], tables: BatchTables) -> set[str]:
    """Columns in which two values share a hash: the search in the scan tells whether they are the same."""
    if not columns:
        return set()
    tests = sql.SQL(", ").join(
        sql.SQL("count({0}) <> count(distinct hashtextextended({0}::text, 0))").format(sql.Identifier(column))
        for column in columns
    )
    found = connection.execute(sql.SQL("select {} from {}").format(tests, tables.typed)).fetchone() or ()
    return {column for column, repeated in zip(columns, found, strict=True) if repeated}


def find(
    connection: psycopg.Connection, contract: Contract, mapping: RecordMapping, tables: BatchTables, source: str
) -> None:
    """Make the faults table of a typed batch, and the view that Great Expectations judges."""
    columns, origin = _judged(connection, contract, mapping, tables, source)
    connection.execute(sql.SQL("create or replace view {} as select {} from {}").format(tables.judged, columns, origin))
    with connection.transaction():
        connection.execute("set local work_mem = '256MB'")
        connection.execute("set local parallel_tuple_cost = 0.005")
        tests = _tests(connection, contract, mapping, tables)
        numbered = range(len(tests))
        errors = [f"b{i} is true" for i in numbered if tests[i][0].severity == "error"]
        statement = sql.SQL(
            "create unlogged table {faults} with (autovacuum_enabled = false) as"
            " select tid, source_key, array_remove(array[{names}]::text [], null) as broken, {errors} as held"
            " from (select tid, source_key{tests} from (select t.ctid as tid, {columns} from {origin}) as t"
            " offset bigint '0') as judged where {bad}"
        ).format(
            faults=tables.faults,
            names=sql.SQL(", ").join(
                sql.SQL(f"case when b{i} then {{}} end").format(sql.Literal(tests[i][0].rule_id)) for i in numbered
            ),
            errors=sql.SQL(f"({' or '.join(errors) or 'false'})"),
            tests=sql.SQL("".join(f", ({tests[i][1]}) as b{i}" for i in numbered)),
            columns=columns,
            origin=origin,
            bad=sql.SQL(" or ".join(f"b{i}" for i in numbered) or "false"),
        )
        connection.execute(statement)
        release_waived(connection, contract, tables, source)
    connection.execute(sql.SQL("analyze {} (tid, held)").format(tables.faults))


_WAIVED = """
    select 1 from ops.decision as d
    where d.action = 'waive_fault' and d.source = {source} and d.record = {record}
    and d.source_key = f.source_key and d.rule_id = {rule}
"""


def release_waived(connection: psycopg.Connection, contract: Contract, tables: BatchTables, source: str) -> None:
    """Release rows all of whose errors an engineer has waived."""
    errors = [r.rule_id for r in contract.rules if r.severity == "error"]
    statement = sql.SQL(
        "update {faults} as f set held = false where held and not exists (select from unnest(f.broken) as rule"
        " where rule = any({errors}) and not exists (" + _WAIVED + "))"
    ).format(
        faults=tables.faults,
        errors=sql.Literal(errors),
        source=sql.Literal(source),
        record=sql.Literal(contract.record),
        rule=sql.SQL("rule"),
    )
    if connection.execute(
        "select 1 from ops.decision where action = 'waive_fault' and source = %s and record = %s limit 1",
        [source, contract.record],
    ).fetchone():
        connection.execute(statement)


def count(
    connection: psycopg.Connection,
    contract: Contract,
    mapping: RecordMapping,
    tables: BatchTables,
    *,
    source: str,
    checked: int,
) -> list[RuleCount]:
    """How every rule of the contract fared among the `checked` rows of the typed table, from the faults table."""
    found = connection.execute(
        sql.SQL(
            "select rule, count(*), count(*) filter (where exists (" + _WAIVED + ")) from {faults} as f, "
            "unnest(f.broken) as rule group by rule"
        ).format(
            faults=tables.faults, source=sql.Literal(source), record=sql.Literal(contract.record), rule=sql.SQL("rule")
        )
    ).fetchall()
    failed = {rule: (bad, waived) for rule, bad, waived in found}
    for rule in contract.rules:
        if rule.metric == "nullValues" and rule.column not in mapping.columns:
            failed[rule.rule_id] = (checked, 0)
    return [RuleCount(rule, checked, *failed.get(rule.rule_id, (0, 0))) for rule in contract.rules]
