"""Ways in which names, numbers and dates get written that are not the one way they should be."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

TONE_ON_SECOND = {
    "òa": "oà", "óa": "oá", "ỏa": "oả", "õa": "oã", "ọa": "oạ",
    "òe": "oè", "óe": "oé", "ỏe": "oẻ", "õe": "oẽ", "ọe": "oẹ",
    "ùy": "uỳ", "úy": "uý", "ủy": "uỷ", "ũy": "uỹ", "ụy": "uỵ", "Úy": "Uý", "Ủy": "Uỷ",
}  # fmt: skip
ID_DIGITS = 12
PLACEHOLDERS = ("KHÔNG", "không", "-", "x", "nt", "như trên")
TITLES = ("Đ/c ", "Đồng chí ", "Ông ", "Bà ", "TS. ", "ThS. ")
NICKNAMES = (" (Tư)", " (Ba)", " (Hai Lúa)", " (Út)", " (Sáu Dân)")
FREE_TITLES = (
    "PBT TT ĐU kiêm CT HĐND", "PCT TT UBND", "UV BTV, Trưởng ban XDĐ", "PGĐ phụ trách", "Chánh VP ĐU-HĐND-UBND",
    "CT UB MTTQ kiêm Trưởng khối DV", "TP TCHC", "BT ĐU, CT HĐND", "Phó CT HĐND chuyên trách",
)  # fmt: skip
_NEIGHBOURS = {
    "a": "s",
    "n": "m",
    "h": "g",
    "i": "u",
    "o": "p",
    "t": "r",
    "g": "h",
    "c": "v",
    "u": "y",
    "e": "r",
    "m": "n",
    "y": "t",
}


def mistyped(rng: np.random.Generator, names: pl.Series) -> pl.Series:
    """One typing error each: a letter lost, doubled, or its neighbour on the keyboard."""
    n = len(names)
    length = names.str.len_chars().cast(pl.Int64)
    at = (length * pl.Series(rng.uniform(0.35, 0.98, n))).cast(pl.Int64)
    frame = pl.DataFrame({"name": names, "at": at, "u": rng.random(n)}).with_columns(
        before=pl.col("name").str.slice(0, pl.col("at")),
        letter=pl.col("name").str.slice(pl.col("at"), 1),
        after=pl.col("name").str.slice(pl.col("at") + 1),
    )
    plain = pl.col("letter").str.to_lowercase()
    neighbour = plain.replace_strict(_NEIGHBOURS, default=plain)
    doubled = pl.when(pl.col("letter") == " ").then(pl.lit("  ")).otherwise(pl.concat_str("letter", "letter"))
    return frame.select(
        pl.when((pl.col("letter") == " ") | (plain == neighbour) | (pl.col("u") < 0.3))
        .then(pl.concat_str("before", doubled, "after"))
        .when(pl.col("u") < 0.6)
        .then(pl.concat_str("before", "after"))
        .otherwise(pl.concat_str("before", neighbour, "after"))
    ).to_series()


def wrong_digit(rng: np.random.Generator, numbers: pl.Series, first: int) -> pl.Series:
    """Each personal id with one digit changed at a place from `first` (from 0) on."""
    n = len(numbers)
    at = pl.Series(rng.integers(first, ID_DIGITS, n))
    add = pl.Series(rng.integers(1, 10, n))
    frame = pl.DataFrame({"number": numbers, "at": at, "add": add})
    digit = (pl.col("number").str.slice(pl.col("at"), 1).cast(pl.Int64, strict=False).fill_null(0) + pl.col("add")) % 10
    return frame.select(
        pl.concat_str(
            pl.col("number").str.slice(0, pl.col("at")),
            digit.cast(pl.String),
            pl.col("number").str.slice(pl.col("at") + 1),
        )
    ).to_series()


def excel_serial(day: pl.Expr) -> pl.Expr:
    """A date as Excel counts it, as text."""
    return (day - pl.lit(date(1899, 12, 30))).dt.total_days().cast(pl.String)


def written_dates(day: pl.Expr, habit: pl.Expr) -> pl.Expr:
    """Dates as text in the habit of each row's source (see `Style.dates`; native stays ISO for the writer)."""
    return (
        pl.when(habit == "dmy")
        .then(day.dt.strftime("%d/%m/%Y"))
        .when(habit == "dash")
        .then(day.dt.strftime("%d-%m-%Y"))
        .when(habit == "dot")
        .then(day.dt.strftime("%d.%m.%Y"))
        .when(habit == "short")
        .then(day.dt.strftime("%-d/%-m/%Y"))
        .when(habit == "stamp")
        .then(day.dt.strftime("%Y-%m-%dT00:00:00"))
        .otherwise(day.dt.strftime("%Y-%m-%d"))
    )
