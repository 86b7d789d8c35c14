"""Great Expectations suites, generated from the rules of contracts.

A rule that one of GX's own expectations states exactly becomes that expectation; the others, and
patterns of digits that a cheaper test states, become `ExpectFewRowsToBreakRule`, which counts the rows
of a predicate. Either way GX bundles the counting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import great_expectations.expectations as gxe
from great_expectations.compatibility.sqlalchemy import sqlalchemy as sa
from great_expectations.core import ExpectationSuite
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation, Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from pydantic.v1 import PrivateAttr

from expectations.faults import CHEAP, RuleCount, predicate
from sources.contract import Contract, Rule

METRIC = "table.rows_breaking_rule"


class RowsBreakingRule(TableMetricProvider):
    """Number of rows of the batch for which a predicate is true."""

    metric_name = METRIC
    value_keys = ("predicate",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        **_: Any,
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        bad = sa.text(metric_value_kwargs["predicate"].replace(":", r"\:"))
        return sa.func.count().filter(bad), metric_domain_kwargs, {}


class _Settled(Expectation):
    """An expectation that does not change once it is made, so its configuration is made once.

    GX asks for it forty times a batch and would make it anew each time, which is nearly half of its own time.
    """

    _made: ExpectationConfiguration | None = PrivateAttr(None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        if self._made is None:
            self._made = super().configuration
        return self._made


class ExpectColumnValuesToNotBeNull(_Settled, gxe.ExpectColumnValuesToNotBeNull):
    """As GX has it."""


class ExpectColumnValuesToBeNull(_Settled, gxe.ExpectColumnValuesToBeNull):
    """As GX has it."""


class ExpectColumnValuesToBeUnique(_Settled, gxe.ExpectColumnValuesToBeUnique):
    """As GX has it."""


class ExpectColumnValuesToMatchRegex(_Settled, gxe.ExpectColumnValuesToMatchRegex):
    """As GX has it."""


class ExpectFewRowsToBreakRule(_Settled, BatchExpectation):
    """Expect at most `allowed` rows for which `predicate` is true."""

    predicate: str
    allowed: int

    metric_dependencies: ClassVar[tuple[str, ...]] = (METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("predicate", "allowed")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        # as meta, since results without values are stripped of everything else
        return {"success": metrics[METRIC] <= self.allowed, "meta": {"failed": metrics[METRIC]}}


def _mostly(allowed: int, rows: int) -> float:
    """The share of `rows` that must be good so that exactly `allowed` may be bad."""
    return min(1.0, max(0.0, (rows - allowed - 0.5) / rows)) if allowed and rows else 1.0


def expectation(contract: Contract, fared: RuleCount, values: Mapping[str, int], table: str) -> gxe.Expectation:
    """One rule as an expectation on one batch; `values` counts the values of each column that is not NULL."""
    rule = fared.rule
    p = contract.by_name.get(rule.column or "")
    common: dict[str, Any] = {
        "severity": "critical" if rule.severity == "error" else "warning",
        "meta": {"rule_id": rule.rule_id, "severity": rule.severity, "sentence": rule.sentence},
    }
    plain = p is not None and not p.may_be_unread
    if p and plain and rule.metric == "nullValues":
        return ExpectColumnValuesToNotBeNull(column=p.name, mostly=_mostly(fared.allowed, fared.checked), **common)
    if p and rule.metric == "duplicateValues":
        return ExpectColumnValuesToBeUnique(column=p.name, mostly=_mostly(fared.allowed, values[p.name]), **common)
    if p and rule.metric == "invalidValues":
        if plain and rule.pattern and rule.pattern not in CHEAP and not (rule.minimum or rule.maximum):
            return ExpectColumnValuesToMatchRegex(
                column=p.name, regex=rule.pattern, mostly=_mostly(fared.allowed, values[p.name]), **common
            )
        if not plain and not (rule.pattern or rule.minimum or rule.maximum):
            return ExpectColumnValuesToBeNull(column=p.unread, mostly=_mostly(fared.allowed, fared.checked), **common)
    return ExpectFewRowsToBreakRule(predicate=predicate(rule, table), allowed=fared.allowed, **common)


def counted_columns(rules: tuple[Rule, ...]) -> list[str]:
    """Columns whose number of values decides what `mostly` means."""
    return sorted({r.column for r in rules if r.column and (r.metric == "duplicateValues" or r.pattern)})


def suite(contract: Contract, fared: list[RuleCount], values: Mapping[str, int], table: str) -> ExpectationSuite:
    """The suite of one contract for one batch: one expectation a rule, in the order of the contract."""
    return ExpectationSuite(
        name=contract.record, expectations=[expectation(contract, one, values, table) for one in fared]
    )
