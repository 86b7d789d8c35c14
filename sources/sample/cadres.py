"""Cadres, civil servants and public employees: who works where, in which rank and post."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from sources.sample.bodies import BODIES
from sources.sample.draw import days, flags, numbered, pick, shared_out, stream
from sources.sample.people import People
from sources.sample.units import SEEDS

#: Heads and deputies by type of agency; the further titles are drawn.
HEAD = {
    "DANG": "Trưởng ban",
    "MTTQ": "Chủ tịch",
    "NHA_NUOC": "Giám đốc Sở",
    "SU_NGHIEP": "Giám đốc",
    "LLVT": "Thủ trưởng đơn vị",
}
HEAD_XA = {"DANG": "Bí thư Đảng ủy", "NHA_NUOC": "Chủ tịch UBND", "SU_NGHIEP": "Hiệu trưởng"}
STUDY_FIELDS = {
    "14": 30,
    "38": 14,
    "31": 12,
    "34": 12,
    "72": 8,
    "62": 6,
    "48": 4,
    "52": 4,
    "58": 3,
    "44": 3,
    "22": 3,
    "46": 1,
}
RANKS = {
    "CB": {"01.001": 6, "01.002": 40, "01.003": 54},
    "CC": {"01.001": 2, "01.002": 24, "01.003": 58, "01.004": 8, "06.031": 5, "04.025": 3},
    "VC": {"V.07.03.29": 34, "V.07.04.32": 30, "V.08.05.13": 14, "V.08.01.03": 9, "V.10.02.07": 3, "01.003": 10},
    "HD111": {"01.005": 100},
    "HD_CC": {"01.003": 100},
    "LLVT": {"01.003": 100},
}


def _placed(people: People, agencies: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    frame = people.staff.sort("source", "person")
    parts = []
    for body in BODIES:
        own = agencies.filter(pl.col("source") == body.code)
        n = int((frame["source"] == body.code).sum())
        many = shared_out(n, own["weight"].to_numpy(), least=1 if n >= len(own) else 0)
        rows = rng.permutation(np.repeat(np.arange(len(own)), many))
        parts.append(own[rows].select("agency_code", "agency_type", "agency_level"))
    order = pl.DataFrame({"source": [b.code for b in BODIES], "place": range(len(BODIES))})
    frame = frame.join(order, on="source", maintain_order="left").sort("place", "person").drop("place")
    return pl.concat([frame, pl.concat(parts)], how="horizontal")


def _retirement(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the day of retirement by the seed of retirement ages (normal conditions)."""
    ages = pl.read_csv(SEEDS / "retirement_age.csv", infer_schema=False).select(
        "sex",
        pl.col("born_from").str.to_date(),
        pl.duration(days=0).alias("none"),
        pl.col("years").cast(pl.Int64) * 12 + pl.col("months").cast(pl.Int64),
    )
    return (
        frame.sort("birth_date")
        .join_asof(
            ages.sort("born_from").drop("none"),
            left_on="birth_date",
            right_on="born_from",
            by="sex",
            check_sortedness=False,
        )
        .with_columns(retires_on=pl.col("birth_date").dt.offset_by(pl.format("{}mo", "years")).dt.month_end())
        .drop("years", "born_from")
    )


