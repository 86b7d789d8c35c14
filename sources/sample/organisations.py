"""Party organisations of the world, in the structural regime that each body is in on the day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from sources.sample import units
from sources.sample.bodies import (
    BODIES,
    COUNTRY_BASIC_ORGANISATIONS,
    COUNTRY_CELLS,
    Body,
    member_weights,
    regime_b,
)
from sources.sample.draw import days, flags, shared_out, stream
from sources.sample.organisation_names import (
    CELLS_OF_BODY,
    CENTRAL_COMMITTEES,
    FURTHER_COMMITTEES,
    PROVINCIAL_COMMITTEES,
    UNDER_COMMUNE,
    UNDER_PROVINCIAL,
)

COMMITTEES_BEGIN = date(2025, 7, 1)
SECTOR_OF_UNIT = {"xa": "1", "phuong": "2", "dac_khu": "3b"}
_WORD = {"xa": "xã", "phuong": "phường", "dac_khu": "đặc khu", "tinh": "tỉnh", "thanh_pho_tw": "thành phố"}


def _code(m1: str, *groups: int) -> str:
    padded = [*groups, *([0] * (4 - len(groups)))]
    return ".".join([m1, *(f"{g:03d}" for g in padded)])


def _lower(name: str) -> str:
    """Name of a unit as it stands inside a sentence (`Phường Ba Đình` as `phường Ba Đình`)."""
    return name[:1].lower() + name[1:]


def committees(as_of: date) -> pl.DataFrame:
    """The 40 committees and everything directly under them: 3,321 communes and the others of that level."""
    all_communes = units.communes(as_of).partition_by("province", as_dict=True)
    unit_of = {row["code"]: row for row in units.provinces().iter_rows(named=True)}
    rows: list[dict[str, object]] = []
    for body in BODIES:
        three = regime_b(body, as_of)
        unit = unit_of.get(body.code)
        place = f"{_WORD[unit['unit_type']]} {unit['short_name']}" if unit else ""
        name = f"Đảng bộ {place}" if unit else body.name.replace("Đảng ủy", "Đảng bộ")
        top = _code(body.m1)
        common = {"source": body.code, "valid_from": COMMITTEES_BEGIN, "direct": True}
        rows.append(
            common
            | {
                "organisation_code": top,
                "name": name,
                "organisation_type": "T1" if unit else "T2",
                "administrative_unit_code": body.code if unit else None,
                "direct": False,
                "unit": place,
                "short": place,
            }
        )
        number = 0
        part = all_communes.get((body.code,))
        for commune in part.iter_rows(named=True) if part is not None else ():
            number += 1
            rows.append(
                common
                | {
                    "organisation_code": _code(body.m1, number),
                    "name": f"Đảng bộ {_lower(commune['name'])}",
                    "organisation_type": "C1" if three else "H1",
                    "parent_code": top,
                    "sector": SECTOR_OF_UNIT[commune["unit_type"]],
                    "administrative_unit_code": commune["code"],
                    "unit": _lower(commune["name"]),
                    "short": commune["short_name"],
                }
            )
        further = (
            (*PROVINCIAL_COMMITTEES, *FURTHER_COMMITTEES.get(body.code, ())) if unit else CENTRAL_COMMITTEES[body.code]
        )
        for pattern, sector in further:
            number += 1
            called = pattern.format(unit=place)
            rows.append(
                common
                | {
                    "organisation_code": _code(body.m1, number),
                    "name": f"Đảng bộ {called}",
                    "organisation_type": "H2",
                    "parent_code": top,
                    "sector": sector,
                    "administrative_unit_code": body.code if unit else None,
                    "unit": called,
                    "short": called,
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def _numbered(frame: pl.DataFrame, group: int) -> pl.DataFrame:
    """Give the rows under one parent the numbers 1, 2, 3 … in group `group` (3 or 5) of the code."""
    start = {3: 7, 5: 15}[group]
    number = pl.int_range(1, pl.len() + 1).over("parent_code").cast(pl.String).str.zfill(3)
    return frame.with_columns(
        organisation_code=pl.col("parent_code").str.slice(0, start)
        + number
        + pl.col("parent_code").str.slice(start + 3)
    )


def basic_organisations(top: pl.DataFrame, scale: float, seed: int, as_of: date) -> pl.DataFrame:
    """Basic organisations (M3): under communes in four levels, under the other committees in both regimes.

    Those under the communes of a body that has converted are closed on its day of conversion.
    """
    rng = stream(seed, "basic organisations")
    counts = shared_out(round(COUNTRY_BASIC_ORGANISATIONS * scale), member_weights(), least=2)
    parts = []
    for body, count in zip(BODIES, counts, strict=True):
        direct = top.filter((pl.col("source") == body.code) & pl.col("direct"))
        other = (direct["organisation_type"] == "H2").to_numpy()
        share = np.where(other, 0.3 / max(other.sum(), 1), 0.7 / max((~other).sum(), 1)) * rng.lognormal(
            0, 0.5, len(other)
        )
        parent = direct[rng.choice(len(direct), size=int(count), p=share / share.sum())]
        parts.append(_basic_rows(rng, body, parent, as_of))
    return _numbered(pl.concat(parts).sort("parent_code", maintain_order=True), 3)


def _basic_rows(rng: np.random.Generator, body: Body, parent: pl.DataFrame, as_of: date) -> pl.DataFrame:
    n = len(parent)
    low = pl.DataFrame(UNDER_COMMUNE, schema=["pattern", "low_sector", "low_committee"], orient="row")
    high = pl.DataFrame(UNDER_PROVINCIAL, schema=["high_name", "high_committee"], orient="row")
    frame = pl.concat(
        [
            parent.select(
                "source",
                pl.col("organisation_code").alias("parent_code"),
                "organisation_type",
                "administrative_unit_code",
                "sector",
                "unit",
                "short",
            ),
            low[rng.integers(0, len(low), n)],
            high[rng.integers(0, len(high), n)],
        ],
        how="horizontal",
    ).with_columns(under_commune=pl.col("organisation_type") != "H2")
    called = (
        pl.col("pattern")
        .str.replace("{unit}", pl.col("unit"), literal=True)
        .str.replace("{short}", pl.col("short"), literal=True)
    )
    committee = pl.when("under_commune").then("low_committee").otherwise("high_committee")
    known_converted = body.converted if regime_b(body, as_of) else None
    return frame.select(
        "source",
        "parent_code",
        name=pl.when(committee).then(pl.lit("Đảng bộ ")).otherwise(pl.lit("Chi bộ "))
        + pl.when("under_commune").then(called).otherwise(pl.concat_str("high_name", "unit", separator=" - ")),
        organisation_type=pl.when(committee).then(pl.lit("C1")).otherwise(pl.lit("C2")),
        sector=pl.when("under_commune").then("low_sector").otherwise("sector"),
        administrative_unit_code="administrative_unit_code",
        valid_from=pl.lit(COMMITTEES_BEGIN) + days(rng, 0, 120, n),
        valid_to=pl.when("under_commune").then(pl.lit(known_converted, dtype=pl.Date)),
        end_reason=pl.when(pl.col("under_commune") & pl.lit(known_converted is not None)).then(pl.lit("CHUYEN_GIAO")),
        unit="unit",
        short="short",
    )


def sections(basic: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Committees inside a basic committee (M4), in one of twelve."""
    rng = stream(seed, "sections")
    larger = basic.filter((pl.col("organisation_type") == "C1") & pl.col("valid_to").is_null())
    chosen = larger.filter(pl.Series(flags(rng, 1 / 12, len(larger))))
    code = pl.col("organisation_code")
    return chosen.with_columns(
        parent_code=code,
        organisation_code=code.str.slice(0, 11) + "001" + code.str.slice(14),
        name=pl.lit("Đảng bộ bộ phận Khối 1 - ") + pl.col("short"),
        organisation_type=pl.lit("B1"),
    )


