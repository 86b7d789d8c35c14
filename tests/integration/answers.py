"""How an answer is held against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl
from polars.testing import assert_frame_equal

MARKS = [30, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90]
NEXT_ROUND = date(2027, 2, 3)
TAKES_PART = ["CHINH_THUC", "DU_BI"]


def same(found: pl.DataFrame, expected: pl.DataFrame, keys: Sequence[str]) -> None:
    """Both hold the same rows; `expected` names the columns."""
    assert expected.height > 0
    columns = expected.columns
    whole = [c for c in columns if found[c].dtype.is_integer()]
    assert_frame_equal(
        found.select(columns).sort(keys, nulls_last=True),
        expected.with_columns(pl.col(whole).cast(pl.Int64)).sort(keys, nulls_last=True),
        check_dtypes=False,
    )


def with_total(frame: pl.DataFrame, key: str, *figures: pl.Expr) -> pl.DataFrame:
    """Figures by `key`, and of all rows together under a key of null."""
    total = frame.select(*figures).with_columns(pl.lit(None, dtype=pl.String).alias(key))
    parts = frame.group_by(key).agg(*figures)
    return pl.concat([parts, total.select(parts.columns)])


def withheld(figures: pl.DataFrame) -> pl.DataFrame:
    """Figures of minorities without those that are small or whose complement is small."""
    shown = {}
    for (source,), part in (
        figures.filter(pl.col("dimension") == "DAN_TOC").partition_by("source", as_dict=True).items()
    ):
        by_value = dict(part.select("value", "figure").iter_rows())
        shown[source] = min(by_value.get("THIEU_SO", 0), by_value.get("KHAC", 0)) >= 5
    if sum(not is_shown for source, is_shown in shown.items() if source is not None) == 1:
        shown[None] = False
    keep = [d != "DAN_TOC" or shown[s] for d, s in figures.select("dimension", "source").iter_rows()]
    return figures.with_columns(figure=pl.when(pl.Series(keep)).then("figure"))
