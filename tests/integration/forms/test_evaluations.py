"""Forms 6A to 6C and 6F: who was classified, who should have been, and what is said where a source sends nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from orchestration.forms.cells import State
from orchestration.forms.report import list_records, make_report
from tests.forms_world import key, put
from tests.integration.forms.country import H1, NGHE_AN, THANH_HOA, Life, cell_code, figure, figures, live, rate


def test_form_6f_leaves_out_who_has_not_been_a_member_for_six_months(country: psycopg.Connection, url: str) -> None:
    for day in (date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30)):
        live(country, Life(f"admitted on {day}", day, THANH_HOA))
    report = make_report(url, "6F", "38", H1)
    assert figures(report, "1", "3", "3.1") == [4, 2, 2]
    assert {r["happened_on"] for r in list_records(url, "6F", "38", H1, cell="3.1.1")} == {
        date(2026, 1, 1),
        date(2026, 6, 30),
    }


def test_form_6f_asks_the_rule_of_the_last_day(country: psycopg.Connection, url: str) -> None:
    for day in (date(2025, 8, 31), date(2025, 9, 30), date(2025, 10, 1), date(2025, 12, 31)):
        live(country, Life(f"admitted on {day}", day, THANH_HOA))
    # nine months from the day before the last, three from the last on: nobody is new who was admitted by then
    country.execute(
        """
        update published.dated_rule set value = '9', valid_to = '2026-06-30', validity = '[2021-12-13,2026-06-30)'
        where rule_code = 'EVAL_EXCLUDE'
        """
    )
    put(
        country, "dated_rule", rule_code="EVAL_EXCLUDE", parameter="ADMITTED_MONTHS", value="3", valid_from="2026-06-30"
    )
    assert figures(make_report(url, "6F", "38", H1), "1", "3.1") == [4, 0]
    country.execute(
        """
        update published.dated_rule set valid_to = valid_to + 1, validity = '[2021-12-13,2026-07-01)'
        where value = '9' and rule_code = 'EVAL_EXCLUDE'
        """
    )
    country.execute("delete from published.dated_rule where value = '3' and rule_code = 'EVAL_EXCLUDE'")
    assert figures(make_report(url, "6F", "38", H1), "1", "3.1") == [4, 2]


def test_form_6f_without_its_rule_says_so(country: psycopg.Connection, url: str) -> None:
    live(country, Life("new", date(2026, 6, 30), THANH_HOA))
    country.execute("delete from published.dated_rule where rule_code = 'EVAL_EXCLUDE'")
    report = make_report(url, "6F", "38", H1)
    assert figure(report, "1") == 1
    rate(country, "new", "HTTNV", year=2026)
    report = make_report(url, "6F", "38", H1)
    assert figures(report, "1", "2") == [1, 1]
    assert {report.cells[code, "1"].state for code in ("3", "3.1", "3.2", "3.3", "3x")} == {State.NOT_COLLECTED}
    assert any("EVAL_EXCLUDE" in note for note in report.notes)


def test_forms_6a_and_6b_count_party_organisations_where_their_source_sends_them(
    country: psycopg.Connection, url: str
) -> None:
    base, other = "38.001.001.000.000", "38.002.001.000.000"
    rate(country, base, "HTXSNV", "TAP_THE")
    rate(country, other, "HTTNV", "TAP_THE", decided_on=date(2025, 12, 20))
    rate(country, other, "KHTNV", "TAP_THE", decided_on=date(2025, 12, 21))  # a later decision replaces it
    rate(country, THANH_HOA, "HTNV", "TAP_THE")
    # neither a member of the cell, nor an agency that names its organisation, nor another year is an organisation's
    rate(country, "somebody", "HTTNV")
    rate(country, base, "HTTNV", "TAP_THE", agency_id=key("an office"))
    rate(country, base, "HTTNV", "TAP_THE", period_type="QUY")
    columns = ("1", "2", "3", "4", "5")
    a, b = (make_report(url, form, "38", "2025") for form in ("6A", "6B"))
    assert [figure(a, "T", c) for c in columns] == [2, 1, 0, 0, 1]
    assert figures(a, "3", "6", "7") == [1, 1, 0]
    assert [figure(b, "T", c) for c in columns] == [1, 0, 0, 1, 0]
    assert a.mismatches + b.mismatches == ()
    # a commune of a province that sends: none of its cells was classified, and that is known
    assert figure(make_report(url, "6B", "38.002.000.000.000", "2025"), "T") == 0
    for unit, period in (("40", "2025"), ("40.001.000.000.000", "2025"), ("38", "2024")):
        for form, said in (("6A", "tổ chức cơ sở đảng"), ("6B", "chi bộ, đảng bộ trực thuộc cơ sở")):
            report = make_report(url, form, unit, period)
            assert {c.state for c in report.cells.values()} == {State.NOT_COLLECTED}
            assert report.is_blank
            assert f"kết quả xếp loại năm của {said} chưa được nguồn của đơn vị này gửi" in report.reasons


def test_a_source_that_classifies_only_basic_organisations_says_nothing_of_cells(
    country: psycopg.Connection, url: str
) -> None:
    rate(country, "38.001.001.000.000", "HTXSNV", "TAP_THE")
    assert figure(make_report(url, "6A", "38", "2025"), "T") == 1
    assert make_report(url, "6B", "38", "2025").is_blank
    assert make_report(url, "6C", "38", "2025").is_blank


def test_form_6c_counts_each_member_once_by_the_last_decision(country: psycopg.Connection, url: str) -> None:
    rate(country, "first", "HTXSNV")
    rate(country, "second", "HTTNV", decided_on=date(2025, 12, 20))
    rate(country, "second", "HTNV", decided_on=date(2025, 12, 21), place=cell_code("38", 2))
    rate(country, "cadre", "KHTNV", "CA_NHAN", person_id=key("first"))
    report = make_report(url, "6C", "38", "2025")
    assert [figure(report, "T", c) for c in "12345"] == [2, 1, 0, 1, 0]
    assert figures(report, "3", "6") == [1, 1]
    assert report.mismatches == ()
    assert make_report(url, "6C", "40", "2025").is_blank
    assert {r["person_id"] for r in list_records(url, "6C", "38", "2025", cell="T.4")} == {key("second")}


def test_form_6f_sets_the_reviewed_beside_those_who_should_have_been(country: psycopg.Connection, url: str) -> None:
    for name, admitted in (
        ("reviewed", date(2010, 5, 19)),
        ("not yet", date(2010, 5, 19)),
        ("new", date(2025, 7, 1)),
        ("suspended on the last day", date(2010, 5, 19)),
        ("suspended a day later", date(2010, 5, 19)),
    ):
        live(country, Life(name, admitted, THANH_HOA))
    live(country, Life("of a silent province", date(2010, 5, 19), NGHE_AN))
    report = make_report(url, "6F", "38", "2025")
    assert [report.cells[code, "1"].state for code in ("2", "3x")] == [State.NOT_COLLECTED] * 2
    assert figures(report, "1", "3") == [5, 1]
    for day in (date(2025, 12, 31), date(2026, 1, 1)):
        name = "suspended on the last day" if day.year == 2025 else "suspended a day later"
        country.execute(
            "update published.party_membership set status = 'DINH_CHI_SH', status_date = %s where source_key = %s",
            [day, name],
        )
    rate(country, "reviewed", "HTTNV")
    rate(country, "suspended a day later", "HTTNV")
    rate(country, "not yet", "HTTNV", year=2024)
    report = make_report(url, "6F", "38", "2025")
    assert figures(report, "1", "2", "3", "3.1", "3.3", "3x") == [5, 2, 2, 1, 1, 1]
    assert report.mismatches == ()
    assert [r["person_id"] for r in list_records(url, "6F", "38", "2025", cell="3x.1")] == [key("not yet")]
    assert make_report(url, "6F", "40", "2025").cells["2", "1"].state is State.NOT_COLLECTED
    # who is new and was reviewed all the same is in two lines, which the sheet says
    rate(country, "new", "HTTNV")
    assert [m.identity for m in make_report(url, "6F", "38", "2025").mismatches] == ["1 = 2 + 3 + 3x"]


def test_form_6f_leaves_out_the_exempt_and_the_suspended_from_their_day_on(
    country: psycopg.Connection, url: str
) -> None:
    last, next_day = date(2026, 6, 30), date(2026, 7, 1)
    exempt, suspended = {"status": "MIEN_SH"}, {"status": "DINH_CHI_SH"}
    lines: dict[str, list[tuple[date, dict[str, Any]]]] = {
        "3.1": [(date(2026, 1, 1), exempt | {"exempt_from": last}), (date(2026, 1, 1), suspended)],
        "3.2": [
            (date(2025, 12, 31), exempt | {"exempt_from": last}),
            (date(2010, 5, 19), exempt | {"exempt_from": last, "status_date": next_day}),
            (date(2010, 5, 19), exempt | {"status_date": last}),
            (date(2010, 5, 19), exempt),
            (date(2010, 5, 19), suspended | {"exempt_from": last}),
        ],
        "3.3": [
            (date(2025, 12, 31), suspended | {"status_date": last}),
            (date(2010, 5, 19), suspended | {"exempt_from": next_day}),
        ],
        "": [
            (date(2010, 5, 19), exempt | {"exempt_from": next_day}),
            (date(2010, 5, 19), exempt | {"status_date": next_day}),
            (date(2010, 5, 19), suspended | {"status_date": next_day}),
        ],
    }
    for line, members in lines.items():
        for n, (admitted, known) in enumerate(members):
            live(country, Life(f"{line}/{n}", admitted, THANH_HOA))
            for column, value in known.items():
                country.execute(
                    sql.SQL("update published.party_membership set {} = %s where person_id = %s").format(
                        sql.Identifier(column)
                    ),
                    [value, key(f"{line}/{n}")],
                )
    report = make_report(url, "6F", "38", H1)
    assert figures(report, "1", "3", "3.1", "3.2", "3.3") == [12, 9, 2, 5, 2]
    for line in ("3.1", "3.2", "3.3"):
        listed = {r["person_id"] for r in list_records(url, "6F", "38", H1, cell=f"{line}.1")}
        assert listed == {key(f"{line}/{n}") for n in range(len(lines[line]))}
