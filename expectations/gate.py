"""The intake gate: Great Expectations judges a typed batch; verdicts and counts only, never values.

The rows of broken rules are found by `expectations.faults`, by SQL of the same rules; every batch makes
sure that the two agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from expectations.faults import RuleCount
from sources.contract import Contract
from sources.landing import BatchTables, table_name

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite

#: Settings of the session in which GX counts: same meaning of dates, workers for large tables.
_OPTIONS = "-c TimeZone=UTC -c DateStyle=ISO,YMD -c work_mem=256MB -c parallel_tuple_cost=0.005"


class GateError(RuntimeError):
    """Great Expectations could not judge a batch; a fault of ours, never of the source."""


@dataclass(frozen=True)
class Verdict:
    """What GX says of one rule; `failed` is None where an expectation of its own tells no count."""

    passed: bool
    failed: int | None

    def agrees(self, counted: RuleCount) -> bool:
        """Whether the rows that were found say the same."""
        return self.passed == counted.within_tolerance and self.failed in (None, counted.failed)


def suite_of(
    connection: psycopg.Connection, contract: Contract, fared: list[RuleCount], tables: BatchTables
) -> ExpectationSuite:
    """The suite with which this batch is judged."""
    from expectations import context, suites

    context.context()
    columns = suites.counted_columns(contract.rules)
    counts = sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(c)) for c in columns)
    found = connection.execute(sql.SQL("select {} from {}").format(counts, tables.typed)).fetchone() or ()
    return suites.suite(contract, fared, dict(zip(columns, found, strict=True)), table_name(tables.typed))


def verdicts(url: str, made: ExpectationSuite, tables: BatchTables) -> dict[str, Verdict]:
    """What GX says of a batch, by rule id. Raises GateError when it cannot say."""
    from expectations import context

    address = f"{url}{'&' if '?' in url else '?'}options={quote(_OPTIONS)}"
    schema, view = tables.judged._obj
    with context.lock, context.batch_of_table(address, schema, view) as batch:
        result = batch.validate(made, result_format="BOOLEAN_ONLY")
    found: dict[str, Verdict] = {}
    for one in result.results:
        rule_id = one.expectation_config.meta["rule_id"]
        if one.exception_info and any(_raised(one.exception_info)):
            raise GateError(f"Great Expectations could not judge {rule_id}: {next(_raised(one.exception_info))}")
        found[rule_id] = Verdict(bool(one.success), (one.meta or {}).get("failed"))
    return found


def _raised(info: dict[str, Any]) -> Iterator[str]:
    """Messages of exceptions in GX's exception_info, which has two shapes, cut before any value."""
    for one in [info] if "raised_exception" in info else info.values():
        if one["raised_exception"]:
            yield str(one["exception_message"]).splitlines()[0][:200]
