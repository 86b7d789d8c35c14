"""Troubles of person records (members and cadres): numbers, names, birth, places.

Works on text as it will be written; rates are a little above the least rates that the design names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from sources.sample import units
from sources.sample.draw import choose, flags
from sources.sample.styles import tagged
from sources.sample.text_variants import (
    NICKNAMES,
    PLACEHOLDERS,
    TITLES,
    TONE_ON_SECOND,
    excel_serial,
    mistyped,
    wrong_digit,
)
from sources.sample.truth import RecordLog

#: Rows that carry the personal id of the row before them.
SHARED_IDS = 0.0006
#: Communes still given by a code from before July 2025 (some of these codes never changed).
FORMER_UNITS = {"hometown_code": 0.38, "residence_code": 0.20}
Step = Callable[[np.random.Generator, pl.DataFrame, RecordLog], pl.DataFrame]


def _in(frame: pl.DataFrame, codes: Sequence[str]) -> pl.Series:
    return frame["source"].is_in(codes)


def _lots(rng: np.random.Generator, frame: pl.DataFrame, shares: dict[str, float]) -> dict[str, pl.Series]:
    """One lot per row: disjoint masks with the given shares."""
    u, low, masks = rng.random(len(frame)), 0.0, {}
    for name, share in shares.items():
        masks[name] = pl.Series((u >= low) & (u < low + share))
        low += share
    return masks


def identity_numbers(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Missing, malformed, mistyped, shared and badly exported personal ids (DQ05, DQ14, DQ16)."""
    lots = _lots(
        rng,
        frame,
        {
            "none": 0.066,
            "word": 0.022,
            "old": 0.002,
            "short": 0.002,
            "letter": 0.0015,
            "digit": 0.0125,
            "zero": 0.02,
            "point": 0.008,
            "quote": 0.008,
            "space": 0.008,
        },
    )
    n = len(frame)
    number = pl.col("personal_id")
    put = log.put
    frame = put(frame, lots["none"], "personal_id", pl.lit(None, dtype=pl.String), "DQ16")
    log.note(frame, lots["word"], "DQ16", "personal_id")
    frame = put(frame, lots["word"], "personal_id", choose(rng, PLACEHOLDERS, n), "DQ14")
    frame = put(
        frame,
        lots["old"] & frame["old_identity_no"].is_not_null(),
        "personal_id",
        pl.col("old_identity_no"),
        "malformed id",
    )
    frame = put(frame, lots["short"], "personal_id", number.str.slice(0, 11), "malformed id")
    frame = put(
        frame, lots["letter"], "personal_id", pl.lit("O") + number.str.slice(1, 10) + pl.lit("?"), "malformed id"
    )
    frame = put(frame, lots["digit"], "personal_id", wrong_digit(rng, frame["personal_id"], 3), "wrong digit")
    zero = lots["zero"] | (
        _in(frame, tagged("lost_zero")) & pl.Series(flags(rng, 0.12, n)) & (frame["personal_id"].str.len_chars() == 12)
    )
    zero = zero & frame["personal_id"].str.contains(r"^0\d{11}$")
    frame = put(frame, zero, "personal_id", number.str.slice(1), "DQ05")
    whole = frame["personal_id"].str.contains(r"^\d{12}$")
    frame = put(frame, lots["point"] & whole, "personal_id", number.str.slice(1) + ".0", "DQ05")
    frame = put(frame, lots["quote"] & whole, "personal_id", pl.lit("'") + number, "DQ05")
    frame = put(
        frame,
        lots["space"] & whole,
        "personal_id",
        number.str.slice(0, 3) + " " + number.str.slice(3, 3) + " " + number.str.slice(6),
        "DQ05",
    )
    before = frame["personal_id"].shift(1).str.contains(r"^\d{12}$").fill_null(False)
    neighbours = whole.fill_null(False) & before & (frame["source"] == frame["source"].shift(1)).fill_null(False)
    rows = rng.permutation(np.flatnonzero(neighbours.to_numpy()))[: max(round(SHARED_IDS * n), 2)]
    shared = pl.Series(np.isin(np.arange(n), rows))
    return put(frame, shared, "personal_id", number.shift(1), "shared id")


