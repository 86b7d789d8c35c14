"""The true life of the Party in Polars: who was a member where on any day, what happened, which organisations stood.

Built from the truth of `tests.integration.questions` alone; nothing here knows how the models of the warehouse work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
import psycopg

from sources.sample.units import communes
from tests.integration.questions import AS_OF, accepted

LEFT = ["TU_TRAN", "KHAI_TRU", "XOA_TEN", "XIN_RA", "CHO_RA"]
CELLS, BASIC = ("B2", "C2"), ("C1", "C2", "C3")


@dataclass(frozen=True)
class Party:
    """Frames of the truth that questions about members rest on.

    `members`: one row a person who is or was a member, the record of the body that holds him or her now, with
    `first_cell`, where the person was admitted. `stays`: person, cell, from_day, to_day (null while it lasts).
    `events`: person, day, kind, cell, members (1 or -1). `organisations`: one row a standing organisation, with
    `commune`, `basic_sector`, `above` (itself and all superiors).
    """

    members: pl.DataFrame
    stays: pl.DataFrame
    events: pl.DataFrame
    organisations: pl.DataFrame

    def on(self, day: date) -> pl.DataFrame:
        """Members at the end of a day: person, cell."""
        begun = pl.col("from_day") <= day
        return self.stays.filter(begun & (pl.col("to_day").is_null() | (pl.col("to_day") > day))).select(
            "person", "cell"
        )

    def present(self) -> pl.DataFrame:
        """Rows of `members` for those who are members today."""
        return self.members.filter(~pl.col("status").is_in(LEFT))

    def placed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add source, commune, basic_sector and province of each row's `cell`."""
        places = self.organisations.select("cell", "source", "commune", "basic_sector", "province")
        return frame.join(places, on="cell", how="left", validate="m:1")


def true_party(connection: psycopg.Connection) -> Party:
    """The truth, without the rows that the release does not hold and the fields that their sources do not send."""
    records, transfers = accepted(connection, "member"), accepted(connection, "membership_transfer")
    moves = transfers.filter(pl.col("state") == "DA_TIEP_NHAN", pl.col("transfer_type") != "TAM_THOI")
    between = pl.col("from_organisation_code").str.slice(0, 2) != pl.col("to_organisation_code").str.slice(0, 2)
    away = moves.filter(between).unique("person").select("person", arrived="arrived_date")
    inside = moves.filter(~between).select("person", old_cell="from_organisation_code", moved="arrived_date")
    first, second = (records.filter(pl.col("record_no") == n) for n in (1, 2))
    lives = (
        first.join(inside, on="person", how="left", validate="1:1")
        .join(away, on="person", how="left", validate="1:1")
        .join(second.select("person", new_cell="organisation_code"), on="person", how="left", validate="1:1")
        .with_columns(first_cell=pl.coalesce("old_cell", "organisation_code"))
    )
    # nobody moved inside a body after having left it, so that a life is a chain of stays
    assert lives.filter(pl.col("moved") > pl.col("arrived")).is_empty()
    holder = pl.concat(
        [
            first.join(away, on="person", how="anti"),
            second.join(away, on="person", how="semi"),
        ]
    )
    members = holder.join(lives.select("person", "first_cell", "arrived"), on="person", validate="1:1").rename(
        {"organisation_code": "cell"}
    )
    return Party(members, _stays(lives), _events(lives), _organisations(connection))


def _stays(lives: pl.DataFrame) -> pl.DataFrame:
    left = pl.when(pl.col("status").is_in(LEFT)).then("status_date")
    begun = pl.coalesce("readmission_date", "admission_date")
    at_first = lives.filter(pl.col("old_cell").is_not_null()).select(
        "person", cell="old_cell", from_day=begun, to_day="moved"
    )
    at_second = lives.select(
        "person",
        cell="organisation_code",
        from_day=pl.max_horizontal(begun, "moved"),
        to_day=pl.coalesce("arrived", left),
    )
    at_last = lives.filter(pl.col("arrived").is_not_null()).select(
        "person", cell="new_cell", from_day="arrived", to_day=pl.lit(None, dtype=pl.Date)
    )
    return pl.concat([at_first, at_second, at_last])


