"""Organisations that were before those of today, and how systems tell what became of them.

Whatever ended says when, and mostly why. Whoever followed bears its code or keeps it as the old code, and there is room
for one: where more than two became one, those that nobody could name are left out. Nobody of before has members.
Truth stands in columns of its own (`EVENT`): all that have part in one event bear its name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from sources.sample import units
from sources.sample.draw import days, exactly, stream

#: Share of the organisations that can have come about in a way; of each way there are some in the smallest world.
SHARE, LEAST = 0.005, 12
SPLIT_COMMUNES = 24
#: What is true of an event: its name, its kind, the part that an organisation has in it, and its day.
EVENT = ("event", "event_kind", "side", "happened_on")
SECTOR_OF_FORMER_UNIT = {"xa": "1", "phuong": "2", "thi_tran": "3"}

_CODE, _NAME, _TYPE = pl.col("organisation_code"), pl.col("name"), pl.col("organisation_type")
_BEGUN, _NOTHING = pl.col("valid_from"), pl.lit(None, dtype=pl.String)

#: What ended, and what followed with the `old_code` that it keeps.
Told = tuple[pl.DataFrame, pl.DataFrame]


def _ended(rng: np.random.Generator, rows: pl.DataFrame, way: str, **values: pl.Expr) -> pl.DataFrame:
    """What ended beside each of `rows`: like it but for `values`, on the day it began unless they say another one."""
    n = len(rows)
    begun = pl.lit(date(2012, 1, 1)) + days(rng, 0, 3000, n)
    day = values.get("valid_to", _BEGUN)
    told: dict[str, pl.Expr] = {
        "legacy_code": _NOTHING,
        "valid_from": begun,
        "valid_to": day,
        "end_reason": pl.lit(way),
        "decision_no": pl.format("{}-QĐ/TU", pl.lit(pl.Series(rng.integers(1, 2500, n)))),
        "decision_date": begun - days(rng, 1, 40, n),
        "term_from": pl.lit(None, dtype=pl.Date),
        "term_to": pl.lit(None, dtype=pl.Date),
        "holds_members": pl.lit(False),
        "side": pl.lit("KET_THUC"),
        "event_kind": pl.lit(way),
        "happened_on": day,
    }
    return rows.with_columns(**(told | values))


def _followed(rows: pl.DataFrame, way: str, old_code: pl.Expr = _NOTHING, day: pl.Expr = _BEGUN) -> pl.DataFrame:
    """Each of `rows` followed or, where it stood already, took in what has the same event and bore `old_code`."""
    side = pl.when(day == _BEGUN).then(pl.lit("BAT_DAU")).otherwise(pl.lit("TIEP_NHAN"))
    return rows.select(_CODE, "event", old_code=old_code, event_kind=pl.lit(way), side=side, happened_on=day)


def _beside(number: int) -> pl.Expr:
    """A code under the same superior that nobody bears: of a cell, or of a basic organisation."""
    cell = _CODE.str.slice(0, 15) + str(number)
    basic = _CODE.str.slice(0, 7) + str(number) + _CODE.str.slice(10)
    return pl.when(_CODE.str.ends_with(".000")).then(basic).otherwise(cell)


def _merged(rng: np.random.Generator, rows: pl.DataFrame) -> Told:
    """Two became a third one under the code of the first."""
    first = _ended(rng, rows, "HOP_NHAT", name=_NAME + " A")
    second = _ended(rng, rows, "HOP_NHAT", name=_NAME + " B", organisation_code=_beside(991))
    return pl.concat([first, second]), _followed(rows, "HOP_NHAT", _beside(991))


def _taken_in(rng: np.random.Generator, rows: pl.DataFrame) -> Told:
    """One went into another that stood on, some weeks after that had begun."""
    day = _BEGUN + days(rng, 20, 60, len(rows))
    one = _ended(rng, rows, "SAP_NHAP", name=_NAME + " A", organisation_code=_beside(991), valid_to=day)
    return one, _followed(rows, "SAP_NHAP", _beside(991), day)


def _split(rng: np.random.Generator, rows: pl.DataFrame) -> Told:
    """One became two: the row and its twin."""
    one = _ended(rng, rows, "CHIA_TACH", name=_NAME + " lớn", organisation_code=_beside(991))
    follower = _followed(rows, "CHIA_TACH", _beside(991))
    return one, pl.concat([follower, follower.with_columns(organisation_code=rows["twin"])])


def _dissolved(rng: np.random.Generator, rows: pl.DataFrame) -> Told:
    """One is no more, and nobody followed."""
    day = _BEGUN + days(rng, 0, 60, len(rows))
    one = _ended(rng, rows, "GIAI_THE", name=_NAME + " B", organisation_code=_beside(991), valid_to=day)
    return one, _followed(rows, "GIAI_THE").clear()


def _handed_over(rng: np.random.Generator, rows: pl.DataFrame) -> Told:
    """A cell that stood directly under the committee above its superior, with a code of that place."""
    above = _CODE.str.slice(0, 6)
    code = above + ".000.000.991"
    one = _ended(rng, rows, "CHUYEN_GIAO", organisation_code=code, parent_code=above + ".000.000.000")
    return one, _followed(rows, "CHUYEN_GIAO", code)


def _raised(rng: np.random.Generator, rows: pl.DataFrame) -> Told:
    """A single cell became a committee under its code."""
    name = _NAME.str.replace("Đảng bộ", "Chi bộ", literal=True)
    return _ended(rng, rows, "NANG_CAP", name=name, organisation_type=pl.lit("C2")), _followed(rows, "NANG_CAP")


def _lowered(rng: np.random.Generator, rows: pl.DataFrame) -> Told:
    """A committee became a single cell under its code."""
    name = _NAME.str.replace("Chi bộ", "Đảng bộ", literal=True)
    return _ended(rng, rows, "HA_CAP", name=name, organisation_type=pl.lit("C1")), _followed(rows, "HA_CAP")


def _renamed(rng: np.random.Generator, rows: pl.DataFrame) -> Told:
    """Another name under the same code; every other one does not say that this is why."""
    reason = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("DOI_TEN"))
    return _ended(rng, rows, "DOI_TEN", name=_NAME + " A", end_reason=reason), _followed(rows, "DOI_TEN")


#: How basic organisations and cells came about, and which of them can have: those of which there are few choose first.
WAYS: dict[str, tuple[pl.Expr, Callable[[np.random.Generator, pl.DataFrame], Told]]] = {
    "NANG_CAP": (_TYPE == "C1", _raised),
    "HA_CAP": (_TYPE == "C2", _lowered),
    "CHUYEN_GIAO": (pl.col("can_come_from_above"), _handed_over),
    "CHIA_TACH": (pl.col("twin").is_not_null(), _split),
    "HOP_NHAT": (_TYPE != "C1", _merged),
    "SAP_NHAP": (_TYPE != "C1", _taken_in),
    "GIAI_THE": (_TYPE != "C1", _dissolved),
    "DOI_TEN": (pl.lit(True), _renamed),
}


def _candidates(rng: np.random.Generator, organisations: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Basic organisations and cells that stand and began two months ago at least: one under each superior, so that
    no two stand beside the same one. Of cells, `twin` is the next there, begun on the same day."""
    basic = _TYPE.is_in(["C1", "C2"]) & (_CODE.str.slice(7, 3) != "000")
    standing = pl.col("valid_to").is_null() & _BEGUN.le(as_of - timedelta(days=60))
    alike = ("parent_code", "organisation_type", "valid_from")
    rows = organisations.filter(basic | (_TYPE == "B2"), standing).with_columns(twin=_CODE.shift(-1).over(alike))
    under_basic_one = (_TYPE == "B2") & ~pl.col("parent_code").str.ends_with(".000.000.000")
    return (
        rows[rng.permutation(len(rows))]
        .unique("parent_code", keep="first", maintain_order=True)
        .with_columns(
            twin=pl.when(_TYPE == "B2").then("twin"),
            can_come_from_above=under_basic_one & pl.struct(_CODE.str.slice(0, 6), under_basic_one).is_first_distinct(),
            event=_CODE,
        )
    )