def births(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Years and months instead of days (DQ02), serials, placeholders and wrong days (DQ01)."""
    lots = _lots(
        rng,
        frame,
        {
            "year": 0.036,
            "month": 0.005,
            "zeros": 0.003,
            "epoch": 0.003,
            "serial": 0.005,
            "two": 0.002,
            "swap": 0.005,
            "off": 0.006,
            "impossible": 0.0025,
        },
    )
    day = pl.col("birth_on")
    put = log.put
    native = frame["habit"].is_in(["stamp"])
    frame = put(frame, lots["year"], "birth_date", day.dt.strftime("%Y"), "DQ02")
    frame = put(frame, lots["month"], "birth_date", day.dt.strftime("%-m/%Y"), "DQ02")
    frame = put(frame, lots["zeros"], "birth_date", day.dt.strftime("00/00/%Y"), "DQ01")
    frame = put(frame, lots["epoch"], "birth_date", pl.lit("01-01-1970"), "DQ01")
    frame = put(frame, lots["serial"] & ~native, "birth_date", excel_serial(day), "DQ01")
    frame = put(frame, lots["two"], "birth_date", day.dt.strftime("%-d/%-m/%y"), "DQ01")
    frame = put(
        frame,
        lots["swap"] & (frame["birth_on"].dt.day() <= 12),
        "birth_date",
        day.dt.strftime("%m/%d/%Y"),
        "wrong day of birth",
    )
    frame = put(
        frame,
        lots["off"],
        "birth_date",
        day.dt.strftime("%d/%m/") + (day.dt.year() + 1).cast(pl.String),
        "wrong day of birth",
    )
    return put(frame, lots["impossible"], "birth_date", day.dt.strftime("31/02/%Y"), "impossible date")


def names(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Names in capitals, with titles and nicknames (DQ03), in other code points (DQ04), and mistyped."""
    lots = _lots(
        rng,
        frame,
        {
            "upper": 0.05,
            "lower": 0.008,
            "nfd": 0.03,
            "spaces": 0.015,
            "title": 0.022,
            "nick": 0.008,
            "alias": 0.008,
            "typing": 0.019,
        },
    )
    n, name = len(frame), pl.col("full_name")
    put = log.put
    frame = put(frame, lots["typing"], "full_name", mistyped(rng, frame["full_name"]), "typing error")
    tone = pl.Series(flags(rng, 0.6, n)) & frame["full_name"].str.contains(r"[òóỏõọ][ae]\b|[ùúủũụ]y\b") & ~lots["nfd"]
    frame = put(frame, tone, "full_name", name.str.replace_many(TONE_ON_SECOND), "tone placement")
    eth = pl.Series(flags(rng, 0.10, n)) & frame["full_name"].str.contains("Đ") & (frame["charset"] == "utf-8")
    frame = put(frame, eth, "full_name", name.str.replace_all("Đ", "Ð", literal=True), "DQ04")
    upper = lots["upper"] | _in(frame, tagged("upper_names"))
    frame = put(frame, upper, "full_name", name.str.to_uppercase(), "DQ03")
    frame = put(frame, lots["lower"], "full_name", name.str.to_lowercase(), "DQ03")
    frame = put(frame, lots["spaces"], "full_name", name.str.replace(" ", "   ", literal=True) + " ", "DQ03")
    frame = put(frame, lots["title"], "full_name", choose(rng, TITLES, n) + name, "DQ03")
    frame = put(frame, lots["nick"], "full_name", name + choose(rng, NICKNAMES, n), "DQ03")
    alias = (
        name.str.split(" ").list.first()
        + " "
        + choose(rng, ("Văn Ba", "Thị Tư", "Hồng Quân", "Minh Tâm", "Chí Hiếu"), n)
    )
    frame = put(frame, lots["alias"], "other_name", name, "alias")
    frame = put(frame, lots["alias"], "full_name", alias, "alias")
    nfd = lots["nfd"] & (frame["charset"] == "utf-8")
    return put(frame, nfd, "full_name", name.str.normalize("NFD"), "DQ04")


def places(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Former communes and provinces, bare codes whose meaning changed, names instead of codes (DQ08 to DQ13)."""
    put = log.put
    fields = [f for f in ("hometown_code", "residence_code") if f in frame.columns]
    province = units.province_of()
    names_of = dict(zip(*(units.provinces()[c].to_list() for c in ("code", "short_name")), strict=True))
    for field in fields:
        n = len(frame)
        known = frame.select(pl.col(field).alias("code")).join(
            units.former_codes(), on="code", how="left", maintain_order="left"
        )
        at = pl.lit(pl.Series(rng.integers(0, 1000, n))) % pl.col("former").list.len().clip(1)
        former, split = (
            known.select(pl.col(c).list.get(at, null_on_oob=True)).to_series() for c in ("former", "split")
        )
        home = frame.select(pl.col(field).alias("code")).join(province, on="code", how="left", maintain_order="left")[
            "province"
        ]
        old = pl.Series(flags(rng, FORMER_UNITS[field], n)) & former.is_not_null() & (former != frame[field])
        log.note(frame, old & split, "DQ13", field)
        frame = put(frame, old, field, former, "DQ08")
        if field != "hometown_code":
            continue
        bare = pl.Series(flags(rng, 0.02, n)) | (_in(frame, tagged("province_codes")) & pl.Series(flags(rng, 0.08, n)))
        merged = home.replace_strict(
            {k: v[0] for k, v in units.MERGED_FROM.items() if v[0] != k}, default=None, return_dtype=pl.String
        )
        log.note(frame, bare & home.is_in(units.CHANGED_MEANING) & ~old, "DQ11b", field)
        frame = put(frame, bare & home.is_not_null() & ~old, field, home, "province only")
        frame = put(frame, bare & merged.is_not_null() & pl.Series(flags(rng, 0.4, n)) & ~old, field, merged, "DQ11")
        prefix = choose(rng, ("Thành phố ", "TP. ", "TP ", "Tỉnh ", ""), n)
        named = _in(frame, tagged("province_names")) & pl.Series(flags(rng, 0.05, n)) & home.is_not_null()
        frame = put(frame, named, field, prefix + home.replace(names_of), "DQ12")
    if "residence_code" in fields:
        frame = _disputed_codes(rng, frame, log)
    return frame


def _disputed_codes(rng: np.random.Generator, frame: pl.DataFrame, log: RecordLog) -> pl.DataFrame:
    """Codes from lists made before the final decree (DQ09) and single typos of published lists (DQ10)."""
    for fault, field, by_source in (
        ("DQ09", "residence_code", {"01": "00226", "04": "01537", "37": "13285", "92": "31207"}),
        ("DQ10", "residence_code", {"22": "06970"}),
        ("DQ10", "hometown_code", {"80": "27691", "82": "27691"}),
    ):
        for source, code in by_source.items():
            own = frame.with_row_index("row").filter(pl.col("source") == source)["row"].to_numpy()
            mask = np.zeros(len(frame), dtype=bool)
            mask[rng.choice(own, min(3, len(own)), replace=False)] = True
            frame = log.put(frame, pl.Series(mask), field, pl.lit(code), fault)
    return frame


STEPS: tuple[Step, ...] = (identity_numbers, births, names, places)
