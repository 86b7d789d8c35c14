"""The truth as the boards' questions about cadres, posts and staffing see it; read by tests of questions 13 to 24."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import polars as pl
import psycopg

from orchestration.settings import PROJECT
from sources.sample.styles import registered
from tests.integration.questions import AS_OF, accepted, bearers

SEEDS = PROJECT / "dbt_project" / "seeds"
YEAR = AS_OF.year
#: Kinds of assignments by which nobody holds a post.
NOT_HELD = ["MIEN_NHIEM", "TU_CHUC", "THOI_GIU", "TAM_DINH_CHI", "CACH_CHUC"]
MINORITY = ~pl.col("ethnicity_code").is_in(["01", "55", "56"])
KEYS = {"source": pl.String, "source_key": pl.String}


def seed(name: str) -> pl.DataFrame:
    """A seed of the warehouse, all text."""
    return pl.read_csv(SEEDS / f"{name}.csv", infer_schema=False)


def in_force(name: str) -> pl.DataFrame:
    """Rows of a dated seed that hold on the business date."""
    day = AS_OF.isoformat()
    return seed(name).filter(
        (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > day))
    )


@cache
def rules() -> dict[tuple[str, str], str]:
    """Value of every rule in force on the business date, by code and parameter."""
    return {(r["rule_code"], r["parameter"]): r["value"] for r in in_force("dated_rule").rows(named=True)}


def rule(code: str, parameter: str) -> int:
    """The number of a rule in force."""
    return int(rules()[code, parameter])


def of_cadres(connection: psycopg.Connection, record: str) -> pl.DataFrame:
    """Accepted rows of a record about accepted cadres."""
    cadres = accepted(connection, "cadre").select("source", cadre_key="source_key")
    return accepted(connection, record).join(cadres, on=["source", "cadre_key"])


def of_subjects(connection: psycopg.Connection, record: str) -> pl.DataFrame:
    """Accepted rows of a record about accepted cadres, accepted members and organisations, each with its kind."""
    said = accepted(connection, record).with_columns(pl.col("subject_kind").fill_null("CA_NHAN"))
    cadres = accepted(connection, "cadre").select("source", cadre_key="source_key")
    members = accepted(connection, "member").select("source", member_key="source_key")
    codes = accepted(connection, "organisation").select("organisation_code").unique()
    return pl.concat(
        [
            said.join(cadres, on=["source", "cadre_key"], how="semi"),
            said.join(members, on=["source", "member_key"], how="semi"),
            said.filter(pl.col("subject_kind") == "TAP_THE").join(codes, on="organisation_code", how="semi"),
        ]
    )


def offices(connection: psycopg.Connection) -> pl.DataFrame:
    """Level and kind of the accepted agencies; `office` is true."""
    return accepted(connection, "agency").select("agency_code", "agency_level", "agency_type", office=pl.lit(True))


def posts(connection: psycopg.Connection) -> pl.DataFrame:
    """Accepted assignments of accepted cadres, with what is known of the cadre (`c_…`), the place and the agency."""
    cadres = accepted(connection, "cadre").select(
        "source",
        cadre_key="source_key",
        c_level="management_level",
        c_degree="professional_education",
        c_theory="political_theory",
        c_state="state_management",
        c_field="study_field",
    )
    cells = bearers().filter(pl.col("organisation_type").is_in(["B2", "C2"]))["organisation_code"]
    return (
        accepted(connection, "position_assignment")
        .join(cadres, on=["source", "cadre_key"])
        .join(offices(connection), on="agency_code", how="left")
        .with_columns(
            is_current=(pl.col("started_on") <= AS_OF) & (pl.col("ended_on").is_null() | (pl.col("ended_on") > AS_OF)),
            is_of_cell=pl.col("organisation_code").is_in(cells.implode()).fill_null(False),
            place=pl.coalesce("organisation_code", "agency_code"),
            title=pl.col("position_title").str.to_lowercase(),
        )
    )


def managed(connection: psycopg.Connection) -> pl.DataFrame:
    """Posts held now that are not those of a cell."""
    return posts(connection).filter(
        pl.col("is_current") & ~pl.col("assignment_kind").is_in(NOT_HELD) & ~pl.col("is_of_cell")
    )


def below_standard(column: str, standard: str) -> pl.Expr:
    """Whether the holder has less in `column` than APPOINTMENT_STANDARD asks for the holder's management level."""
    return pl.any_horizontal(
        (pl.col("c_level") == level)
        & (pl.col(column).cast(pl.Int64) < rule("APPOINTMENT_STANDARD", f"{level}_{standard}"))
        for level in ("BTV_TINH", "BTV_XA")
    ).fill_null(False)


