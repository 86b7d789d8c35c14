"""Persons: one row per invented human being, whatever records speak of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from sources.sample import units
from sources.sample.bodies import BODIES, COUNTRY_MEMBERS, COUNTRY_STAFF, member_weights, staff_weights
from sources.sample.draw import Flags, exactly, flags, numbered, pick, shared_out, stream
from sources.sample.names import full_names

#: Prefix that no real number carries; the warehouse accepts it only through one row of a seed.
FICTITIOUS_PREFIX = "099"
NAMESAKES = 0.005
STAFF_WHO_ARE_MEMBERS = 0.45


@dataclass(frozen=True)
class People:
    """All persons; `member` and `staff` are row numbers into `persons`, by body."""

    persons: pl.DataFrame
    member: pl.DataFrame
    staff: pl.DataFrame


def _births(rng: np.random.Generator, n: int, working: Flags, as_of: date) -> pl.Series:
    """Days of birth: a working population, and one retired that thins out with age."""
    young = 22 + 37.5 * rng.beta(2.2, 1.9, n)
    old = 58 + np.minimum(rng.gamma(1.7, 6.0, n), 42)
    age = np.where(working, young, old)
    return (pl.Series([as_of]).new_from_index(0, n).cast(pl.Int32) - pl.Series((age * 365.25).astype(np.int32))).cast(
        pl.Date
    )


def _ethnicity(rng: np.random.Generator, source: pl.Series, share: float) -> pl.Series:
    """Code of people: those at home in the body's area, the Kinh for the rest."""
    out = pl.Series(["01"]).new_from_index(0, len(source))
    rows = pl.int_range(len(source), eager=True)
    for body in BODIES:
        own = rows.filter(source == body.code)
        mixed = dict(body.peoples) if body.peoples else {"02": 1.0, "06": 1.0, "03": 1.0, "04": 0.3, "05": 0.5}
        total = sum(mixed.values()) * share
        out = out.scatter(
            own, pick(rng, {"01": max(100 - total, 8.0)} | {k: v * share for k, v in mixed.items()}, len(own))
        )
    return out


def _hometown(rng: np.random.Generator, source: pl.Series, as_of: date) -> pl.Series:
    """Commune of origin: in the body's own province for six in seven, anywhere for the rest."""
    every = units.communes(as_of)
    n = len(source)
    anywhere = every["code"].gather(rng.integers(0, len(every), n))
    spans = every.with_row_index("row").group_by("province").agg(first=pl.col("row").min(), many=pl.len())
    frame = pl.DataFrame({"province": source, "u": rng.random(n), "stay": flags(rng, 0.86, n)}).join(
        spans, on="province", how="left", maintain_order="left"
    )
    at_home = frame.select(
        (pl.col("first") + (pl.col("u") * pl.col("many")).floor()).cast(pl.UInt32).fill_null(0)
    ).to_series()
    return pl.select(
        pl.when(frame["stay"] & frame["first"].is_not_null()).then(every["code"].gather(at_home)).otherwise(anywhere)
    ).to_series()


def _identity_numbers(persons: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Personal ids (099, century and sex, year, six digits) and former nine-digit numbers, all unique."""
    year = pl.col("birth_date").dt.year()
    digit = (year // 100 - 19) * 2 + (pl.col("sex") == "F").cast(pl.Int32)
    group = persons.select(digit * 100 + year % 100).to_series()
    serial = numbered(group, 1_000_000, 387_421, seed)
    former = numbered(
        persons.select(pl.lit(0).repeat_by(pl.len()).explode()).to_series(), 100_000_000, 38_742_049, seed
    )
    return persons.with_columns(
        personal_id=pl.concat_str(
            pl.lit(FICTITIOUS_PREFIX),
            digit.cast(pl.String),
            (year % 100).cast(pl.String).str.zfill(2),
            serial.cast(pl.String).str.zfill(6),
        ),
        old_identity_no=pl.when(year < 1998).then(pl.lit("9") + former.cast(pl.String).str.zfill(8)),
    )


def people(scale: float, seed: int, as_of: date) -> People:
    """Draw everybody: members first, then the staff who are not members."""
    rng = stream(seed, "people")
    per_body = shared_out(round(COUNTRY_MEMBERS * scale), member_weights(), least=12)
    per_staff = shared_out(round(COUNTRY_STAFF * scale), staff_weights(), least=12)
    codes = pl.Series([b.code for b in BODIES])
    of_members = codes.gather(np.repeat(np.arange(len(BODIES)), per_body))
    m = len(of_members)
    armed = of_members.is_in(["T5", "T6"]).to_numpy()
    working = rng.random(m) < np.where(armed, 0.97, 0.66)
    overlap, of_rest = [], []
    member_rows = pl.int_range(m, eager=True)
    for number, body in enumerate(BODIES):
        eligible = member_rows.filter((of_members == body.code) & pl.Series(working)).to_numpy()
        both = min(round(float(per_staff[number]) * STAFF_WHO_ARE_MEMBERS), len(eligible))
        overlap.append(np.sort(rng.choice(eligible, both, replace=False)))
        of_rest.append(int(per_staff[number]) - both)
    rest_source = codes.gather(np.repeat(np.arange(len(BODIES)), np.array(of_rest)))
    source = pl.concat([of_members, rest_source])
    n, r = len(source), len(rest_source)
    sex = pl.concat([pick(rng, {"M": 0.65, "F": 0.35}, m), pick(rng, {"M": 0.42, "F": 0.58}, r)])
    working = np.concatenate([working, np.ones(r, dtype=bool)])
    ethnicity = pl.concat([_ethnicity(rng, of_members, 0.9), _ethnicity(rng, rest_source, 0.7)])
    region = source.replace_strict({b.code: b.region for b in BODIES}, return_dtype=pl.String)
    birth = _births(rng, n, working, as_of)
    name = full_names(rng, sex, birth.dt.year(), region, ethnicity)
    persons = pl.DataFrame(
        {"source": source, "sex": sex, "birth_date": birth, "ethnicity_code": ethnicity, "full_name": name}
    )
    persons = _with_namesakes(rng, persons, m).with_columns(hometown_code=_hometown(rng, source, as_of))
    persons = _identity_numbers(persons, seed).with_row_index("person").with_columns(pl.col("person").cast(pl.Int64))
    staff_rows = np.concatenate([*overlap, np.arange(m, n)])
    return People(
        persons=persons,
        member=persons[:m].select("person", "source"),
        staff=persons[np.sort(staff_rows)].select("person", "source").sort("source", "person"),
    )


def _with_namesakes(rng: np.random.Generator, persons: pl.DataFrame, members: int) -> pl.DataFrame:
    """Give some persons the name, sex and day of birth of somebody else near them in the same list."""
    n = len(persons)
    twin = np.flatnonzero(exactly(rng, max(round(NAMESAKES * n / 2), 2), n - 40))
    other = twin + rng.integers(1, 40, len(twin))
    same_list = (twin < members) == (other < members)
    twin, other = twin[same_list], other[same_list]
    origin = np.arange(n)
    origin[other] = twin
    origin = np.where(np.isin(origin, other), np.arange(n), origin)
    shared = ["sex", "birth_date", "ethnicity_code", "full_name"]
    return persons.with_columns(persons[c].gather(origin) for c in shared)