def cadres(people: People, agencies: pl.DataFrame, members: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """One row per cadre record with the contract's fields, `person`, `role` (head, deputy, leader, none)."""
    rng = stream(seed, "cadres")
    frame = _placed(people, agencies, rng).join(people.persons.drop("source"), on="person", maintain_order="left")
    mine = members.filter(pl.col("record_no") == 1).select(
        "person", "admission_date", "old_party_card_no", "professional_education", "political_theory", "badge_years"
    )
    frame = frame.join(mine, on="person", how="left", maintain_order="left").drop("badge_years")
    frame = _retirement(frame).sort("source", "person")
    n = len(frame)
    rank_in_agency = pl.int_range(pl.len()).over("agency_code")
    public = pl.col("agency_type") == "SU_NGHIEP"
    frame = frame.with_columns(
        role=pl.when(rank_in_agency == 0)
        .then(pl.lit("head"))
        .when((rank_in_agency <= 2) & (pl.len().over("agency_code") > 5))
        .then(pl.lit("deputy"))
        .when(pl.Series(flags(rng, 0.12, n)))
        .then(pl.lit("leader"))
        .otherwise(pl.lit("none")),
    ).with_columns(
        category=pl.when(pl.col("agency_type") == "LLVT")
        .then(pl.lit("LLVT"))
        .when((pl.col("role") == "head") & ~public)
        .then(pl.lit("CB"))
        .when(public)
        .then(pick(rng, {"VC": 94, "HD111": 6}, n))
        .otherwise(pick(rng, {"CC": 92, "HD111": 6, "HD_CC": 2}, n)),
    )
    frame = _with_career_dates(rng, frame, as_of)
    frame = _with_rank_and_level(rng, frame, seed)
    frame = _with_study_field(stream(seed, "fields of study"), frame)
    return _with_retirement_decision(stream(seed, "retirement decisions"), frame, as_of)


def _with_career_dates(rng: np.random.Generator, frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    n = len(frame)
    earliest = pl.col("birth_date").dt.offset_by("19y") + days(rng, 400, 2900, n)
    gone = pl.Series(flags(rng, 0.015, n)) & (pl.col("role") == "none")
    frame = frame.with_columns(recruited_on=pl.min_horizontal(earliest, pl.lit(as_of) - days(rng, 40, 500, n)))
    served = (pl.lit(as_of) - pl.col("recruited_on")).dt.total_days()
    overdue = pl.col("retires_on") <= pl.lit(as_of)
    return (
        frame.with_columns(
            started_on=pl.col("recruited_on")
            + pl.duration(days=(served * pl.Series(rng.beta(1.2, 1.4, n)) * 0.95).cast(pl.Int64)),
        )
        .with_columns(
            ended_on=pl.when(overdue)
            .then(pl.max_horizontal(pl.col("retires_on"), pl.col("started_on")))
            .when(gone)
            .then(pl.max_horizontal(pl.lit(as_of) - days(rng, 5, 300, n), pl.col("started_on") + pl.duration(days=20))),
        )
        .with_columns(
            ended_on=pl.when(pl.col("ended_on") <= pl.lit(as_of)).then("ended_on"),
        )
        .with_columns(
            leave_reason=pl.when(pl.col("ended_on").is_not_null()).then(
                pl.when(overdue)
                .then(pl.lit("NGHI_HUU"))
                .otherwise(
                    pick(rng, {"CHUYEN_DI": 40, "NGHI_178": 35, "THOI_VIEC": 15, "TINH_GIAN": 7, "TU_TRAN": 3}, n)
                )
            )
        )
    )


def _with_rank_and_level(rng: np.random.Generator, frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    n = len(frame)
    rank = pl.Series([None], dtype=pl.String).new_from_index(0, n)
    for category, choice in RANKS.items():
        rows = pl.int_range(n, eager=True).filter(frame["category"] == category)
        rank = rank.scatter(rows, pick(rng, choice, len(rows)))
    table = (
        pl.read_csv(SEEDS / "civil_service_rank.csv", infer_schema=False)
        .select(
            "rank_code", pl.col("steps").cast(pl.Int64), pl.col("coefficient_from", "coefficient_step").cast(pl.Float64)
        )
        .unique("rank_code", keep="first", maintain_order=True)
    )
    frame = frame.with_columns(rank_code=rank).join(table, on="rank_code", how="left", maintain_order="left")
    years = (pl.col("started_on") - pl.col("recruited_on")).dt.total_days() // 1096
    step = pl.min_horizontal(1 + years + pl.Series(rng.integers(0, 4, n)), pl.col("steps").fill_null(9)).cast(pl.Int64)
    head, xa = pl.col("role") == "head", pl.col("agency_level") == "XA"
    title = (
        pl.when(head & xa)
        .then(pl.col("agency_type").replace_strict(HEAD_XA, default="Trưởng đơn vị"))
        .when(head)
        .then(pl.col("agency_type").replace_strict(HEAD, default="Thủ trưởng"))
        .when(pl.col("role") == "deputy")
        .then(pl.when(xa).then(pl.lit("Phó Chủ tịch UBND")).otherwise(pl.lit("Phó Giám đốc")))
        .when(pl.col("role") == "leader")
        .then(pick(rng, {"Trưởng phòng": 40, "Phó Trưởng phòng": 60}, n))
        .when(pl.col("category") == "VC")
        .then(pick(rng, {"Giáo viên": 70, "Bác sĩ": 10, "Điều dưỡng": 14, "Viên chức": 6}, n))
        .otherwise(pick(rng, {"Chuyên viên": 80, "Kế toán": 8, "Văn thư": 7, "Cán sự": 5}, n))
    )
    return frame.with_columns(
        rank_step=step,
        coefficient=(pl.col("coefficient_from") + (step - 1) * pl.col("coefficient_step")).round(2),
        rank_from=pl.when(pl.col("rank_code").is_not_null()).then(pl.col("started_on") + days(rng, 0, 300, n)),
        job_title=title,
        staff_code=numbered(frame["source"], 1_000_000, 387_421, seed + 1).cast(pl.String).str.zfill(6),
        quota_source=pl.when(pl.col("category") == "HD111")
        .then(pl.lit("HD111"))
        .when(pl.col("category") == "VC")
        .then(pick(rng, {"SN": 80, "SN_TC": 20}, n))
        .when(pl.col("category") == "LLVT")
        .then(pl.lit("NGOAI"))
        .otherwise(pl.lit("HC")),
        management_level=pl.when(head & ~xa)
        .then(pl.lit("BTV_TINH"))
        .when(head | ((pl.col("role") == "deputy") & xa))
        .then(pl.lit("BTV_XA"))
        .when(pl.col("role") == "deputy")
        .then(pl.lit("BTV_TINH"))
        .otherwise(pl.lit("CQ")),
        professional_education=pl.col("professional_education").fill_null(
            pick(rng, {"4": 74, "3": 10, "2": 4, "5": 12}, n)
        ),
        political_theory=pl.when(head)
        .then(pl.lit("3"))
        .otherwise(pl.col("political_theory").fill_null(pick(rng, {"0": 50, "1": 30, "2": 20}, n))),
        state_management=pl.when(pl.col("category").is_in(["CB", "CC"])).then(
            pick(rng, {"2": 58, "3": 30, "4": 4, "0": 8}, n)
        ),
    ).drop("steps", "coefficient_from", "coefficient_step")


def _with_study_field(rng: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    """The field of whoever has been to a college or beyond."""
    drawn = pick(rng, STUDY_FIELDS, len(frame))
    return frame.with_columns(
        study_field=pl.when(pl.col("professional_education").is_in(["3", "4", "5", "6", "7"])).then(drawn)
    )


def _with_retirement_decision(rng: np.random.Generator, frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Who has retired or will within three months has a decision; few of them stay longer, few others leave early."""
    n = len(frame)
    gone, due = pl.col("leave_reason") == "NGHI_HUU", pl.col("retires_on") <= pl.lit(as_of).dt.offset_by("3mo")
    early = pl.col("retires_on") <= pl.lit(as_of).dt.offset_by("10y")
    serving = pl.col("ended_on").is_null() & (pl.col("category") != "LLVT")
    return frame.with_columns(
        retirement_basis=pl.when(gone)
        .then(pl.lit("THUONG"))
        .when(serving & due)
        .then(pick(rng, {"THUONG": 90, "KEO_DAI": 10}, n))
        .when(serving & early & pl.Series(flags(rng, 0.01, n)))
        .then(pick(rng, {"178": 60, "154": 20, "SOM": 15, "26": 5}, n))
    ).with_columns(
        retirement_decision_no=pl.when(pl.col("retirement_basis").is_not_null()).then(
            pl.format("{}-QĐ/BTC", pl.Series(rng.integers(1, 900, n)))
        ),
        retirement_on=pl.when(gone)
        .then("ended_on")
        .when(pl.col("retirement_basis") == "THUONG")
        .then("retires_on")
        .when(pl.col("retirement_basis") == "KEO_DAI")
        .then(pl.col("retires_on").dt.offset_by("12mo").dt.month_end())
        .when(pl.col("retirement_basis").is_not_null())
        .then((pl.lit(as_of) + days(rng, 20, 90, n)).dt.month_end()),
    )