def _events(lives: pl.DataFrame) -> pl.DataFrame:
    def event(rows: pl.DataFrame, day: str, kind: str | pl.Expr, cell: str, members: int) -> pl.DataFrame:
        named = pl.lit(kind) if isinstance(kind, str) else kind
        return rows.drop_nulls(day).select("person", day=day, kind=named, cell=cell, members=pl.lit(members))

    moved = lives.drop_nulls("arrived")
    return pl.concat(
        [
            event(lives, "admission_date", "KET_NAP", "first_cell", 1),
            event(lives, "readmission_date", "KET_NAP_LAI", "organisation_code", 1),
            event(lives.filter(pl.col("status").is_in(LEFT)), "status_date", pl.col("status"), "organisation_code", -1),
            event(moved, "arrived", "CHUYEN_DI", "organisation_code", -1),
            event(moved, "arrived", "CHUYEN_DEN", "new_cell", 1),
        ]
    )


def _organisations(connection: psycopg.Connection) -> pl.DataFrame:
    standing = accepted(connection, "organisation").filter(
        pl.col("valid_from") <= AS_OF, pl.col("valid_to").is_null() | (pl.col("valid_to") > AS_OF)
    )
    rows = {row["organisation_code"]: row for row in standing.iter_rows(named=True)}
    known = set(communes(AS_OF)["code"])

    def above(code: str) -> list[str]:
        chain = []
        while code in rows:
            chain.append(code)
            code = rows[code]["parent_code"]
        return chain

    chains = [above(code) for code in rows]
    lines = [[rows[c] for c in chain] for chain in chains]
    sectors = []
    for line in lines:
        basic = next((row for row in line if row["organisation_type"] in BASIC), line[0])
        sectors.append(basic["sector"])
    return standing.select(
        "source",
        "sector",
        "organisation_type",
        cell="organisation_code",
        founded="valid_from",
        province=pl.when(~pl.col("source").str.starts_with("T")).then("source"),
        commune=pl.Series(
            [
                next((r["administrative_unit_code"] for r in line if r["administrative_unit_code"] in known), None)
                for line in lines
            ],
            dtype=pl.String,
        ),
        basic_sector=pl.Series(sectors, dtype=pl.String),
        above=pl.Series(chains, dtype=pl.List(pl.String)),
    )


def coverage(party: Party) -> pl.DataFrame:
    """Units of question 3 and 8: kind, province, members, official, cells, last_admission, founded. Grain: a unit.

    Of communes and sectors nobody says when they were founded.
    """
    own = _own_counts(party)
    below = (
        own.select("cell", "members", "official", "cells", "last_admission", unit="above")
        .explode("unit")
        .group_by("unit")
        .agg(pl.col("members", "official", "cells").sum(), pl.col("last_admission").max())
    )
    organisations = own.select("organisation_type", "sector", "province", "above", "founded", unit="cell").join(
        below, on="unit"
    )
    kind = pl.col("organisation_type")
    figures = ["province", "members", "official", "cells", "last_admission", "founded"]
    nobody_knows = pl.lit(None, dtype=pl.Date).alias("founded")
    cells = organisations.filter(kind.is_in(CELLS)).select(pl.lit("CHI_BO").alias("kind"), *figures)
    committees = organisations.filter(kind.is_in(["C1", "C3"])).select(pl.lit("DANG_BO_CO_SO").alias("kind"), *figures)
    places = communes(AS_OF).select("province", commune="code")
    by_commune = (
        places.join(own.drop("province"), on="commune", how="left")
        .group_by("province", "commune")
        .agg(pl.col("members", "official", "cells").sum(), pl.col("last_admission").max())
        .with_columns(nobody_knows)
        .select(pl.lit("XA").alias("kind"), *figures)
    )
    basics = organisations.filter(kind.is_in(BASIC), pl.col("sector").is_not_null())
    names = set(organisations.filter(kind.is_in(BASIC))["unit"])
    topmost = basics.filter(
        pl.Series([not names.intersection(chain[1:]) for chain in basics["above"]], dtype=pl.Boolean)
    )
    sectors = (
        topmost.group_by("sector", "province")
        .agg(pl.col("members", "official", "cells").sum(), pl.col("last_admission").max())
        .with_columns(nobody_knows)
        .select(pl.lit("LOAI_HINH").alias("kind"), *figures)
    )
    return pl.concat([cells, committees, by_commune, sectors])


def _own_counts(party: Party) -> pl.DataFrame:
    members = party.present().group_by("cell").agg(members=pl.len(), official=(pl.col("status") != "DU_BI").sum())
    admitted = (
        party.events.filter(pl.col("kind").is_in(["KET_NAP", "KET_NAP_LAI"]))
        .group_by("cell")
        .agg(last_admission=pl.col("day").max())
    )
    return (
        party.organisations.join(members, on="cell", how="left")
        .join(admitted, on="cell", how="left")
        .with_columns(pl.col("members", "official").fill_null(0), cells=pl.col("organisation_type").is_in(CELLS))
        .with_columns(pl.col("members", "official", "cells").cast(pl.Int64))
    )
