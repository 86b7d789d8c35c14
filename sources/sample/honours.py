"""Awards and discipline of members and of party organisations, which some bodies send beside those of cadres."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np
import polars as pl

from sources.sample.draw import days, flags, pick, stream
from sources.sample.members import PRESENT

MEMBER_AWARDS = {"Giấy khen": ("CO_SO", 80), "Bằng khen của Tỉnh ủy": ("TINH", 20)}
ORGANISATION_AWARDS = {
    "Giấy khen": ("XA", 60),
    "Bằng khen của Tỉnh ủy": ("TINH", 30),
    "Cờ thi đua của Tỉnh ủy": ("TINH", 10),
}


def party_awards(
    members: pl.DataFrame, organisations: pl.DataFrame, senders: Collection[str], seed: int, as_of: date
) -> pl.DataFrame:
    """Awards of the last four years to official members and to basic organisations and cells."""
    rng = stream(seed, "awards of the party")
    parts = []
    for subjects, share, forms in (
        (_members(members, senders), 0.08, MEMBER_AWARDS),
        (_organisations(organisations, senders), 0.2, ORGANISATION_AWARDS),
    ):
        chosen = _decided(rng, subjects, share, as_of)
        form = pick(rng, {name: weight for name, (_, weight) in forms.items()}, len(chosen))
        parts.append(
            chosen.with_columns(
                form=form,
                award_level=form.replace_strict(
                    {name: level for name, (level, _) in forms.items()}, return_dtype=pl.String
                ),
                decision_no=pl.format("{}-QĐ/KT", pl.Series(rng.integers(10, 2500, len(chosen)))),
            )
        )
    return pl.concat(parts).drop("since")


def party_disciplines(
    members: pl.DataFrame, organisations: pl.DataFrame, senders: Collection[str], seed: int, as_of: date
) -> pl.DataFrame:
    """Discipline of the last four years, without a word on why; that of organisations has no end of its own."""
    rng = stream(seed, "discipline of the party")
    parts = []
    for subjects, share, forms in (
        (_members(members, senders), 0.006, {"KHIEN_TRACH": 70, "CANH_CAO": 30}),
        (_organisations(organisations, senders), 0.01, {"KHIEN_TRACH": 75, "CANH_CAO": 25}),
    ):
        chosen = _decided(rng, subjects, share, as_of)
        parts.append(
            chosen.with_columns(
                discipline_kind=pl.lit("DANG"),
                form=pick(rng, forms, len(chosen)),
                decision_no=pl.format("{}-QĐ/UBKT", pl.Series(rng.integers(10, 900, len(chosen)))),
                effective_from="decision_date",
            )
        )
    return pl.concat(parts).drop("since")


def _members(members: pl.DataFrame, senders: Collection[str]) -> pl.DataFrame:
    return members.filter(
        pl.col("source").is_in(list(senders))
        & (pl.col("record_no") == 1)
        & pl.col("official_date").is_not_null()
        & pl.col("status").is_in(PRESENT)
    ).select(
        "source",
        pl.lit("DANG_VIEN").alias("subject_kind"),
        pl.col("person").cast(pl.Int64),
        pl.col("record_no").cast(pl.Int32),
        pl.lit(None, dtype=pl.String).alias("organisation_code"),
        pl.col("official_date").alias("since"),
    )


def _organisations(organisations: pl.DataFrame, senders: Collection[str]) -> pl.DataFrame:
    return organisations.filter(
        pl.col("source").is_in(list(senders))
        & pl.col("organisation_type").is_in(["C1", "C2", "B2"])
        & pl.col("valid_to").is_null()
    ).select(
        "source",
        pl.lit("TAP_THE").alias("subject_kind"),
        pl.lit(None, dtype=pl.Int64).alias("person"),
        pl.lit(None, dtype=pl.Int32).alias("record_no"),
        "organisation_code",
        pl.col("valid_from").alias("since"),
    )


def _decided(rng: np.random.Generator, subjects: pl.DataFrame, share: float, as_of: date) -> pl.DataFrame:
    """A share of the subjects, each with the day of a decision: not before they could be decided about."""
    chosen = subjects.filter(pl.Series(flags(rng, share, len(subjects))))
    day = pl.lit(as_of) - days(rng, 20, 1460, len(chosen))
    return chosen.with_columns(decision_date=pl.max_horizontal(day, "since"))
