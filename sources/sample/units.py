"""Administrative units of the seed, as the world needs them: now, and before July 2025."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"


@cache
def _seed() -> pl.DataFrame:
    return pl.read_csv(SEEDS / "administrative_unit.csv", infer_schema=False).with_columns(
        pl.col("valid_from", "valid_to").str.to_date("%Y-%m-%d")
    )


def communes(as_of: date) -> pl.DataFrame:
    """Communes in force: `province`, `code` (5 digits), `name` with its type, `short_name`, `unit_type`."""
    return (
        _seed()
        .filter(
            (pl.col("code_set") == "34")
            & (pl.col("level") == "commune")
            & (pl.col("valid_from") <= as_of)
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") > as_of))
        )
        .select(pl.col("parent_code").alias("province"), "code", "name", "short_name", "unit_type")
        .sort("province", "code")
    )


def provinces() -> pl.DataFrame:
    """The 34 provinces and cities: `code`, `short_name`, `unit_type` (latest)."""
    return (
        _seed()
        .filter((pl.col("code_set") == "34") & (pl.col("level") == "province") & pl.col("valid_to").is_null())
        .select("code", "short_name", "unit_type")
        .sort("code")
    )


#: Provinces of July 2025 and the codes of the former ones that went into them (NSO codes of the 63).
MERGED_FROM: dict[str, tuple[str, ...]] = {
    "08": ("02", "08"), "15": ("10", "15"), "19": ("06", "19"), "24": ("24", "27"), "25": ("17", "25", "26"),
    "31": ("30", "31"), "33": ("33", "34"), "37": ("35", "36", "37"), "44": ("44", "45"), "48": ("48", "49"),
    "51": ("51", "62"), "52": ("52", "64"), "56": ("56", "58"), "66": ("54", "66"), "68": ("60", "67", "68"),
    "75": ("70", "75"), "79": ("74", "77", "79"), "80": ("72", "80"), "82": ("82", "87"), "86": ("83", "84", "86"),
    "91": ("89", "91"), "92": ("92", "93", "94"), "96": ("95", "96"),
}  # fmt: skip
#: Two-digit codes that name another province since July 2025.
CHANGED_MEANING = ("15", "24", "44", "52", "80", "82", "91")
#: Five-digit codes that named another commune in lists made before the final decree.
PROVISIONAL_CODES = ("00226", "00331", "01537", "01558", "01561", "13285", "13291", "13318", "31207")


def former_codes() -> pl.DataFrame:
    """Former commune codes by present code: `code`, `former` (list), and `split` where one went into several."""
    mapping = pl.read_csv(SEEDS / "administrative_unit_mapping.csv", infer_schema=False).filter(
        pl.col("level") == "commune"
    )
    many = mapping.group_by("old_code").agg(pl.col("new_code").n_unique().alias("targets"))
    return (
        mapping.join(many, on="old_code")
        .sort("new_code", "old_code")
        .group_by("new_code", maintain_order=True)
        .agg(pl.col("old_code").alias("former"), (pl.col("targets") > 1).alias("split"))
        .rename({"new_code": "code"})
    )


def former_provinces() -> dict[str, str]:
    """Names of the 63 provinces of June 2025 by code, as they stand inside a sentence (`tỉnh Hà Giang`)."""
    old = _seed().filter((pl.col("code_set") == "63") & (pl.col("level") == "province")).sort("code", "valid_from")
    return {code: name[:1].lower() + name[1:] for code, name in old.select("code", "name").iter_rows()}


def split_communes() -> pl.DataFrame:
    """Communes of June 2025 that went into several of today: `code`, `name`, `unit_type`, `district`, `into` (list)."""
    old = _seed().filter((pl.col("code_set") == "63") & (pl.col("level") == "commune"))
    return (
        pl.read_csv(SEEDS / "administrative_unit_mapping.csv", infer_schema=False)
        .filter(pl.col("level") == "commune")
        .group_by(pl.col("old_code").alias("code"))
        .agg(into=pl.col("new_code").unique().sort())
        .filter(pl.col("into").list.len() > 1)
        .join(old.unique("code", keep="last", maintain_order=True), on="code")
        .select("code", "name", "unit_type", "into", district="district_name")
        .sort("code")
    )


def province_of() -> pl.DataFrame:
    """Province of every commune in force since July 2025: `code`, `province`."""
    return _seed().filter((pl.col("code_set") == "34") & (pl.col("level") == "commune")).select(
        "code", pl.col("parent_code").alias("province")
    ).unique("code", keep="first", maintain_order=True)  # fmt: skip
