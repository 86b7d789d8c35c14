"""Staffing: posts assigned to agencies by year, and people present, counted from the cadre records."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import polars as pl

from sources.sample.bodies import BODIES
from sources.sample.draw import days, flags, stream

#: Agency that holds the total of its body: the organisation board of a province, the first agency of a central body.
HOLDER = {body.code: f"{body.m1}.{'001' if body.code.startswith('T') else '002'}" for body in BODIES}
QUOTA_OF = {"CB": "CAN_BO", "CC": "CONG_CHUC", "HD111": "HD_111", "HD_CC": "HD_KHAC"}


def last_quarter_end(as_of: date) -> date:
    """Last day of the quarter before the one of `as_of`."""
    first_month = 3 * ((as_of.month - 1) // 3) + 1
    return date(as_of.year, first_month, 1) - timedelta(days=1)


def headcounts(cadres: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """People present by agency and category at the end of the last quarter."""
    rng = stream(seed, "headcounts")
    day = last_quarter_end(as_of)
    category = (
        pl.when((pl.col("agency_level") == "XA") & pl.col("category").is_in(["CB", "CC"]))
        .then(pl.lit("CBCC_XA"))
        .when(pl.col("category") == "VC")
        .then(
            pl.when(pl.col("quota_source") == "SN_TC")
            .then(pl.lit("VIEN_CHUC_TU_CHU"))
            .otherwise(pl.lit("VIEN_CHUC_NSNN"))
        )
        .otherwise(pl.col("category").replace(QUOTA_OF))
    )
    present = (
        cadres.filter(
            (pl.col("category") != "LLVT")
            & (pl.col("started_on") <= day)
            & (pl.col("ended_on").is_null() | (pl.col("ended_on") > day))
        )
        .with_columns(category=category)
        .group_by("source", "agency_code", "category")
        .agg(
            present=pl.len().cast(pl.Int64),
            retiring_within_year=(pl.col("retires_on") <= day + timedelta(days=365)).sum().cast(pl.Int64),
        )
        .sort("source", "agency_code", "category")
    )
    n = len(present)
    return present.with_columns(
        counted_on=pl.lit(day),
        seconded_in=pl.Series(flags(rng, 0.04, n)).cast(pl.Int64),
        seconded_out=pl.Series(flags(rng, 0.03, n)).cast(pl.Int64),
        concurrent=pl.Series(flags(rng, 0.05, n)).cast(pl.Int64),
        long_leave=pl.Series(flags(rng, 0.06, n)).cast(pl.Int64),
    )


def quotas(present: pl.DataFrame, seed: int, as_of: date, keepers: Collection[str]) -> pl.DataFrame:
    """Posts assigned for last year and this one; most agencies are near their number, some over it.

    Bodies of `keepers` also keep what the centre assigned to them (see `_totals`) and say which decision was split.
    """
    rng = stream(seed, "quotas")
    base = present.select("source", "agency_code", "category", "present")
    years = pl.concat([base.with_columns(year=pl.lit(year, dtype=pl.Int64)) for year in (as_of.year - 1, as_of.year)])
    n = len(years)
    agencies = (
        years.with_columns(
            assigned=(pl.col("present") + pl.Series(rng.integers(-1, 3, n))).clip(0),
            reserve=pl.Series(flags(rng, 0.05, n)).cast(pl.Int64),
            decision_no=pl.format("{}-QĐ/TU", pl.Series(rng.integers(10, 900, n))),
            decision_date=pl.date(pl.col("year") - 1, 12, 1) + days(rng, 0, 30, n),
            authority_level=pl.when(pl.col("source").str.starts_with("T")).then(pl.lit("TW")).otherwise(pl.lit("TINH")),
            classification=pl.lit("THUONG"),
        )
        .drop("present")
        .sort("source", "year", "agency_code", "category", maintain_order=True)
    )
    totals = _totals(agencies.filter(pl.col("source").is_in(list(keepers))), seed)
    parents = totals.select("source", "year", parent_decision_no="decision_no").unique()
    split = agencies.join(parents, on=["source", "year"], how="left", maintain_order="left").with_columns(
        allocation_scope=pl.when(pl.col("parent_decision_no").is_not_null()).then(pl.lit("DON_VI"))
    )
    return pl.concat([split, totals], how="diagonal")


def _totals(agencies: pl.DataFrame, seed: int) -> pl.DataFrame:
    """What the centre assigned to each body by category and year, in one decision a year.

    Of one in twenty more was handed on than there was: `is_exceeded`, which no source says.
    """
    rng = stream(seed, "totals of quotas")
    handed_on = (
        agencies.group_by("source", "year", "category")
        .agg(handed_on=pl.col("assigned").sum())
        .sort("source", "year", "category")
    )
    n = len(handed_on)
    decisions = handed_on.select("source", "year").unique(maintain_order=True)
    decisions = decisions.with_columns(
        decision_no=pl.format("{}-QĐ/BTCTW", pl.Series(rng.integers(10, 9_000, len(decisions)))),
        decision_date=pl.date(pl.col("year") - 1, 11, 1) + days(rng, 0, 25, len(decisions)),
    )
    over, left = pl.Series(rng.integers(1, 4, n)), pl.Series(rng.integers(0, 5, n))
    return (
        handed_on.join(decisions, on=["source", "year"], maintain_order="left")
        .with_columns(is_exceeded=pl.Series(flags(rng, 0.05, n)) & (pl.col("handed_on") > 0))
        .with_columns(
            agency_code=pl.col("source").replace_strict(HOLDER),
            assigned=(pl.col("handed_on") + pl.when("is_exceeded").then(-over).otherwise(left)).clip(0),
            reserve=pl.lit(0, dtype=pl.Int64),
            authority_level=pl.lit("TW"),
            allocation_scope=pl.lit("TONG"),
            classification=pl.lit("THUONG"),
        )
        .drop("handed_on")
    )
