"""Forms of classifications of the sample world, counted again in Polars from the truth without the warehouse."""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl
import psycopg
import pytest

from orchestration.forms.cells import State
from orchestration.forms.definition import form_codes
from orchestration.forms.report import Report, make_report
from tests.integration.questions import accepted, bearers
from tests.integration.true_party import true_party

pytestmark = pytest.mark.timeout(1200)
#: Both, organisations alone (not converted, one committee of the Centre), members alone (one says no cell), neither.
SOURCES = ("38", "14", "24", "T4", "44", "T1", "01")
COLUMNS = {"1": None, "2": "HTXSNV", "3": "HTTNV", "4": "HTNV", "5": "KHTNV"}
LINES = {
    "1": {"1", "2", "3", "3b"},
    "2": {"4"},
    "3": {"5"},
    "5": {"7", "8"},
}


@cache
def basic_sectors() -> dict[str, str | None]:
    """Sector of the nearest basic organisation at or above each organisation, else its own."""
    rows = {r["organisation_code"]: r for r in bearers().iter_rows(named=True)}

    def sector(code: str) -> str | None:
        above: str | None = code
        while above:
            if rows[above]["organisation_type"] in {"C1", "C2", "C3"}:
                return rows[above]["sector"]
            above = rows[above]["parent_code"]
        return rows[code]["sector"]

    return {code: sector(code) for code in rows}


def root(source: str) -> str:
    tops = bearers().filter(pl.col("source") == source, pl.col("parent_code").is_null(), pl.col("valid_to").is_null())
    code: str = tops["organisation_code"].item()
    return code


def holds(report: Report, rated: pl.DataFrame) -> None:
    """The report counts `rated` (level, organisation_code) by line and level, and shows nothing where there is none."""
    if rated.is_empty():
        assert report.is_blank
        assert any("chưa được nguồn của đơn vị này gửi" in reason for reason in report.reasons)
        return
    sectors = pl.Series([basic_sectors()[code] for code in rated["organisation_code"]], dtype=pl.String)
    rated = rated.with_columns(sector=sectors)
    for column, level in COLUMNS.items():
        of_level = rated if level is None else rated.filter(pl.col("level") == level)
        assert report.cells["T", column].value == len(of_level), column
        for line, codes in LINES.items():
            expected = of_level.filter(pl.col("sector").is_in(list(codes)))
            assert report.cells[line, column].value == len(expected), (line, column)
    assert report.mismatches == ()


@pytest.mark.parametrize("source", SOURCES)
def test_forms_6a_and_6b_count_what_was_classified(
    release_of_truth: psycopg.Connection, release_of_truth_url: str, source: str
) -> None:
    types = bearers().select("organisation_code", "organisation_type")
    rated = (
        accepted(release_of_truth, "evaluation")
        .filter(
            (pl.col("source") == source) & (pl.col("subject_kind") == "TAP_THE") & pl.col("agency_code").is_null(),
            pl.col("period") == "2025",
        )
        .join(types, on="organisation_code", how="left")
    )
    assert rated.is_empty() == (source in {"44", "T1", "01"})
    for form, kinds in (("6A", ["C1", "C2"]), ("6B", ["B1", "B2"])):
        report = make_report(release_of_truth_url, form, root(source), "2025")
        holds(report, rated.filter(pl.col("organisation_type").is_in(kinds)))
        assert make_report(release_of_truth_url, form, root(source), "2024").is_blank


@pytest.mark.parametrize("year", [2024, 2025])
@pytest.mark.parametrize("source", SOURCES)
def test_forms_6c_and_6f_count_the_members_classified(
    release_of_truth: psycopg.Connection, release_of_truth_url: str, source: str, year: int
) -> None:
    ratings = accepted(release_of_truth, "evaluation").filter(
        pl.col("subject_kind") == "DANG_VIEN", pl.col("period") == str(year)
    )
    records = accepted(release_of_truth, "member").select("source", "person", "record_no", cell="organisation_code")
    rated = (
        ratings.filter(pl.col("source") == source)
        .join(
            records.with_columns(pl.col("record_no").cast(pl.Int32)), on=["source", "person", "record_no"], how="left"
        )
        .with_columns(organisation_code=pl.coalesce("organisation_code", "cell"))
    )
    assert rated.is_empty() == (source in {"14", "24", "T4", "01"})
    holds(make_report(release_of_truth_url, "6C", root(source), str(year)), rated)
    report = make_report(release_of_truth_url, "6F", root(source), str(year))
    party = true_party(release_of_truth)
    here = party.placed(party.on(date(year, 12, 31))).filter(pl.col("source") == source)
    assert report.cells["1", "1"].value == len(here)
    if rated.is_empty():
        assert [report.cells[code, "1"].state for code in ("2", "3x")] == [State.NOT_COLLECTED] * 2
    else:
        assert report.cells["2", "1"].value == len(here.join(ratings, on="person", how="semi"))
        assert report.mismatches == ()


def test_a_commune_counts_its_own_members(release_of_truth: psycopg.Connection, release_of_truth_url: str) -> None:
    records = accepted(release_of_truth, "member").filter(pl.col("source") == "38", pl.col("record_no") == 1)
    ratings = accepted(release_of_truth, "evaluation").filter(
        pl.col("subject_kind") == "DANG_VIEN", pl.col("source") == "38", pl.col("period") == "2025"
    )
    by_commune = (
        ratings.join(records.select("person", cell="organisation_code"), on="person")
        .group_by(pl.col("cell").str.slice(0, 6).alias("commune"))
        .len()
        .sort("len", "commune")
    )
    for commune, count in (by_commune.row(0), by_commune.row(-1)):
        report = make_report(release_of_truth_url, "6C", f"{commune}.000.000.000", "2025")
        assert report.cells["T", "1"].value == count


@pytest.mark.parametrize("source", ["38", "44", "01"])
def test_form_7_counts_the_awards_of_members_and_organisations(
    release_of_truth: psycopg.Connection, release_of_truth_url: str, source: str
) -> None:
    report = make_report(release_of_truth_url, "7", root(source), "2026-H1")
    members = accepted(release_of_truth, "member").select("source", member_key="source_key")
    awards = accepted(release_of_truth, "award").filter(
        pl.col("source") == source, pl.col("decision_date").is_between(date(2026, 1, 1), date(2026, 6, 30))
    )
    of_members = awards.join(members, on=["source", "member_key"], how="semi")
    of_bodies = awards.filter(pl.col("subject_kind") == "TAP_THE")
    if source == "01":
        assert {report.cells[code, "1"].state for code in ("I.1", "I.4", "II.30")} == {State.NOT_COLLECTED}
        return
    assert report.cells["I.4", "1"].value == len(of_members)
    for code, form in (("I.1", "Cờ"), ("I.2", "Bằng khen"), ("I.3", "Giấy khen")):
        assert report.cells[code, "1"].value == len(of_bodies.filter(pl.col("form").str.starts_with(form)))


@pytest.mark.parametrize("source", ["01", "38", "T1"])
def test_the_identities_of_every_form_hold(release_of_truth_url: str, source: str) -> None:
    """In the true world, where a figure that does not add up is the fault of the form; 01 has kinds roughly known."""
    reports = [make_report(release_of_truth_url, form, root(source), "2025") for form in form_codes()]
    assert [(report.definition.form, report.mismatches) for report in reports if report.mismatches] == []