def retirements(connection: psycopg.Connection) -> pl.DataFrame:
    """Day of retirement of every serving cadre, from the true birth and the table of ages, by agency and category."""
    ages = [
        (r["sex"], date.fromisoformat(r["born_from"]), int(r["years"]) * 12 + int(r["months"]))
        for r in sorted(in_force("retirement_age").rows(named=True), key=lambda r: r["born_from"])
    ]

    def months(sex: str, born: date) -> int:
        return next(m for s, since, m in reversed(ages) if s == sex and since <= born)

    named = {"CB": "CAN_BO", "CC": "CONG_CHUC", "VC": "VIEN_CHUC_NSNN", "HD111": "HD_111", "HD_CC": "HD_KHAC"}
    category = (
        pl.when((pl.col("agency_level") == "XA") & pl.col("category").is_in(["CB", "CC"]))
        .then(pl.lit("CBCC_XA"))
        .when((pl.col("category") == "VC") & (pl.col("quota_source") == "SN_TC"))
        .then(pl.lit("VIEN_CHUC_TU_CHU"))
        .otherwise(pl.col("category").replace_strict(named, default=None))
    )
    stays = pl.when(pl.col("ended_on").is_null()).then(pl.col("leave_reason").is_null())
    serving = (
        accepted(connection, "cadre")
        .filter(stays.otherwise(pl.col("ended_on") > AS_OF) & (pl.col("category") != "LLVT"))
        .drop("agency_level", "agency_type")
        .join(offices(connection), on="agency_code")
        .with_columns(category=category)
    )
    age = [months(sex, born) for sex, born in serving.select("sex", "birth_date").rows()]
    reached = pl.col("birth_date").dt.offset_by(pl.format("{}mo", pl.Series(age)))
    return serving.select("agency_code", "category", retires_on=reached.dt.month_end())


def is_small(count: int) -> bool:
    """Whether a figure is too small to be told."""
    return count < rule("SMALL_CELL", "MIN_COUNT")


def minority_told(who: pl.DataFrame, placed: pl.DataFrame, keys: Sequence[str], group: Sequence[Any]) -> int | None:
    """Minority members of a group in the country, or None where they are few, or one source's figure would be told.

    `who` are the persons of the group once each, with `minority`; `placed` says in which source each of them is.
    """
    count = total(who["minority"])
    if is_small(min(count, len(who) - count)):
        return None
    here = placed.filter(pl.col(k).eq_missing(pl.lit(v)) for k, v in zip(keys, group, strict=True))
    by_source = (
        here.select("source", "person")
        .unique()
        .join(who.select("person", "minority"), on="person")
        .group_by("source")
        .agg(few=pl.min_horizontal(pl.col("minority").sum(), (~pl.col("minority")).sum()))
    )
    return None if sum(is_small(n) for n in by_source["few"]) == 1 else count


def total(values: pl.Series) -> int:
    """Sum of numbers or of truths."""
    return int(values.sum())


def percent(part: int, whole: int, digits: int = 1) -> float:
    """A share as SQL rounds it: half away from zero."""
    shift: int = 10**digits
    return int(100 * shift * part / whole + 0.5 + 1e-9) / shift


