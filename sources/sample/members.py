"""Memberships: who is in which cell with which dates, and the transfers between cells."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from sources.sample.bodies import BODIES
from sources.sample.draw import days, flags, numbered, pick, shared_out, stream
from sources.sample.people import People

PRESENT = ["DU_BI", "CHINH_THUC", "MIEN_SH", "DINH_CHI_SH", "CHO_CHUYEN"]
BADGES = [30, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90]
#: Days of the year on which badges are awarded.
BADGE_ROUNDS = ((2, 3), (5, 19), (9, 2), (11, 7))
#: Members with a second record in another body, by what became of the transfer.
ELSEWHERE = {"open": 0.35, "closed": 0.45, "forgotten": 0.20}
ELSEWHERE_SHARE = 0.024
#: Newly admitted members whose probation has ended without a recognition.
LATE_RECOGNITION = 0.08
#: Members without activity for some months.
LAPSED = 0.004
#: Kinds of documents in a dossier by priority of digitisation.
DOSSIER_KINDS = {1: 36, 2: 49, 3: 19}
#: Members written into two cells of one body (temporary activity counted twice).
COUNTED_TWICE = 0.002


def _cells(rng: np.random.Generator, source: pl.Series, organisations: pl.DataFrame) -> pl.DataFrame:
    """A cell for each member of `source` (sorted by body), and the unit the cell lies in."""
    codes, unit = [], []
    for body in BODIES:
        own = organisations.filter((pl.col("source") == body.code) & pl.col("holds_members"))
        n = int((source == body.code).sum())
        least = 1 if n >= len(own) else 0
        many = shared_out(n, own["weight"].to_numpy(), least=least)
        rows = rng.permutation(np.repeat(np.arange(len(own)), many))
        codes.append(own["organisation_code"].gather(rows))
        unit.append(own["administrative_unit_code"].gather(rows))
    return pl.DataFrame({"organisation_code": pl.concat(codes), "unit": pl.concat(unit)})


def memberships(people: People, organisations: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """One row per member in the body where he or she belongs, with the contract's fields and `person`."""
    rng = stream(seed, "memberships")
    frame = people.member.join(people.persons.drop("source"), on="person", maintain_order="left")
    frame = pl.concat([frame, _cells(rng, frame["source"], organisations)], how="horizontal")
    n = len(frame)
    age_days = pl.lit(as_of) - pl.col("birth_date")
    wanted = pl.col("birth_date") + pl.duration(
        days=pl.lit(pl.Series(((18.2 + rng.gamma(2.6, 3.2, n)) * 365.25).astype(np.int64)))
    )
    latest = pl.lit(as_of) - days(rng, 430, 900, n)
    young = age_days < pl.duration(days=int(20.6 * 365.25))
    new = pl.Series(flags(rng, 0.033, n)) & (age_days < pl.duration(days=45 * 365))
    waiting = stream(seed, "late recognitions")
    late = new & pl.Series(flags(waiting, LATE_RECOGNITION, n))
    frame = frame.with_columns(
        admission_date=pl.when(late)
        .then(pl.lit(as_of) - days(waiting, 366, 450, n))
        .when(new | young)
        .then(pl.lit(as_of) - days(rng, 5, 355, n))
        .otherwise(pl.min_horizontal(wanted, latest))
    ).with_columns(
        admission_decision_date=pl.col("admission_date") - days(rng, 3, 25, n),
        official_date=pl.when(~late & (pl.col("admission_date").dt.offset_by("1y") <= pl.lit(as_of))).then(
            pl.col("admission_date").dt.offset_by("1y")
        ),
    )
    frame = _with_status(rng, frame, as_of)
    frame = _with_cards(rng, frame, as_of, seed)
    frame = _with_education(rng, frame, people, as_of)
    return _with_dossiers(_with_lapses(frame, seed, as_of), seed)


