"""Forms 1 and 3 on lives invented by chance, counted again in Polars."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl
import psycopg

from orchestration.forms.period import parse_period
from orchestration.forms.report import make_report
from tests.integration.forms.country import H1, ROOTS, Life, cell_code, figure, figures, live


def lives(count: int, seed: int) -> list[Life]:
    chance = random.Random(seed)
    cells = [cell_code(r, b) for r in ROOTS for b in (1, 2)]
    made = []
    for n in range(count):
        admitted = date(2024, 1, 1) + timedelta(chance.randrange(1090))
        life = Life(f"life {n}", admitted, chance.choice(cells), sex=chance.choice("MF"))
        life.occupation = chance.choice([None, *(f"{o:02}" for o in range(1, 16))])
        life.born = chance.choice([None, date(1950, 1, 1) + timedelta(chance.randrange(19000))])
        day = admitted
        for _ in range(chance.randrange(4)):
            day += timedelta(1 + chance.randrange(200))
            here = life.moves[-1][1] if life.moves else life.cell
            life.moves.append((day, chance.choice([c for c in cells if c != here])))
        if chance.random() < 0.3:
            kind = chance.choice(["TU_TRAN", "KHAI_TRU", "XOA_TEN", "XIN_RA", "CHO_RA"])
            life.end = (day + timedelta(1 + chance.randrange(300)), kind)
        made.append(life)
    return made


def states(people: list[Life], day: date) -> pl.DataFrame:
    """Where each member was at the end of a day, with what form 3 asks. Columns: cell, sex, born, occupation."""
    rows = [(life.cell_on(day), life.sex, life.born, life.occupation) for life in people]
    schema = {"cell": pl.String, "sex": pl.String, "born": pl.Date, "occupation": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").drop_nulls("cell")


def test_forms_1_and_3_agree_with_polars_and_transfers_cancel(country: psycopg.Connection, url: str) -> None:
    people = lives(150, seed=7)
    with country.transaction():
        for life in people:
            live(country, life)
    ends = pl.DataFrame(
        [(life.end[0], life.end[1], life.cell_on(life.end[0] - timedelta(1))) for life in people if life.end],
        schema={"day": pl.Date, "kind": pl.String, "cell": pl.String},
        orient="row",
    )
    moves = pl.DataFrame(
        [(d, life.cell_on(d - timedelta(1)), c) for life in people for d, c in life.moves],
        schema={"day": pl.Date, "start": pl.String, "end": pl.String},
        orient="row",
    )
    span = parse_period(H1)
    within = pl.col("day").is_between(span.start, span.last_day)
    across = 0
    for province in ROOTS:
        report = make_report(url, "1", province, H1)
        here = pl.col("cell").str.starts_with(province)
        opening, closing = (states(people, d).filter(here) for d in (span.start - timedelta(1), span.last_day))
        ended = ends.filter(within, here)
        moved = moves.filter(within).with_columns(
            arrives=pl.col("end").str.starts_with(province), leaves=pl.col("start").str.starts_with(province)
        )
        assert figures(report, "A", "D") == [opening.height, closing.height]
        expected = [
            sum(span.start <= life.admitted < span.end and life.cell.startswith(province) for life in people),
            moved.filter(pl.col("arrives") & ~pl.col("leaves")).height,
            moved.filter(~pl.col("arrives") & pl.col("leaves")).height,
            moved.filter(pl.col("arrives") & pl.col("leaves")).height,
            ended.filter(pl.col("kind") == "TU_TRAN").height,
            ended.filter(pl.col("kind").is_in(["XIN_RA", "CHO_RA"])).height,
        ]
        assert figures(report, "B1", "B2a", "C5a", "B2b", "C1", "C4") == expected
        assert report.mismatches == ()
        across += (figure(report, "B2a") or 0) - (figure(report, "C5a") or 0)
        form_3 = make_report(url, "3", province, H1)
        age = (
            pl.lit(span.last_day.year) - pl.col("born").dt.year()
            - (pl.col("born").dt.strftime("%m%d") > span.last_day.strftime("%m%d")).cast(pl.Int32)
        )  # fmt: skip
        assert figures(form_3, "I", "I.1", "II.1.b", "II.1.x", "II.2.8", "II.2.x") == [
            closing.height,
            closing.filter(pl.col("sex") == "F").height,
            closing.filter(pl.col("occupation") == "15").height,
            closing.filter(pl.col("occupation").is_null()).height,
            closing.filter(age > 60).height,
            closing.filter(pl.col("born").is_null()).height,
        ]
        assert form_3.mismatches == ()
    assert across == 0
    assert figure(make_report(url, "5", "38", H1), "T", "6") == figure(make_report(url, "3", "38", H1), "I")
