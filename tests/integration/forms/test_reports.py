"""What holds for every form: records behind a figure, refusals, the printed sheet."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from orchestration.forms.cells import State
from orchestration.forms.definition import form_codes, load_form
from orchestration.forms.period import FormError
from orchestration.forms.report import list_records, make_report
from orchestration.forms.workbook import write_workbook
from tests.forms_world import key, put
from tests.integration.forms.country import H1, THANH_HOA, Life, figure, figures, live


def award(connection: psycopg.Connection, kind: str, of: str, form: str, on: date, **values: Any) -> None:
    """An award that a source sends: to a member of this name, to the party organisation of a code, or to a cadre."""
    about = "organisation_id" if kind == "TAP_THE" else "person_id"
    put(
        connection, "award", award_id=key(f"{kind} {of} {on}"), subject_kind=kind, form=form, decision_date=on,
        source="38", source_key=f"{of} {on}", **({about: key(of)} | values),
    )  # fmt: skip


def test_form_7_counts_awards_of_organisations_and_members(country: psycopg.Connection, url: str) -> None:
    awards = ("I.1", "I.2", "I.3", "I.4")
    cell, elsewhere = "38.001.001.000.001", "40.001.001.000.001"
    for name, place in (("here", cell), ("other", elsewhere)):
        put(country, "person", person_id=key(name))
        put(
            country, "party_membership", person_id=key(name), organisation_id=key(place), organisation_code=place,
            valid_from=date(2010, 1, 1),
        )  # fmt: skip
    # an award of the office is none of the Party
    award(country, "CA_NHAN", "here", "Giấy khen", date(2026, 3, 1))
    report = make_report(url, "7", "38", H1)
    assert {report.cells[code, "1"].state for code in awards} == {State.NOT_COLLECTED}

    # the day before the period, its first and last day, the day after; another province's
    for on in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)):
        award(country, "DANG_VIEN", "here", "Giấy khen của Đảng ủy", on)
        award(country, "TAP_THE", cell, "Bằng khen", on)
    award(country, "DANG_VIEN", "other", "Giấy khen", date(2026, 3, 1))
    award(country, "TAP_THE", cell, "Cờ thi đua", date(2026, 3, 1))
    award(country, "TAP_THE", elsewhere, "Cờ thi đua", date(2026, 3, 1))
    report = make_report(url, "7", "38", H1)
    assert figures(report, *awards) == [1, 2, 0, 2]
    # the first award came after the same half of the year before
    assert {report.cells[code, "2"].state for code in awards} == {State.NOT_COLLECTED}
    assert figures(make_report(url, "7", "38.002.000.000.000", H1), *awards) == [0, 0, 0, 0]
    assert len(list_records(url, "7", "38", H1, cell="I.4.1")) == 2


def test_form_7_counts_badges_by_the_day_they_were_awarded(country: psycopg.Connection, url: str) -> None:
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
    for number, on in enumerate((None, *days)):
        put(country, "person", person_id=key(f"m{number}"))
        put(
            country, "party_membership", person_id=key(f"m{number}"), organisation_id=key(THANH_HOA),
            organisation_code=THANH_HOA, valid_from=date(1986, 1, 1), badge_years=40, badge_awarded_on=on,
        )  # fmt: skip
    report = make_report(url, "7", "38", H1)
    assert figures(report, "II.30", "II.40", "II.90") == [0, 2, 0]
    # before the first badge with a day, and in a province that sends none, nothing is known
    assert report.cells["II.40", "2"].state is State.NOT_COLLECTED
    assert make_report(url, "7", "40", H1).cells["II.40", "1"].state is State.NOT_COLLECTED
    assert figure(make_report(url, "7", "38", "2025"), "II.40") == 1


def test_large_figures_of_minorities_are_shown_and_never_listed(by_hand: str, country: psycopg.Connection) -> None:
    for n in range(4):
        live(country, Life(f"Mường {n}", date(2000, 1, 1), THANH_HOA, ethnicity="06"))
    assert figure(make_report(by_hand, "3", "38", H1), "I.3") == 5
    with pytest.raises(FormError, match="không bao giờ liệt kê"):
        list_records(by_hand, "3", "38", H1, cell="I.3.1")


def test_mismatch_is_said_and_does_not_hide_figures(by_hand: str, country: psycopg.Connection) -> None:
    country.execute("delete from published.membership_movement where movement_kind = 'KHAI_TRU'")
    report = make_report(by_hand, "1", "38", H1)
    assert [m.identity for m in report.mismatches] == ["A + B - C = D"]
    assert "7 ≠ 6" in report.notes[0]


def test_records_behind_a_figure(by_hand: str) -> None:
    (record,) = list_records(by_hand, "1", "38", H1, cell="B2a.1")
    assert (record["person_id"], record["organisation_code"], record["source_key"]) == (key("came"), THANH_HOA, "came")
    report = make_report(by_hand, "1", "38", H1)
    for code in ("A", "B", "B1", "C", "C3a", "C5b", "D"):
        assert len(list_records(by_hand, "1", "38", H1, cell=f"{code}.1")) == figure(report, code)
    with pytest.raises(FormError, match="không có dòng 'Z'"):
        list_records(by_hand, "1", "38", H1, cell="Z.1")


def test_refusals_are_one_sentence(by_hand: str) -> None:
    for arguments, said in (
        (("99", "38", H1), "Không có biểu"),
        (("1", "77", H1), "Không có tổ chức đảng"),
        (("1", "38", "2026-H3"), "Không có kỳ"),
        (("1", "38", "2027"), "chưa bắt đầu"),
    ):
        with pytest.raises(FormError, match=said):
            make_report(by_hand, *arguments)


def test_every_form_runs_and_prints(by_hand: str, tmp_path: Path) -> None:
    for code in form_codes():
        report = make_report(by_hand, code, "38", H1)
        assert report.mismatches == ()
        file = tmp_path / f"{code}.xlsx"
        write_workbook(report, file)
        sheet = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
        text = "\n".join(str(c) for row in sheet for c in row)
        definition = load_form(code)
        for said in (definition.number, definition.title.upper(), "tính đến ngày 30/06/2026", "chưa được xác nhận"):
            assert said in text
        numbers = next(row for row in sheet if row[:2] == ["A", "B"])
        assert len([n for n in numbers if n != ""]) == 2 + len(definition.columns)
        labels = {str(row[1]) for row in sheet}
        assert labels >= {line.label for line in definition.rows}
        assert not any("tôn giáo" in label.lower() for label in labels)


def test_text_is_never_a_formula(country: psycopg.Connection, url: str, tmp_path: Path) -> None:
    country.execute("update published.party_organisation set name = '=1+1' where depth = 1")
    file = tmp_path / "form.xlsx"
    write_workbook(make_report(url, "1", "38", H1), file)
    sheet = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
    assert any("=1+1" in str(c) for row in sheet for c in row)


def test_every_form_of_the_guidance_is_defined() -> None:
    asked = "1 2 3 5 6A 6B 6C 6D 6E 6F 7 8A 8B 8C 9A 9B 9C 10 11 12A 12B 12C 13"
    assert form_codes() == asked.split()
    for code in form_codes():
        words = " ".join(line.label.lower() for line in load_form(code).rows)
        assert "tôn giáo" not in words
