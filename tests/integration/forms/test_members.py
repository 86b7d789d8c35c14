"""Forms 1 to 5 on members typed by hand."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from orchestration.forms.cells import State
from orchestration.forms.report import make_report
from tests.integration.forms.country import H1, THANH_HOA, Life, figure, figures, live


def test_form_1_counts_what_was_typed(by_hand: str) -> None:
    report = make_report(by_hand, "1", "38", H1)
    assert figures(report, "A", "B", "C", "D") == [8, 4, 6, 6]
    assert figures(report, "B1", "B2", "B2a", "B2b", "B3") == [2, 2, 1, 1, 0]
    assert figures(report, "C1", "C2", "C3", "C3a", "C4", "C5", "C5a", "C5b") == [1, 1, 1, 1, 1, 2, 1, 1]
    assert report.mismatches == ()
    assert report.as_of == date(2026, 6, 30)


def test_closing_is_carried_forward(by_hand: str) -> None:
    first, second, year = (make_report(by_hand, "1", "38", p) for p in (H1, "2026-H2", "2026"))
    assert figure(first, "D") == figure(second, "A")
    assert (figure(year, "A"), figure(year, "D")) == (figure(first, "A"), figure(second, "D"))
    assert figure(year, "B1") == 3
    assert any("22/11/2026" in n for n in second.notes)


def test_commune_counts_transfers_over_its_own_border(by_hand: str) -> None:
    report = make_report(by_hand, "1", "38.001.000.000.000", H1)
    assert figures(report, "A", "B", "C", "D") == [7, 2, 5, 4]
    assert figures(report, "B2a", "B2b", "C5a", "C5b") == [1, 0, 1, 1]
    assert report.mismatches == ()


def test_year_before_is_unknown_until_records_reach_it(by_hand: str, country: psycopg.Connection) -> None:
    assert make_report(by_hand, "1", "38", H1).cells["C1", "2"].state is State.NOT_COLLECTED
    live(country, Life("long ago", date(1960, 1, 6), THANH_HOA, end=(date(2025, 1, 5), "TU_TRAN")))
    report = make_report(by_hand, "1", "38", H1)
    assert figures(report, "A", "C1", "D", column="2") == [9, 1, 8]
    assert str(report.cells["D", "3"].value) == "75.0"


def test_form_3_counts_what_was_typed(by_hand: str) -> None:
    report = make_report(by_hand, "3", "38", H1)
    assert figures(report, "I", "I.1", "I.2") == [6, 2, 2]
    assert figures(report, "II.1.a", "II.1.a.1", "II.1.b", "II.1.x") == [4, 4, 1, 1]
    assert figures(report, "II.2.1", "II.2.2", "II.2.5", "II.2.x") == [1, 1, 3, 1]
    assert str(report.cells["II.2.tb", "1"].value) == "39.0"  # 46, 26, 31, 46 and 46 years
    assert report.cells["I.3", "1"].state is State.SUPPRESSED
    assert report.cells["I.4", "1"].state is State.NOT_COLLECTED
    assert report.mismatches == ()


def test_form_2_counts_what_was_typed(by_hand: str) -> None:
    report = make_report(by_hand, "2", "38", H1)
    assert figures(report, "I", "I.1", "I.5", "II.2.1", "II.2.2") == [2, 1, 0, 2 - 1, 1]
    assert figures(report, "III", "III.1", "III.1.a", "III.2") == [2, 2, 2, 0]
    assert report.cells["III", "2"].state is State.NOT_COLLECTED
    assert report.mismatches == ()


def test_form_5_counts_by_the_sector_of_the_basic_organisation(by_hand: str) -> None:
    report = make_report(by_hand, "5", "38", H1)
    assert [figure(report, "T", c) for c in "123456"] == [2, 2, 0, 0, 2, 6]
    assert [figure(report, "5", c) for c in "123456"] == [1, 1, 0, 0, 1, 4]
    assert [figure(report, "9b1", c) for c in "123456"] == [1, 1, 0, 0, 1, 2]
    assert report.mismatches == ()


@pytest.mark.parametrize(("sector", "line"), [("6", "6x"), ("9", "9x"), ("9a", "9ax"), ("9b", "9bx")])
def test_form_5_adds_up_where_a_kind_is_only_roughly_known(
    country: psycopg.Connection, by_hand: str, sector: str, line: str
) -> None:
    country.execute("update published.party_organisation set sector = %s where sector = '9b1'", [sector])
    report = make_report(by_hand, "5", "38", H1)
    assert [figure(report, line, c) for c in "123456"] == [1, 1, 0, 0, 1, 2]
    assert report.mismatches == ()
