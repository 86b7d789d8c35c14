"""What a statement reads, column by column: in what it returns, and in its conditions and joins too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from orchestration.documentation.lineage import Column, column_parents, parsed, schema_of


@dataclass(frozen=True)
class Reading:
    """`outputs` are the columns behind each column that a statement returns; `columns` are all that it reads."""

    outputs: Mapping[str, frozenset[Column]]
    columns: frozenset[Column]

    @cached_property
    def relations(self) -> dict[str, list[str]]:
        """Columns read by "schema.relation", both in alphabetical order."""
        found: dict[str, list[str]] = {}
        for relation, column in sorted(self.columns):
            found.setdefault(relation, []).append(column)
        return found


def read_statement(statement: str, known: Mapping[str, Iterable[str]]) -> Reading:
    """The reading of a statement over relations whose columns are `known`. Raises SqlglotError where it cannot be read.

    A column that a common table passes on and nothing uses is not read.
    """
    return Reading(column_parents(statement, known), _columns_read(statement, known))


def _columns_read(statement: str, known: Mapping[str, Iterable[str]]) -> frozenset[Column]:
    from sqlglot import exp
    from sqlglot.optimizer.pushdown_projections import pushdown_projections
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import traverse_scope

    schema = schema_of(known)
    tree = qualify(
        parsed(statement), schema=schema, dialect="postgres", validate_qualify_columns=False, quote_identifiers=False
    )
    found = set()
    for scope in traverse_scope(pushdown_projections(tree)):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and source.db:
                found.add((f"{source.db}.{source.name}", column.name))
    return frozenset(found)


def columns_named(condition: str) -> frozenset[str]:
    """Names of the columns in a condition or a measure of SQL."""
    from sqlglot import exp, parse_one

    return frozenset(column.name for column in parse_one(condition, dialect="postgres").find_all(exp.Column))
