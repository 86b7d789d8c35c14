"""Questions 1 to 6, and the release that all questions read: answers are held against the truth, in Polars."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import psycopg
import pytest

from orchestration.forms.report import make_report
from tests.integration.answers import MARKS, NEXT_ROUND, same, with_total, withheld
from tests.integration.questions import AS_OF, accepted, answer, held, truth
from tests.integration.true_party import Party, coverage

pytestmark = pytest.mark.timeout(1200)


def test_nothing_but_two_refused_deliveries_is_missing(release_of_truth: psycopg.Connection) -> None:
    """One manifest has a wrong total, another one names a wrong sender; every other true row is there."""
    missing = {
        (record, source)
        for record in ("organisation", "agency", "member", "membership_transfer", "cadre", "position_assignment",
                       "evaluation", "planning", "training", "award", "discipline", "staffing_quota", "headcount")
        for source in held(release_of_truth, record)["source"].unique()
    }  # fmt: skip
    assert missing == {("headcount", "46"), ("staffing_quota", "T3")}


def test_linkage_finds_every_true_person(release_of_truth: psycopg.Connection) -> None:
    """Persons of the release are those of the truth, one for one, so that figures of persons can be equal."""
    rows = release_of_truth.execute("select record, source, source_key, person_id::text from identity.person_link")
    schema = {"record": pl.String, "source": pl.String, "source_key": pl.String, "person_id": pl.String}
    links = pl.DataFrame(rows.fetchall(), schema=schema, orient="row")
    true = pl.concat(
        [truth(r).select(pl.lit(r).alias("record"), "source", "source_key", "person") for r in ("member", "cadre")]
    )
    pairs = true.join(links, on=["record", "source", "source_key"]).select("person", "person_id").unique()
    assert pairs["person"].n_unique() == truth("person").height == pairs.height == pairs["person_id"].n_unique()


@pytest.mark.parametrize(("from_date", "on_date"), [(date(2026, 1, 1), date(2026, 6, 30)), (date(2025, 7, 1), AS_OF)])
def test_1_members_on_a_day(release_of_truth: psycopg.Connection, party: Party, from_date: date, on_date: date) -> None:
    """Members of the first and last day, and what happened between, for bodies, communes, sectors and the country."""
    figures = (
        pl.col("opening").sum().alias("a_opening"),
        pl.col("increase").sum().alias("b_increase"),
        pl.col("decrease").sum().alias("c_decrease"),
        pl.col("closing").sum().alias("d_closing"),
    )
    happened = party.events.filter(pl.col("day").is_between(from_date, on_date))
    rows = party.placed(
        pl.concat(
            [
                party.on(from_date - timedelta(1)).select("cell", opening=pl.lit(1)),
                party.on(on_date).select("cell", closing=pl.lit(1)),
                happened.filter(pl.col("members") > 0).select("cell", increase="members"),
                happened.filter(pl.col("members") < 0).select("cell", decrease=-pl.col("members")),
            ],
            how="diagonal",
        )
    )
    lines = {"CA_NUOC": [], "DANG_BO": ["source"], "XA": ["source", "commune"], "LOAI_HINH": ["source", "basic_sector"]}
    expected = pl.concat(
        [
            (rows.group_by(keys).agg(*figures) if keys else rows.select(*figures)).with_columns(line=pl.lit(line))
            for line, keys in lines.items()
        ],
        how="diagonal",
    ).select("line", "source", "commune", pl.col("basic_sector").alias("sector"), "^[a-d]_.*$")
    found = answer(release_of_truth, 1, from_date=from_date, on_date=on_date).with_columns(
        commune=pl.col("administrative_unit_id").str.split(":").list.last()
    )
    same(found, expected, ["line", "source", "commune", "sector"])
    inside = pl.col("d_closing") - pl.col("a_opening") - pl.col("b_increase") + pl.col("c_decrease")
    assert found.filter(inside != pl.col("moved_inside")).is_empty()
    assert found.filter(pl.col("line").is_in(["CA_NUOC", "DANG_BO"]) & (pl.col("moved_inside") != 0)).is_empty()


@pytest.mark.parametrize("source", ["01", "38", "79", "T5"])
def test_1_is_what_form_1_says(release_of_truth: psycopg.Connection, release_of_truth_url: str, source: str) -> None:
    """A, B, C and D of a body are those of Biểu số 1, which finds out in its own way who was where."""
    top = pl.col("organisation_type").is_in(["T1", "T2"]) & pl.col("valid_to").is_null()
    root = truth("organisation").filter(pl.col("source") == source, top)
    report = make_report(release_of_truth_url, "1", root["organisation_code"].item(), "2026-H1")
    line = {
        code: report.cells[code, "1"].value or 0
        for code in ("A", "B1", "B2a", "B3", "C1", "C2", "C3", "C4", "C5a", "D")
    }
    (row,) = (
        answer(release_of_truth, 1, from_date="2026-01-01", on_date="2026-06-30")
        .filter(pl.col("line") == "DANG_BO", pl.col("source") == source)
        .iter_rows(named=True)
    )
    assert row["a_opening"] == line["A"]
    assert row["b_increase"] == line["B1"] + line["B2a"] + line["B3"]
    assert row["c_decrease"] == line["C1"] + line["C2"] + line["C3"] + line["C4"] + line["C5a"]
    assert row["d_closing"] == line["D"]


def test_2_change_and_reasons(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Events of this year up to the business date and of the same days of last year, by body and reason."""
    events = party.placed(party.events.filter(pl.col("day") >= date(2025, 1, 1)))
    this, last = (
        pl.col("members").filter(pl.col("day").is_between(date(year, 1, 1), AS_OF.replace(year=year))).sum()
        for year in (2026, 2025)
    )
    parts = [
        (events.group_by(keys) if keys else events.group_by(pl.lit(1))).agg(this_year=this, last_year=last)
        for keys in (["source", "kind"], ["source"], ["kind"], [])
    ]
    expected = pl.concat(parts, how="diagonal").select(
        "source", pl.col("kind").alias("flow_kind"), "this_year", "last_year"
    )
    same(answer(release_of_truth, 2), expected, ["source", "flow_kind"])
    assert {"KET_NAP", "CHUYEN_DI", "TU_TRAN", "XIN_RA"} <= set(expected["flow_kind"].drop_nulls())