def _lower(rng: np.random.Generator, organisations: pl.DataFrame, as_of: date) -> list[Told]:
    told, left = [], _candidates(rng, organisations, as_of)
    for fits, way in WAYS.values():
        able = left.filter(fits)
        chosen = able.filter(pl.Series(exactly(rng, max(round(SHARE * len(able)), LEAST), len(able)), dtype=pl.Boolean))
        left = left.join(chosen, on="organisation_code", how="anti", maintain_order="left")
        told.append(way(rng, chosen))
    return told


def _provinces(rng: np.random.Generator, organisations: pl.DataFrame) -> Told:
    """Committees of provinces of which two became one, under the code of one of them."""
    pairs = [(new, *old) for new, old in units.MERGED_FROM.items() if len(old) == 2]
    of_pair = pl.DataFrame(pairs, schema=["source", "one", "another"], orient="row")
    rows = organisations.filter(_TYPE == "T1").join(of_pair, on="source", maintain_order="left")
    rows = rows.with_columns(event=_CODE)

    def code(former: str) -> pl.Expr:
        return pl.col(former) + _CODE.str.slice(2)

    ended = [
        _ended(
            rng,
            rows,
            "HOP_NHAT",
            organisation_code=code(former),
            administrative_unit_code=pl.col(former),
            name=pl.lit("Đảng bộ ") + pl.col(former).replace_strict(units.former_provinces()),
        )
        for former in ("one", "another")
    ]
    the_other = pl.when(code("one") == _CODE).then(code("another")).otherwise(code("one"))
    return pl.concat(ended), _followed(rows, "HOP_NHAT", the_other)


