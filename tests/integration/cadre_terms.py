"""Posts of cadres in the order in which they were held, and the day from which standards count."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl

from tests.integration.cadre_truth import (
    rule,
)

Row = dict[str, Any]


#: Standards count for acts since then.
STANDARDS_SINCE = date(2018, 1, 1)


def groups(frame: pl.DataFrame, *keys: str) -> Iterator[list[Row]]:
    """Rows of a frame that is sorted by `keys`, group by group."""
    for _, rows in itertools.groupby(frame.rows(named=True), key=lambda row: [row[k] for k in keys]):
        yield list(rows)


def chains(rows: list[Row]) -> Iterator[list[Row]]:
    """Assignments of one person to one post, cut where the gap between two is longer than the rule allows."""
    chain: list[Row] = []
    until = date.min
    for post in rows:
        ends = min(post["planned_end_on"], post["ended_on"] or date.max)
        if chain and post["started_on"] > until + timedelta(days=rule("CONSECUTIVE_TERMS", "GAP_DAYS")):
            yield chain
            chain, until = [], date.min
        chain.append(post)
        until = max(until, ends)
    yield chain


def terms(chain: list[Row]) -> int:
    """Terms served in a row: appointments that decided, or what fits into the time where some were not reported."""
    deciding = ("BO_NHIEM", "BO_NHIEM_LAI", "BAU", "CHI_DINH")
    decided = {r["started_on"] for r in chain if r["assignment_kind"] in deciding}
    first, last = min(r["started_on"] for r in chain), max(r["planned_end_on"] for r in chain)
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return max(len(decided), 1, int(months / rule("APPOINTMENT_TERM", "MONTHS") + 0.5))