def test_3_admissions_by_kind_of_people(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Everybody admitted this year, as the person truly is; minorities below 5, or nearly all, are withheld."""
    joined = party.events.filter(pl.col("kind").is_in(["KET_NAP", "KET_NAP_LAI"]), pl.col("day") >= date(2026, 1, 1))
    people = truth("person").select("person", "sex", "birth_date", "ethnicity_code")
    jobs = party.members.select("person", "occupation_code")
    born, day = pl.col("birth_date"), pl.col("day")
    had_birthday = day.dt.strftime("%m%d") >= born.dt.strftime("%m%d")
    rows = (
        party.placed(joined)
        .join(people, on="person")
        .join(jobs, on="person")
        .with_columns(age=day.dt.year() - born.dt.year() - (~had_birthday).cast(pl.Int32))
    )
    private = pl.col("basic_sector").is_in(["6b", "9b1", "9b2", "9b3", "9b4", "9b5", "9b6", "9b", "9c"])
    dimensions = {
        "TONG_SO": pl.lit("TONG_SO"),
        "GIOI_TINH": pl.col("sex"),
        "DO_TUOI": pl.col("age").cut([30, 40, 50], labels=["18-30", "31-40", "41-50", "51+"]).cast(pl.String),
        "NGHE_NGHIEP": pl.col("occupation_code"),
        "DAN_TOC": pl.when(pl.col("ethnicity_code") == "01").then(pl.lit("KHAC")).otherwise(pl.lit("THIEU_SO")),
        "KHU_VUC": pl.when(private).then(pl.lit("NGOAI_NHA_NUOC")).otherwise(pl.lit("NHA_NUOC_VA_DIA_BAN")),
    }
    expected = pl.concat(
        [
            pl.concat([rows, rows.with_columns(source=pl.lit(None, dtype=pl.String))])
            .group_by("source", value=value)
            .agg(figure=pl.len().cast(pl.Int64))
            .select(pl.lit(name).alias("dimension"), "value", "source", "figure")
            for name, value in dimensions.items()
        ]
    )
    found = answer(release_of_truth, 3).filter(pl.col("topic") == "KET_NAP")
    same(found, withheld(expected), ["dimension", "value", "source"])
    assert expected.filter(pl.col("value") == "NGOAI_NHA_NUOC", pl.col("source").is_null())["figure"].item() > 0
    assert found.filter(pl.col("dimension") == "DAN_TOC")["figure"].null_count() > 0


def test_3_places_without_members_or_admissions(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Cells, basic committees, communes and sectors of a province: none for 24 months, no member, few members.

    Where nobody was admitted yet, the months count from the founding.
    """
    units = coverage(party).with_columns(
        few=pl.when(pl.col("kind") == "CHI_BO").then(pl.col("official") < 3).otherwise(pl.col("members") < 30),
        none=pl.col("members") == 0,
        long_ago=(pl.coalesce("last_admission", "founded").dt.offset_by("24mo") <= AS_OF).fill_null(True),
    )
    named = {"LAU_KHONG_KET_NAP": "long_ago", "KHONG_CO_DANG_VIEN": "none", "IT_DANG_VIEN": "few"}
    expected = pl.concat(
        [
            units.filter(pl.col(flag)).group_by(dimension="kind").agg(figure=pl.len().cast(pl.Int64))
            .select("dimension", pl.lit(value).alias("value"), "figure")
            for value, flag in named.items()
        ]
    )  # fmt: skip
    same(answer(release_of_truth, 3).filter(pl.col("topic") == "DIA_BAN"), expected, ["dimension", "value"])
    assert ("CHI_BO", "IT_DANG_VIEN") in expected.select("dimension", "value").rows()


def test_4_probation(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Probationary members by the day on which twelve months end; overdue after thirteen."""
    begun = pl.coalesce("readmission_date", "admission_date")
    due, late = begun.dt.offset_by("12mo"), begun.dt.offset_by("13mo") < AS_OF
    days = (due - AS_OF).dt.total_days()
    waiting = party.present().filter(pl.col("status") == "DU_BI", pl.col("official_date").is_null())
    expected = with_total(
        waiting,
        "source",
        days.is_between(1, 30).sum().alias("due_in_30_days"),
        days.is_between(1, 60).sum().alias("due_in_60_days"),
        ((days <= 0) & ~late).sum().alias("due_already"),
        late.sum().alias("overdue"),
        pl.len().alias("probationary"),
    )
    same(answer(release_of_truth, 4), expected, ["source"])
    total = expected.filter(pl.col("source").is_null()).drop("source").row(0)
    assert min(total) > 0


def test_5_badges_of_the_next_round(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Members whose highest mark on 3 February is one that they do not hold, none of them serving a discipline then."""
    served = accepted(release_of_truth, "discipline").filter(
        pl.col("discipline_kind") == "DANG",
        pl.col("effective_from") <= NEXT_ROUND,
        pl.col("effective_from").dt.offset_by("1y") > NEXT_ROUND,
    )
    # where the day of leaving is not known, party age counts from the re-admission
    since = pl.coalesce("readmission_date", "admission_date")
    reached = pl.max_horizontal(
        pl.when(since.dt.offset_by(f"{mark}y") <= NEXT_ROUND).then(pl.lit(mark)) for mark in MARKS
    )
    candidates = (
        party.present()
        .filter(pl.col("status") != "DINH_CHI_SH")
        .with_columns(mark_years=reached)
        .filter(pl.col("mark_years") > pl.col("badge_years").fill_null(0))
    )
    chosen = candidates.join(served, on="person", how="anti")
    expected = pl.concat(
        [
            chosen.group_by("mark_years").agg(candidates=pl.len()),
            chosen.group_by("source", "mark_years").agg(candidates=pl.len()),
        ],
        how="diagonal",
    ).select("source", "mark_years", "candidates")
    found = answer(release_of_truth, 5)
    assert found["round_on"].unique().to_list() == [NEXT_ROUND]
    same(found, expected, ["source", "mark_years"])


def test_6_open_transfers_and_lost_members(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Transfers that nobody has accepted, late by the limit of their day; who was received but not struck off."""
    papers = accepted(release_of_truth, "membership_transfer").filter(pl.col("transfer_type") == "CHINH_THUC")
    settled = papers.filter(pl.col("state") == "DA_TIEP_NHAN")
    waiting = papers.filter(pl.col("state").is_in(["GIOI_THIEU", "QUA_HAN"])).join(
        settled, on=["person", "left_date"], how="anti"
    )
    left = waiting["left_date"].to_numpy().astype("datetime64[D]")
    deadline = np.busday_offset(left, np.where(left < np.datetime64("2026-07-26"), 30, 60), roll="backward")
    by_sender = party.placed(
        waiting.select("person", cell="from_organisation_code", late=pl.Series(deadline < np.datetime64(AS_OF)))
    )
    opened = by_sender.group_by("source").agg(
        open_transfers=pl.len(), overdue=pl.col("late").sum(), overdue_between_committees=pl.col("late").sum()
    )
    gone = party.members.drop_nulls("arrived").select("person")
    still_listed = accepted(release_of_truth, "member").filter(
        pl.col("record_no") == 1, pl.col("status") != "CHUYEN_DI_NGOAI"
    )
    forgotten = still_listed.join(gone, on="person", how="semi").group_by("source").agg(not_struck_off=pl.len())
    expected = (
        opened.join(forgotten, on="source", how="full", coalesce=True)
        .fill_null(0)
        .with_columns(
            receiver_unknown=pl.lit(0),
            nowhere=pl.lit(0),  # every true member is somewhere: a unit test of the model has one who is not
        )
    )
    same(answer(release_of_truth, 6), expected, ["source"])
    assert expected["overdue"].sum() > 0
    assert expected["not_struck_off"].sum() > 0