def _communes(rng: np.random.Generator, organisations: pl.DataFrame) -> list[Told]:
    """Committees of former communes that went into several of one province, and of their districts, now no more."""
    unit = pl.col("administrative_unit_code")
    today = organisations.filter(_CODE.str.ends_with(".000.000.000") & (unit.str.len_chars() == 5))
    source_of = dict(today.select(unit, "source").iter_rows())
    split, chosen, taken = units.split_communes(), [], set[str]()
    for old in split[rng.permutation(len(split))].iter_rows(named=True):
        sources = {source_of.get(new) for new in old["into"]}
        if len(sources) == 1 and None not in sources and taken.isdisjoint(old["into"]):
            taken.update(old["into"])
            chosen.append(old | {"source": sources.pop()})
    former = (
        pl.DataFrame(chosen[:SPLIT_COMMUNES])
        .rename({"code": "former_unit", "name": "former_name"})
        .with_columns(district_no=900 + pl.col("district").rank("dense").over("source").cast(pl.Int64))
        .with_columns(number=pl.int_range(1, pl.len() + 1).over("source", "district_no").cast(pl.String).str.zfill(3))
    )
    rows = organisations.filter(_TYPE == "T1").join(former, on="source", maintain_order="left")
    district = pl.format("{}.{}", _CODE.str.slice(0, 2), "district_no")
    rows = rows.with_columns(
        district_code=district + ".000.000.000",
        commune_code=pl.format("{}.{}.000.000", district, "number"),
    )
    communes = _ended(
        rng,
        rows.with_columns(event="commune_code"),
        "CHIA_TACH",
        organisation_code=pl.col("commune_code"),
        parent_code=pl.col("district_code"),
        organisation_type=pl.lit("C1"),
        administrative_unit_code=pl.col("former_unit"),
        sector=pl.col("unit_type").replace_strict(SECTOR_OF_FORMER_UNIT),
        name=pl.lit("Đảng bộ ") + _inside("former_name"),
    )
    districts = _ended(
        rng,
        rows.unique("district_code", keep="first", maintain_order=True).with_columns(event="district_code"),
        "GIAI_THE",
        organisation_code=pl.col("district_code"),
        parent_code=_CODE,
        organisation_type=pl.lit("H2"),
        administrative_unit_code=_NOTHING,
        sector=_NOTHING,
        name=pl.lit("Đảng bộ ") + _inside("district"),
    )
    into = rows.select("commune_code", administrative_unit_code="into").explode("administrative_unit_code")
    heirs = today.join(into, on="administrative_unit_code", maintain_order="left").with_columns(event="commune_code")
    return [
        (communes, _followed(heirs, "CHIA_TACH", pl.col("commune_code"))),
        (districts, _followed(heirs, "").clear()),
    ]


def _inside(name: str) -> pl.Expr:
    """A name of a unit as it stands inside a sentence."""
    return pl.col(name).str.slice(0, 1).str.to_lowercase() + pl.col(name).str.slice(1)


def with_former(organisations: pl.DataFrame, seed: int, as_of: date) -> pl.DataFrame:
    """The organisations, behind them those that they followed, and who had part in which `EVENT`."""
    rng = stream(seed, "organisations of before")
    told = [_provinces(rng, organisations), *_communes(rng, organisations), *_lower(rng, organisations, as_of)]
    followed = pl.concat([followers for _, followers in told])
    today = (
        organisations.join(followed, on="organisation_code", how="left", maintain_order="left")
        .with_columns(legacy_code=pl.coalesce("old_code", "legacy_code"))
        .drop("old_code")
    )
    return pl.concat([today, *(ended.select(today.columns) for ended, _ in told)])