def cells(top: pl.DataFrame, basic: pl.DataFrame, scale: float, seed: int, as_of: date) -> pl.DataFrame:
    """Cells (M5) under basic committees, and directly under communes where the body has converted."""
    rng = stream(seed, "cells")
    standing = basic.filter(pl.col("valid_to").is_null())
    counts = shared_out(round(COUNTRY_CELLS * scale), member_weights(), least=3)
    parts = []
    for body, count in zip(BODIES, counts, strict=True):
        own = standing.filter(pl.col("source") == body.code)
        parents = own.filter(pl.col("organisation_type").is_in(["C1", "B1"])).select(
            "organisation_code", "administrative_unit_code", "sector", "unit", "short"
        )
        if regime_b(body, as_of):
            share = flags(rng, min(1.0, count / 900), len(top))
            direct = top.filter(
                (pl.col("source") == body.code) & (pl.col("organisation_type") == "C1") & pl.Series(share)
            )
            parents = pl.concat([parents, direct.select(parents.columns)])
        if parents.is_empty():
            parents = top.filter((pl.col("source") == body.code) & (pl.col("organisation_type") == "H2")).select(
                parents.columns
            )
        wanted = max(int(count) - int((own["organisation_type"] == "C2").sum()), len(parents), 1)
        weight = rng.lognormal(0, 0.6, len(parents))
        many = shared_out(wanted, weight, least=1)
        frame = parents.select(pl.all().repeat_by(pl.Series(np.minimum(many, 990)))).explode(parents.columns)
        village = frame["sector"].is_in(["1", "2", "3b"])
        order = pl.int_range(1, pl.len() + 1).over("organisation_code")
        room = pl.Series(CELLS_OF_BODY).gather(rng.integers(0, len(CELLS_OF_BODY), len(frame)))
        parts.append(
            frame.select(
                pl.lit(body.code).alias("source"),
                pl.col("organisation_code").alias("parent_code"),
                name=pl.when(village)
                .then(
                    pl.format(
                        "Chi bộ {} {} {}",
                        pl.when(pl.col("sector") == "2").then(pl.lit("Tổ dân phố")).otherwise(pl.lit("Thôn")),
                        order,
                        "short",
                    )
                )
                .otherwise(pl.format("Chi bộ {} {}", room, order) + " " + pl.col("short")),
                sector="sector",
                administrative_unit_code="administrative_unit_code",
            )
        )
    rows = pl.concat(parts).sort("parent_code", maintain_order=True)
    converted = pl.DataFrame(
        [(b.code, b.converted if regime_b(b, as_of) else COMMITTEES_BEGIN) for b in BODIES],
        schema={"source": pl.String, "valid_from": pl.Date},
        orient="row",
    )
    return _numbered(
        rows.join(converted, on="source", maintain_order="left").with_columns(organisation_type=pl.lit("B2")), 5
    )


