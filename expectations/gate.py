"""The intake gate: Great Expectations judges a typed batch; verdicts only, never values.

Counts and rows come from `expectations.faults`, from SQL of the same rules; tests hold the two equal.
Great Expectations must not run twice at once in one process, hence the lock.
"""

from __future__ import annotations

import logging
import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg import sql


from expectations.faults import RuleCount
from sources.contract import Contract
from sources.landing import BatchTables, table_name

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite

_ONE_AT_A_TIME = threading.Lock()
_OPTIONS = "-c TimeZone=UTC -c DateStyle=ISO,YMD -c work_mem=256MB -c parallel_tuple_cost=0.005"


class GateError(RuntimeError):
    """Great Expectations could not judge a batch; a fault of ours, never of the source."""


@cache
def _context() -> Any:
    """One ephemeral context a process, silent: no progress bars, no analytics, no files."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


@cache
def _datasource(url: str) -> Any:
    """The warehouse as GX knows it, one a process and address."""
    context = _context()
    joint = "&" if "?" in url else "?"
    address = url.replace("postgresql://", "postgresql+psycopg://", 1) + f"{joint}options={quote(_OPTIONS)}"
    name = f"warehouse_{len(context.data_sources.all())}"
    return context.data_sources.add_postgres(name, connection_string=address, create_temp_table=False)


def suite_of(
    connection: psycopg.Connection, contract: Contract, fared: list[RuleCount], tables: BatchTables
) -> ExpectationSuite:
    """The suite with which this batch is judged."""
    from expectations import suites

    columns = suites.counted_columns(contract.rules)
    counts = sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(c)) for c in columns)
    found = connection.execute(sql.SQL("select {} from {}").format(counts, tables.typed)).fetchone() or ()
    return suites.suite(contract, fared, dict(zip(columns, found, strict=True)), table_name(tables.typed))


def verdicts(url: str, made: ExpectationSuite, tables: BatchTables) -> dict[str, bool]:
    """What GX says of a batch, by rule id. Raises GateError when it cannot say."""
    schema, view = tables.judged._obj
    with _ONE_AT_A_TIME:
        source = _datasource(url)
        asset = source.add_table_asset(view, table_name=view, schema_name=schema)
        try:
            batch = asset.add_batch_definition_whole_table("whole").get_batch()
            result = batch.validate(made, result_format="BOOLEAN_ONLY")
        finally:
            source.delete_asset(view)
    found: dict[str, bool] = {}
    for one in result.results:
        rule_id = one.expectation_config.meta["rule_id"]
        if one.exception_info and any(_raised(one.exception_info)):
            raise GateError(f"Great Expectations could not judge {rule_id}: {next(_raised(one.exception_info))}")
        found[rule_id] = bool(one.success)
    return found


def _raised(info: dict[str, Any]) -> Any:
    """Messages of exceptions in GX's exception_info, which has two shapes, cut before any value."""
    for one in [info] if "raised_exception" in info else info.values():
        if one["raised_exception"]:
            yield str(one["exception_message"]).splitlines()[0][:200]
