"""The suite that a candidate must pass before it is published, judged by Great Expectations.

Verdicts only: GX runs with BOOLEAN_ONLY and never holds a row. Counts are the caller's, from SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

BOUNDS = Path(__file__).parent / "release_bounds.yml"

KEY_NOT_NULL = "REL-001"
KEY_UNIQUE = "REL-002"
VOLUME_MINIMUM = "REL-003"
VOLUME_MAXIMUM = "REL-004"
CONSTRAINTS = "REL-005"
CANDIDATE = "REL-006"
COVERAGE = "REL-007"
INTAKE = "REL-008"
RECONCILIATION = "REL-009"
RECONCILIATION_WARNING = "REL-010"

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class CheckResult:
    """One verdict of the gate; texts hold counts and names of relations, never a value of a row."""

    check_id: str
    subject: str
    severity: Severity
    passed: bool
    observed: str
    expected: str


@dataclass(frozen=True)
class CandidateTable:
    """One relation of the candidate and the rows it may have; None where there is nothing to compare with."""

    name: str
    schema: str
    table: str
    key: str
    minimum_rows: int
    maximum_rows: int | None = None


@dataclass(frozen=True)
class Question:
    """One check on more than a table: `query` must return no row; the texts are what a person reads."""

    check_id: str
    subject: str
    severity: Severity
    query: str
    observed: str
    expected: str


@dataclass(frozen=True)
class Bounds:
    """Bounds of the suite, in percent."""

    volume: Mapping[str, Mapping[str, float]]
    default: Mapping[str, float]
    never_empty: frozenset[str]
    coverage: float
    unexplained: Mapping[str, float]

    def rows(self, relation: str, before: int | None) -> tuple[int, int | None]:
        """Least and most rows of a relation that had `before` rows; no upper bound when it had none."""
        least = int(relation in self.never_empty)
        if not before:
            return least, None
        bounds = {**self.default, **self.volume.get(relation, {})}
        return max(least, int(before * bounds["minimum"] / 100)), -int(-before * bounds["maximum"] // 100)


@cache
def bounds(path: Path = BOUNDS) -> Bounds:
    """The bounds as they are kept with the suite."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Bounds(
        volume=raw["volume"]["relations"],
        default=raw["volume"]["default"],
        never_empty=frozenset(raw["volume"]["never_empty"]),
        coverage=raw["coverage"]["minimum"],
        unexplained=raw["reconciliation"],
    )


def judge(url: str, tables: Iterable[CandidateTable], questions: Iterable[Question]) -> dict[tuple[str, str], bool]:
    """Verdicts by (check id, subject). A check that could not be run counts as failed."""
    from great_expectations.expectations import ExpectTableRowCountToEqual

    from expectations.context import batch_of_query, batch_of_table, lock

    verdicts: dict[tuple[str, str], bool] = {}
    with lock:
        for table in tables:
            with batch_of_table(url, table.schema, table.table) as batch:
                found = _run(batch, dict(_table_expectations(table)))
            verdicts |= {(check, table.name): ok for check, ok in found.items()}
        for question in questions:
            with batch_of_query(url, f"{question.check_id} {question.subject}", question.query) as batch:
                found = _run(batch, {question.check_id: ExpectTableRowCountToEqual(value=0)})
            verdicts[question.check_id, question.subject] = found[question.check_id]
    return verdicts


def _table_expectations(table: CandidateTable) -> Iterable[tuple[str, Any]]:
    import great_expectations.expectations as gxe

    yield KEY_NOT_NULL, gxe.ExpectColumnValuesToNotBeNull(column=table.key)
    yield KEY_UNIQUE, gxe.ExpectColumnValuesToBeUnique(column=table.key)
    yield VOLUME_MINIMUM, gxe.ExpectTableRowCountToBeBetween(min_value=table.minimum_rows)
    if table.maximum_rows is not None:
        yield VOLUME_MAXIMUM, gxe.ExpectTableRowCountToBeBetween(max_value=table.maximum_rows, severity="warning")


def _run(batch: Any, expectations: Mapping[str, Any]) -> dict[str, bool]:
    """Verdicts of several expectations on one batch, in the order given."""
    from great_expectations import ExpectationSuite

    suite = ExpectationSuite(name="release")
    for check, expectation in expectations.items():
        expectation.meta = {"check_id": check}
        suite.add_expectation(expectation)
    result = batch.validate(suite, result_format="BOOLEAN_ONLY")
    return {r.expectation_config.meta["check_id"]: bool(r.success) for r in result.results}