def _with_lapses(frame: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """A few members whom their cell has not seen for months."""
    rng, n = stream(seed, "lapses of activity"), len(frame)
    lapsed = pl.Series(flags(rng, LAPSED, n)) & pl.col("last_activity_date").is_not_null()
    last = pl.max_horizontal(pl.lit(as_of) - days(rng, 80, 300, n), pl.col("admission_date"))
    return frame.with_columns(last_activity_date=pl.when(lapsed).then(last).otherwise("last_activity_date"))


def _with_dossiers(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """How many kinds of documents of each priority are digitised: some dossiers wholly, each body at its own pace."""
    rng, n = stream(seed, "dossiers"), len(frame)
    place = frame["source"].replace_strict({b.code: i for i, b in enumerate(BODIES)}, return_dtype=pl.Int64).to_numpy()
    whole, part = rng.uniform(0.2, 0.95, len(BODIES))[place], rng.uniform(0.1, 0.9, n)
    counts = {}
    for priority, kinds in DOSSIER_KINDS.items():
        done = np.where(rng.random(n) < whole / priority, kinds, rng.binomial(kinds, part / priority))
        counts[f"dossier_documents_{priority}"] = pl.Series(done, dtype=pl.Int64)
    return frame.with_columns(**counts)


def _with_status(rng: np.random.Generator, frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    n = len(frame)
    age = (pl.lit(as_of) - pl.col("birth_date")).dt.total_days() / 365.25
    u = pl.Series(rng.random(n))
    left = pick(rng, {"TU_TRAN": 62, "XOA_TEN": 14, "KHAI_TRU": 6, "XIN_RA": 13, "CHO_RA": 5}, n)
    status = (
        pl.when(pl.col("official_date").is_null())
        .then(pl.lit("DU_BI"))
        .when(u < 0.008)
        .then(pl.when((age < 58) & (left == "TU_TRAN") & (u < 0.005)).then(pl.lit("XIN_RA")).otherwise(left))
        .when((age > 72) & (u < 0.28))
        .then(pl.lit("MIEN_SH"))
        .when(u > 0.9994)
        .then(pl.lit("DINH_CHI_SH"))
        .otherwise(pl.lit("CHINH_THUC"))
    )
    since = pl.max_horizontal(pl.lit(as_of) - days(rng, 3, 330, n), pl.col("official_date") + timedelta(days=1))
    temporary = pl.Series(flags(rng, 0.015, n))
    return (
        frame.with_columns(status=status)
        .with_columns(
            status_date=pl.when(~pl.col("status").is_in(["CHINH_THUC", "DU_BI"])).then(since),
            exempt_from=pl.when(pl.col("status") == "MIEN_SH").then(since),
            readmission_date=pl.when(pl.Series(flags(rng, 0.001, n)) & (age > 45)).then(
                pl.col("official_date") + days(rng, 2200, 4000, n)
            ),
            last_activity_date=pl.when(pl.col("status").is_in(["CHINH_THUC", "DU_BI"])).then(
                pl.lit(as_of.replace(day=3)) - days(rng, 0, 35, n)
            ),
            temporary_organisation_code=pl.when(temporary & (pl.col("status") == "CHINH_THUC")).then(
                pl.col("organisation_code").shift(17).over("source")
            ),
        )
        .with_columns(
            temporary_organisation_code=pl.when(
                pl.col("temporary_organisation_code") != pl.col("organisation_code")
            ).then("temporary_organisation_code"),
            readmission_date=pl.when(pl.col("readmission_date") < pl.lit(as_of)).then("readmission_date"),
        )
    )


def _with_cards(rng: np.random.Generator, frame: pl.DataFrame, as_of: date, seed: int) -> pl.DataFrame:
    n = len(frame)
    m1 = pl.col("source").replace({b.code: b.m1 for b in BODIES})
    serial = numbered(frame["source"], 1_000_000, 387_421, seed).cast(pl.String).str.zfill(6)
    party_age = (pl.lit(as_of) - pl.col("admission_date")).dt.total_days() // 365.25
    exchanged = pl.Series(flags(rng, 0.6, n)) & pl.col("official_date").is_not_null()
    official_before = pl.col("official_date") < date(2025, 6, 1)
    mark = pl.lit(None, dtype=pl.Int64)
    for years in BADGES:
        mark = pl.when(party_age >= years).then(pl.lit(years, dtype=pl.Int64)).otherwise(mark)
    return frame.with_columns(
        party_card_no=pl.when(exchanged).then("personal_id"),
        old_party_card_no=pl.when(official_before).then(pl.concat_str(m1, serial)),
        card_issue_date=pl.when(exchanged)
        .then(pl.max_horizontal(pl.lit(date(2025, 9, 2)) + days(rng, 0, 300, n), pl.col("official_date")))
        .when(official_before)
        .then(pl.col("official_date") + days(rng, 20, 90, n)),
        profile_no=pl.concat_str(m1, serial),
        badge_years=mark,
        badge_awarded_on=_awarded(mark, as_of),
        residence_code=pl.when((pl.col("unit").str.len_chars() == 5) & pl.Series(flags(rng, 0.9, n)))
        .then("unit")
        .otherwise("hometown_code"),
    )


def _awarded(mark: pl.Expr, as_of: date) -> pl.Expr:
    """The first round of badges at which the mark was reached, or, where that is yet to come, the last one held."""
    reached = pl.col("admission_date").dt.offset_by(pl.format("{}y", mark))
    year = reached.dt.year()
    rounds = [pl.date(year, month, day) for month, day in BADGE_ROUNDS]
    first = pl.min_horizontal(*[pl.when(on >= reached).then(on) for on in rounds], pl.date(year + 1, *BADGE_ROUNDS[0]))
    held = max(date(y, *on) for y in (as_of.year - 1, as_of.year) for on in BADGE_ROUNDS if date(y, *on) <= as_of)
    return pl.when(mark.is_not_null()).then(pl.min_horizontal(first, pl.lit(held)))


def _with_education(rng: np.random.Generator, frame: pl.DataFrame, people: People, as_of: date) -> pl.DataFrame:
    n = len(frame)
    age = (pl.lit(as_of) - pl.col("birth_date")).dt.total_days() / 365.25
    on_staff = pl.Series(frame["person"].is_in(people.staff["person"].implode()))
    armed = pl.col("source").is_in(["T5", "T6"])
    working = pick(
        rng, {"03": 9, "04": 10, "06": 4, "07": 4, "08": 6, "09": 9, "10": 32, "11": 6, "12": 4, "14": 16}, n
    )
    office = pick(rng, {"01": 30, "02": 12, "05": 58}, n)
    young = pick(rng, {"4": 62, "3": 14, "2": 8, "5": 14, "6": 2}, n)
    old = pick(rng, {"0": 28, "1": 14, "2": 24, "3": 9, "4": 23, "5": 2}, n)
    return frame.with_columns(
        occupation_code=pl.when(armed)
        .then(pl.lit("11"))
        .when(on_staff)
        .then(office)
        .when(age > 60)
        .then(pl.lit("15"))
        .otherwise(working),
        general_education=pl.when(age > 70)
        .then(pick(rng, {"1": 15, "2": 40, "3": 45}, n))
        .otherwise(pick(rng, {"2": 4, "3": 96}, n)),
        professional_education=pl.when(age > 58).then(old).otherwise(young),
        political_theory=pick(rng, {"0": 30, "1": 38, "2": 24, "3": 7, "4": 1}, n),
    )


def with_second_records(
    frame: pl.DataFrame, organisations: pl.DataFrame, seed: int, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Members whom two bodies hold, and members written twice by one body.

    Returns all member records (second ones after the first) and the moves behind them: `person`, `fate`,
    `from_source`, `to_source`, both cells and the day of leaving.
    """
    rng = stream(seed, "second records")
    free = (frame["status"] == "CHINH_THUC") & (frame["official_date"] < as_of - timedelta(days=400))
    rows = frame.with_row_index("row").filter(free)
    chosen = rows[np.sort(rng.permutation(len(rows))[: max(round(ELSEWHERE_SHARE * len(frame)), 6)])]
    cells = organisations.filter(pl.col("holds_members")).select("source", "organisation_code")
    target = cells[rng.integers(0, len(cells), len(chosen))]
    left = pl.lit(as_of) - days(rng, 8, 170, len(chosen))
    moves = (
        chosen.select(
            "row",
            "person",
            pl.col("source").alias("from_source"),
            pl.col("organisation_code").alias("from_cell"),
            "official_date",
        )
        .with_columns(
            to_source=target["source"],
            to_cell=target["organisation_code"],
            fate=pick(rng, ELSEWHERE, len(chosen)),
            left_date=left,
        )
        .filter(pl.col("from_source") != pl.col("to_source"))
    )
    waited = days(rng, 5, 60, len(moves))
    moves = moves.with_columns(
        arrived_date=pl.when(pl.col("fate") != "open").then(
            pl.min_horizontal(pl.col("left_date") + waited, pl.lit(as_of))
        )
    )
    first = frame.with_row_index("row").join(
        moves.select("row", "fate", "left_date"), on="row", how="left", maintain_order="left"
    )
    first = first.with_columns(
        status=pl.when(pl.col("fate") == "open")
        .then(pl.lit("CHO_CHUYEN"))
        .when(pl.col("fate") == "closed")
        .then(pl.lit("CHUYEN_DI_NGOAI"))
        .otherwise("status"),
        status_date=pl.when(pl.col("fate").is_in(["open", "closed"])).then("left_date").otherwise("status_date"),
        record_no=pl.lit(1),
    ).drop("row", "fate", "left_date")
    second = frame[moves["row"]].with_columns(
        source=moves["to_source"],
        organisation_code=moves["to_cell"],
        record_no=pl.lit(2),
        temporary_organisation_code=pl.lit(None, dtype=pl.String),
    )
    third = _written_twice(rng, frame, rows, organisations)
    both = pl.concat([first, second.select(first.columns), third.select(first.columns)])
    return both, moves.drop("row", "official_date")


def _written_twice(
    rng: np.random.Generator, frame: pl.DataFrame, rows: pl.DataFrame, organisations: pl.DataFrame
) -> pl.DataFrame:
    twice = frame[np.sort(rng.choice(rows["row"].to_numpy(), max(round(COUNTED_TWICE * len(frame)), 4), replace=False))]
    cells = organisations.filter(pl.col("holds_members")).group_by("source").agg("organisation_code")
    own = twice.select("source").join(cells, on="source", maintain_order="left")
    at = pl.Series(rng.integers(0, 1_000_000, len(twice)))
    other = own.select(
        pl.col("organisation_code").list.get(pl.lit(at) % pl.col("organisation_code").list.len())
    ).to_series()
    return twice.with_columns(organisation_code=other, record_no=pl.lit(3))