def organisations(scale: float, seed: int, as_of: date) -> pl.DataFrame:
    """All party organisations with the contract's fields, reported counts still empty.

    `holds_members` marks cells and single-cell basic organisations in force.
    """
    top = committees(as_of)
    basic = basic_organisations(top, scale, seed, as_of)
    basic = pl.concat([basic, sections(basic, seed)])
    frame = pl.concat([top, basic, cells(top, basic, scale, seed, as_of)], how="diagonal")
    rng = stream(seed, "organisation decisions")
    n = len(frame)
    kind, committee = pl.col("organisation_type"), pl.col("organisation_type").is_in(["T1", "T2", "H1", "H2", "C1"])
    size = (
        pl.when(kind.is_in(["T1", "T2"]))
        .then(45 + pl.Series(rng.integers(0, 30, n)))
        .otherwise(
            pl.when(kind.is_in(["H1", "H2"]))
            .then(21 + pl.Series(rng.integers(0, 12, n)))
            .otherwise(9 + pl.Series(rng.integers(0, 10, n)))
        )
    )
    term = pl.when(committee).then(pl.lit(date(2025, 7, 1)) + timedelta(days=31))
    return frame.with_columns(
        committee_size=pl.when(committee).then(size),
        standing_size=pl.when(committee).then(size // 4),
        decision_no=pl.format("{}-QĐ/TU", pl.Series(rng.integers(1, 2500, n))),
        decision_date=pl.col("valid_from") - days(rng, 1, 40, n),
        term_from=term,
        term_to=term.dt.offset_by("5y"),
        holds_members=kind.is_in(["B2", "C2"]) & pl.col("valid_to").is_null(),
        legacy_code=pl.when(pl.Series(flags(rng, 0.35, n))).then(
            pl.concat_str(
                pl.lit("DV"), pl.col("organisation_code").str.replace_all(".", "", literal=True).str.slice(0, 11)
            )
        ),
        weight=pl.Series(rng.lognormal(0, 0.45, n) * np.where(flags(stream(seed, "small cells"), 0.03, n), 0.06, 1.0)),
    ).drop("direct", "unit", "short")


def with_counts(frame: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Reported counts: members counted in their cells, then summed up to every committee above.

    `members` has `organisation_code` and `status`; only statuses of present members count.
    """
    counted = members.group_by("organisation_code").agg(
        reported_probationary=(pl.col("status") == "DU_BI").sum().cast(pl.Int64),
        reported_members=pl.len().cast(pl.Int64),
    )
    in_force = frame.filter(pl.col("valid_to").is_null()).select("organisation_code", "parent_code")
    totals, level = [counted], counted
    while not level.is_empty():
        level = (
            level.join(in_force, on="organisation_code")
            .filter(pl.col("parent_code").is_not_null())
            .group_by("parent_code")
            .agg(pl.col("reported_probationary", "reported_members").sum())
            .rename({"parent_code": "organisation_code"})
        )
        totals.append(level.select(counted.columns))
    total = pl.concat(totals).group_by("organisation_code").sum()
    counts = ["reported_members", "reported_probationary"]
    return (
        frame.join(total, on="organisation_code", how="left", maintain_order="left")
        .with_columns(pl.when(pl.col("valid_to").is_null()).then(pl.col(c).fill_null(0)).alias(c) for c in counts)
        .with_columns(reported_official=pl.col("reported_members") - pl.col("reported_probationary"))
    )
