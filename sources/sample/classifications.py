"""Yearly classifications of party organisations and of members, which some bodies send beside those of cadres."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np
import polars as pl

from sources.sample.draw import flags, pick, stream
from sources.sample.members import PRESENT

#: Bodies that send the classifications of their basic organisations and cells.
ORGANISATION_SENDERS = ("04", "11", "14", "15", "19", "20", "24", "31", "38", "42", "48", "68", "T4")
YEARS = 2
LEVELS = {"HTXSNV": 16, "HTTNV": 72, "HTNV": 10.5, "KHTNV": 1.5}
LOWEST = {"HTXSNV": 90, "HTTNV": 70, "HTNV": 50, "KHTNV": 30}
#: Excellent ones for so many good ones: one in five.
GOOD_FOR_ONE = 5
#: Groups that do not keep to it.
OVER_CAP = 0.06
#: Columns of an evaluation that say of whom it is and when; the scores follow from the level.
SUBJECT = (
    *("source", "subject_kind", "person", "record_no", "organisation_code"),
    *("period_type", "period", "decided_on", "group"),
)


def party_evaluations(
    members: pl.DataFrame, organisations: pl.DataFrame, member_senders: Collection[str], seed: int, as_of: date
) -> pl.DataFrame:
    """Last year and the year before: organisations of those who send them, and members of `member_senders`.

    `record_no` says which member record of the person is meant. In a few groups (`is_over_cap`, which no source says)
    more are excellent than one for five good ones.
    """
    years = range(as_of.year - YEARS, as_of.year)
    rated_organisations = pl.concat([_of_organisations(organisations, year) for year in years])
    rated_members = pl.concat([_of_members(members, organisations, member_senders, year) for year in years])
    return pl.concat(
        [
            _rated(stream(seed, "classifications of organisations"), rated_organisations),
            _rated(stream(seed, "classifications of members"), rated_members),
        ]
    ).drop("group")


def _standing(year: int) -> pl.Expr:
    last = pl.lit(date(year, 12, 31))
    return (pl.col("valid_from") <= last) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > last))


def _of_organisations(organisations: pl.DataFrame, year: int) -> pl.DataFrame:
    """Basic organisations and those under them that stood at the end of the year."""
    rated = organisations.filter(
        pl.col("source").is_in(ORGANISATION_SENDERS)
        & pl.col("organisation_type").is_in(["C1", "C2", "B1", "B2"])
        & _standing(year)
    )
    return rated.select(
        "source",
        pl.lit("TAP_THE").alias("subject_kind"),
        pl.lit(None, dtype=pl.Int64).alias("person"),
        pl.lit(None, dtype=pl.Int32).alias("record_no"),
        "organisation_code",
        *_yearly(year, date(year, 12, 28)),
        pl.concat_str("source", "organisation_type").alias("group"),
    )


def _of_members(
    members: pl.DataFrame, organisations: pl.DataFrame, senders: Collection[str], year: int
) -> pl.DataFrame:
    """Official members present at the end of the year, neither exempt nor suspended nor admitted in its last half.

    The organisation is said where the cell stood already; where a cell came later, the member record tells the place.
    """
    last = pl.lit(date(year, 12, 31))
    since = pl.col("status_date") <= last
    rated = members.filter(
        pl.col("source").is_in(list(senders))
        & (pl.col("record_no") == 1)
        & (pl.col("official_date") <= last)
        & (pl.col("admission_date").dt.offset_by("6mo") <= last)
        & (pl.col("status").is_in(PRESENT) | ~since)
        & ~(pl.col("status").is_in(["MIEN_SH", "DINH_CHI_SH"]) & since)
    )
    stood = organisations.filter(_standing(year)).select("organisation_code", stood="organisation_code")
    return rated.join(stood, on="organisation_code", how="left", maintain_order="left").select(
        "source",
        pl.lit("DANG_VIEN").alias("subject_kind"),
        pl.col("person").cast(pl.Int64),
        pl.col("record_no").cast(pl.Int32),
        pl.col("stood").alias("organisation_code"),
        *_yearly(year, date(year, 12, 15)),
        # the first three groups of a code are those of the basic organisation
        pl.col("organisation_code").str.slice(0, 10).alias("group"),
    )


def _yearly(year: int, decided_on: date) -> list[pl.Expr]:
    return [
        pl.lit("NAM").alias("period_type"),
        pl.lit(str(year)).alias("period"),
        pl.lit(decided_on).alias("decided_on"),
    ]


def _rated(rng: np.random.Generator, rated: pl.DataFrame) -> pl.DataFrame:
    """Levels and scores; whoever would be excellent above the cap of the group is good instead."""
    rated = rated.select(SUBJECT).sort("source", "period", "organisation_code", "person", maintain_order=True)
    n = len(rated)
    keys = ["period", "group"]
    groups = rated.select(keys).unique(maintain_order=True)
    groups = groups.with_columns(is_over_cap=pl.Series(flags(rng, OVER_CAP, len(groups)), dtype=pl.Boolean))
    excellent, good = pl.col("level") == "HTXSNV", pl.col("level") == "HTTNV"
    room = (excellent | good).sum().over(keys) // (GOOD_FOR_ONE + 1)
    over = (excellent.cum_sum().over(keys) > room) & excellent & ~pl.col("is_over_cap")
    rated = (
        rated.with_columns(level=pick(rng, LEVELS, n))
        .join(groups, on=keys, how="left", maintain_order="left")
        .with_columns(level=pl.when(over).then(pl.lit("HTTNV")).otherwise("level"))
    )
    total = rated["level"].replace_strict(LOWEST, return_dtype=pl.Int64) + pl.Series(rng.integers(0, 9, n))
    return rated.with_columns(total_score=total, general_score=total * 3 // 10).with_columns(
        result_score=pl.col("total_score") - pl.col("general_score")
    )
