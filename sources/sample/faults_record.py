"""Troubles of single records other than those of a person's identity."""

from __future__ import annotations

import numpy as np
import polars as pl

from sources.sample.draw import choose, days, exactly, flags
from sources.sample.styles import tagged
from sources.sample.text_variants import FREE_TITLES, PLACEHOLDERS, written_dates
from sources.sample.truth import RecordLog


def member(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Dates of the party that cannot be (DQ17), odd ways of writing them (DQ01), words for nothing (DQ14)."""
    n = len(frame)
    official = frame["official_on"].is_not_null()
    u = pl.Series(rng.random(n))
    day, habit = pl.col("official_on"), pl.col("habit")
    frame = log.put(
        frame,
        official & (u < 0.004),
        "official_date",
        written_dates(day.dt.offset_by("-14mo"), habit),
        "DQ17",
    )
    frame = log.put(frame, official & (u >= 0.004) & (u < 0.009), "official_date", pl.col("admission_date"), "DQ17")
    late = day + days(rng, 2, 28, n)
    frame = log.put(frame, official & (u >= 0.009) & (u < 0.03), "official_date", written_dates(late, habit), "DQ17")
    odd = pl.Series(rng.random(n))
    joined = pl.col("admission_on")
    frame = log.put(frame, odd < 0.008, "admission_date", joined.dt.strftime("%-d/%-m/%Y"), "DQ01")
    frame = log.put(
        frame,
        (odd > 0.996) & (frame["habit"] != "stamp"),
        "admission_date",
        joined.dt.strftime("%d-%m-%Y"),
        "DQ01",
    )
    for field, share in (("other_name", 0.02), ("profile_no", 0.006), ("old_party_card_no", 0.004)):
        frame = log.put(
            frame,
            frame[field].is_null() & pl.Series(flags(rng, share, n)),
            field,
            choose(rng, PLACEHOLDERS, n),
            "DQ14",
        )
    plain = frame["source"].is_in(tagged("plain_codes"))
    frame = frame.with_columns(
        organisation_code=pl.when(plain)
        .then(pl.col("organisation_code").str.replace_all(".", "", literal=True))
        .otherwise("organisation_code")
    )
    log.note(frame, frame["record_no"] == 3, "DQ15", None)
    log.note(frame, frame["record_no"] == 2, "person in two sources", None)
    return _reused_keys(rng, frame, log)


def _reused_keys(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """The key of somebody who left, given again to somebody new of the same source."""
    rows = frame.with_row_index("row")
    gone = (
        rows.filter(pl.col("status").is_in(["TU_TRAN", "XOA_TEN", "XIN_RA", "CHO_RA"]))
        .group_by("source")
        .agg(pl.col("row").first())
    )
    new = rows.filter(pl.col("status") == "DU_BI").group_by("source").agg(pl.col("row").last().alias("new"))
    pairs = gone.join(new, on="source").sort("source")
    pairs = pairs[np.sort(rng.permutation(len(pairs))[: max(round(0.0003 * len(frame)), 2)])]
    keys = frame["source_key"].gather(pairs["row"])
    mask = pl.Series(np.isin(np.arange(len(frame)), pairs["new"].to_numpy()))
    frame = frame.with_columns(source_key=frame["source_key"].scatter(pairs["new"], keys))
    log.note(frame, mask, "reused key", "source_key")
    return frame


def cadre(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Steps, ranks and coefficients as people write them (DQ18), free titles (DQ19)."""
    n, source = len(frame), frame["source"]
    some = pl.Series(rng.random(n))
    frame = log.put(
        frame,
        source.is_in(tagged("decimal_comma")) & frame["coefficient"].is_not_null(),
        "coefficient",
        pl.col("coefficient").str.replace(".", ",", literal=True),
        "DQ18",
    )
    frame = log.put(
        frame,
        source.is_in(tagged("step_of")) & frame["rank_step"].is_not_null(),
        "rank_step",
        pl.col("rank_step") + "/9",
        "DQ18",
    )
    civil = source.is_in(tagged("rank_text")) & frame["rank_code"].str.contains(r"^\d\d\.").fill_null(False)
    frame = log.put(
        frame,
        civil & (some < 0.12),
        "rank_code",
        pl.col("rank_code").str.replace(".", "", literal=True),
        "DQ18",
    )
    frame = log.put(
        frame,
        civil & (some > 0.97),
        "rank_code",
        choose(rng, ("CV", "chuyên viên", "CVC", "03.001"), n),
        "DQ18",
    )
    titled = (frame["job_title"].is_not_null()) & (
        (some < 0.015) | (source.is_in(tagged("free_titles")) & pl.Series(flags(rng, 0.12, n)))
    )
    frame = log.put(frame, titled, "job_title", choose(rng, FREE_TITLES, n), "DQ19")
    return log.put(
        frame,
        frame["other_name"].is_null() & pl.Series(flags(rng, 0.02, n)),
        "other_name",
        choose(rng, PLACEHOLDERS, n),
        "DQ14",
    )


def organisation(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Cells under the wrong committee and renamed units (DQ21), totals that do not add up (DQ20), old units."""
    n = len(frame)
    cell = frame["organisation_type"] == "B2"
    direct = pl.col("organisation_code").str.ends_with(".000.000.000") & ~pl.col("organisation_code").str.ends_with(
        ".000.000.000.000"
    )
    stranger = frame.select(pl.col("organisation_code").filter(direct).first().over("source")).to_series()
    last = (
        cell
        & frame["source"].is_in(tagged("wrong_committee"))
        & frame.select((~cell.shift(-1, fill_value=False)).alias("last"))["last"]
    )
    wrong = (
        cell
        & (pl.Series(flags(rng, 0.02, n)) | last)
        & (frame["organisation_code"].str.slice(0, 6) != stranger.str.slice(0, 6))
    )
    frame = log.put(frame, wrong, "parent_code", stranger, "DQ21")
    renamed = pl.Series(flags(rng, 0.006, n)) & frame["organisation_type"].is_in(["C1", "C2", "B2"])
    frame = log.put(frame, renamed, "name", pl.col("name") + " (tên cũ)", "DQ21")
    typed = (
        frame["reported_members"].is_not_null()
        & frame["organisation_type"].is_in(["C1", "C2", "H1", "B2"])
        & pl.Series(flags(rng, 0.015, n))
    )
    frame = log.put(
        frame,
        typed,
        "reported_members",
        (pl.col("reported_members").cast(pl.Int64) + 1).cast(pl.String),
        "DQ20",
    )
    short = pl.Series(flags(rng, 0.25, n)) & frame["organisation_type"].is_in(["T1"])
    frame = log.put(
        frame,
        short,
        "name",
        pl.col("name").str.replace("thành phố ", "TP. ", literal=True).str.replace("tỉnh ", "", literal=True),
        "DQ12",
    )
    old = (
        pl.Series(flags(rng, 0.03, n))
        & (frame["administrative_unit_code"].str.len_chars() == 5).fill_null(False)
        & (frame["organisation_type"] == "B2")
    )
    return log.put(
        frame,
        old,
        "administrative_unit_code",
        pl.col("administrative_unit_code").str.slice(0, 2) + "999",
        "DQ08",
    )


def evaluation(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Totals typed in that are not the sum of their parts (DQ20)."""
    typed = pl.Series(flags(rng, 0.012, len(frame)))
    return log.put(frame, typed, "total_score", (pl.col("total_score").cast(pl.Int64) - 2).cast(pl.String), "DQ20")


def position_assignment(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Titles in free text (DQ19)."""
    titled = pl.Series(flags(rng, 0.04, len(frame))) | (
        frame["source"].is_in(tagged("free_titles")) & pl.Series(flags(rng, 0.15, len(frame)))
    )
    return log.put(frame, titled, "position_title", choose(rng, FREE_TITLES, len(frame)), "DQ19")


def training(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Months and years instead of days (DQ02), ends before beginnings."""
    u = pl.Series(rng.random(len(frame)))
    stamp = frame["habit"] == "stamp"
    frame = log.put(frame, (u < 0.6) & ~stamp, "started_on", pl.col("started_day").dt.strftime("%m/%Y"), "DQ02")
    ended = frame["ended_on"].is_not_null()
    frame = log.put(frame, (u < 0.6) & ended & ~stamp, "ended_on", pl.col("ended_day").dt.strftime("%m/%Y"), "DQ02")
    frame = log.put(frame, (u > 0.9) & ~stamp, "started_on", pl.col("started_day").dt.strftime("%Y"), "DQ02")
    wrong = pl.Series(exactly(rng, max(len(frame) // 400, 1), len(frame))) & ended & (u < 0.6)
    return log.put(
        frame,
        wrong & ~stamp,
        "ended_on",
        pl.col("started_day").dt.offset_by("-1y").dt.strftime("%m/%Y"),
        "end before beginning",
    )