def same(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Assert that there are rows and that they are equal, whatever their order, in the columns of `expected`."""
    columns = expected.columns
    key = pl.concat_str(pl.col(columns).cast(pl.String).fill_null("-"), separator="|")
    rows = found.select(columns).sort(key).rows()
    assert rows == expected.sort(key).rows()
    assert rows


def contradictions(connection: psycopg.Connection) -> dict[str, int]:
    """Values that two records about one person give differently, by the source that says one of them."""
    attributes = connection.execute("select distinct attribute from published.attribute_conflict").fetchall()
    said = []
    for record in ("member", "cadre"):
        frame = accepted(connection, record)
        said += [
            frame.select("source", "person", pl.col(a).cast(pl.String).alias("value"), attribute=pl.lit(a))
            for (a,) in attributes
            if a in frame.columns
        ]
    values = pl.concat(said).filter(pl.col("value").is_not_null())
    disputed = values.filter(pl.col("value").n_unique().over("person", "attribute") > 1)
    return dict(disputed.group_by("source").len().rows())


def filled_percent(connection: psycopg.Connection) -> dict[str, float]:
    """Share of filled fields by source; which fields count is asked of the release, whether they are filled is not."""
    fields = connection.execute("select distinct record, field from published.data_completeness").fetchall()
    filled, asked = dict.fromkeys(registered(), 0), dict.fromkeys(registered(), 0)
    for record in sorted({record for record, _ in fields}):
        names = [field for of, field in fields if of == record]
        frame = accepted(connection, record)
        known = [pl.col(n).count() for n in names if n in frame.columns]
        for source, rows, *counts in frame.group_by("source").agg(pl.len(), *known).rows():
            asked[source] += rows * len(names)
            filled[source] += sum(counts)
    return {source: percent(filled[source], asked[source], 2) for source in asked}


@cache
@cache
def origins() -> dict[str, set[str]]:
    """The former provinces of what went into a present unit, by the unit's code."""
    former_of_commune = {
        r["code"]: r["parent_code"]
        for r in seed("administrative_unit").rows(named=True)
        if r["code_set"] == "63" and r["level"] == "commune"
    }
    found: dict[str, set[str]] = {}
    for r in seed("administrative_unit_mapping").rows(named=True):
        old = r["old_code"] if r["level"] == "province" else former_of_commune[r["old_code"]]
        found.setdefault(r["new_code"], set()).add(old)
    return found


def former_province(unit: str, province: str | None) -> str | None:
    """The one province that a unit of today grew from, or that its province did."""
    former = origins().get(unit, set())
    if len(former) != 1:
        former = origins().get(province or "", set())
    return min(former) if province and len(former) == 1 else None


def provinces_of_organisations() -> pl.DataFrame:
    """Present and former province of every party organisation, by its commune or that of the nearest one above."""
    organisations = {r["organisation_code"]: r for r in bearers().rows(named=True)}

    def commune(code: str | None) -> str:
        while code:
            unit = organisations[code]["administrative_unit_code"]
            if unit and len(unit) == 5:
                return str(unit)
            code = organisations[code]["parent_code"]
        return ""

    rows = []
    for code, organisation in organisations.items():
        province = organisation["source"] if organisation["source"].isdigit() else None
        rows.append((code, province, former_province(commune(code), province)))
    columns = ("organisation_code", "province", "former")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def provinces_of_agencies(connection: psycopg.Connection) -> pl.DataFrame:
    """Present and former province of every accepted agency, by its unit or that of the nearest one above."""
    agencies = {r["agency_code"]: r for r in accepted(connection, "agency").rows(named=True)}

    def unit(code: str | None) -> str:
        while code:
            if own := agencies[code]["administrative_unit_code"]:
                return str(own)
            code = agencies[code]["parent_agency_code"]
        return ""

    rows = []
    for code, agency in agencies.items():
        province = agency["source"] if agency["source"].isdigit() else None
        rows.append((code, province, former_province(unit(code), province)))
    columns = ("agency_code", "province", "former")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
