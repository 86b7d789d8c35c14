"""Official forms on a small country typed by hand, and on lives invented by chance and counted again in Polars."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from psycopg import sql
from python_calamine import CalamineWorkbook

from orchestration.forms.cells import State
from orchestration.forms.definition import form_codes, load_form
from orchestration.forms.period import FormError, parse_period
from orchestration.forms.report import Report, list_records, make_report
from orchestration.forms.workbook import write_workbook
from orchestration.warehouse import connect
from tests.forms_world import key, make_relations, put, put_organisation

H1 = "2026-H1"
ROOTS = ("38", "40", "01")


def root(province: str) -> str:
    return f"{province}.000.000.000.000"


def cell_code(province: str, branch: int) -> str:
    return f"{province}.{branch:03}.001.000.001"


@pytest.fixture
def country(warehouse_url: str) -> Iterator[psycopg.Connection]:
    """Three provinces; in each two communes, in each commune one basic organisation with one cell."""
    make_relations(warehouse_url)
    with connect(warehouse_url, autocommit=True) as connection:
        for province in ROOTS:
            put_organisation(connection, root(province), f"/{root(province)}/", organisation_type="T1")
            for branch in (1, 2):
                commune, base = f"{province}.{branch:03}.000.000.000", f"{province}.{branch:03}.001.000.000"
                path = f"/{root(province)}/{commune}/"
                unit = "14758" if (province, branch) == ("38", 1) else None
                put_organisation(connection, commune, path, organisation_type="H1", administrative_unit_code=unit)
                kind = {"organisation_type": "C1", "sector": "9b1" if branch == 2 else "5"}
                put_organisation(connection, base, f"{path}{base}/", **kind)
                cell = cell_code(province, branch)
                put_organisation(connection, cell, f"{path}{base}/{cell}/", organisation_type="B2", sector="5")
        yield connection


@pytest.fixture
def url(country: psycopg.Connection, warehouse_url: str) -> str:
    return warehouse_url


def figure(report: Report, code: str, column: str = "1") -> int | None:
    value = report.cells[code, column].value
    return None if value is None else int(value)


def figures(report: Report, *codes: str, column: str = "1") -> list[int | None]:
    return [figure(report, c, column) for c in codes]


# ---------------------------------------------------------------- lives


@dataclass
class Life:
    """What happened to one member: where they were admitted and when, moves, and how it ended."""

    name: str
    admitted: date
    cell: str
    moves: list[tuple[date, str]] = field(default_factory=list)
    end: tuple[date, str] | None = None
    sex: str = "M"
    born: date | None = date(1980, 1, 1)
    occupation: str | None = "01"
    ethnicity: str = "01"

    def cell_on(self, day: date) -> str | None:
        """Where the member was at the end of a day."""
        if day < self.admitted or (self.end and self.end[0] <= day):
            return None
        return [c for d, c in [(self.admitted, self.cell), *self.moves] if d <= day][-1]


def live(connection: psycopg.Connection, life: Life) -> None:
    """Publish a life as core does: one spell in each province, the last cell of it, and counted movements."""
    person = key(life.name)
    put(
        connection, "person", person_id=person, sex=life.sex, birth_date=life.born, occupation_code=life.occupation,
        admission_date=life.admitted, general_education="3", professional_education="4", political_theory="2",
    )  # fmt: skip
    connection.execute(
        "insert into history.person (person_id, ethnicity_code) values (%s, %s)", [person, life.ethnicity]
    )
    stays = [(life.admitted, life.cell), *life.moves]
    runs: list[tuple[date, str, date | None]] = []
    for n, (day, cell) in enumerate(stays):
        until = stays[n + 1][0] if n + 1 < len(stays) else (life.end[0] if life.end else None)
        if runs and runs[-1][1][:2] == cell[:2]:
            runs[-1] = (runs[-1][0], cell, until)
        else:
            runs.append((day, cell, until))
    for n, (day, cell, until) in enumerate(runs):
        standing = "DA_CHUYEN" if n + 1 < len(runs) else "DA_KET_THUC" if life.end else "DANG_SINH_HOAT"
        put(
            connection, "party_membership", person_id=person, organisation_id=key(cell), organisation_code=cell,
            standing=standing, is_current=standing == "DANG_SINH_HOAT", valid_from=day, valid_to=until,
            admission_date=life.admitted, official_date=life.admitted + timedelta(365), source=cell[:2],
            source_key=f"{life.name}/{n}" if n else life.name,
        )  # fmt: skip
    move(connection, life, "KET_NAP", life.admitted, start=None, end=life.cell)
    for n, (day, cell) in enumerate(life.moves):
        move(connection, life, "CHUYEN_SINH_HOAT", day, start=stays[n][1], end=cell)
    if life.end:
        move(connection, life, life.end[1], life.end[0], start=stays[-1][1], end=None)


def move(
    connection: psycopg.Connection, life: Life, kind: str, day: date, *, start: str | None, end: str | None
) -> None:
    put(
        connection, "membership_movement", person_id=key(life.name), movement_kind=kind, moved_on=day,
        from_organisation_code=start, from_organisation_id=key(start) if start else None,
        to_organisation_code=end, to_organisation_id=key(end) if end else None,
        transfer_type="CHINH_THUC" if kind == "CHUYEN_SINH_HOAT" else None, source_key=life.name,
        source=(start or end or "")[:2],
    )  # fmt: skip


THANH_HOA, NGHE_AN = cell_code("38", 1), cell_code("40", 1)
HAND = [
    Life("stays", date(1999, 2, 3), THANH_HOA, sex="F", ethnicity="06"),
    Life("admitted on the first day", date(2026, 1, 1), THANH_HOA, born=date(2000, 5, 5)),
    Life("admitted on the last day", date(2026, 6, 30), cell_code("38", 2), sex="F", born=date(1995, 5, 5)),
    Life("admitted a day late", date(2026, 7, 1), THANH_HOA),
    Life("died on the first day", date(1970, 5, 19), THANH_HOA, end=(date(2026, 1, 1), "TU_TRAN")),
    Life("died the day before", date(1970, 5, 19), THANH_HOA, end=(date(2025, 12, 31), "TU_TRAN")),
    Life("expelled", date(2001, 5, 19), THANH_HOA, end=(date(2026, 3, 1), "KHAI_TRU")),
    Life("struck off on probation", date(2025, 9, 2), THANH_HOA, end=(date(2026, 4, 1), "XOA_TEN")),
    Life("asked to leave", date(1990, 5, 19), cell_code("38", 2), end=(date(2026, 6, 30), "XIN_RA")),
    Life("came", date(2010, 5, 19), NGHE_AN, moves=[(date(2026, 2, 1), THANH_HOA)], occupation="15"),
    Life("went", date(2010, 5, 19), THANH_HOA, moves=[(date(2026, 2, 2), NGHE_AN)]),
    Life("moved inside", date(2010, 5, 19), THANH_HOA, moves=[(date(2026, 2, 3), cell_code("38", 2))], occupation=None),
    Life("moves next half", date(2010, 5, 19), THANH_HOA, moves=[(date(2026, 8, 1), NGHE_AN)], born=None),
]


@pytest.fixture
def by_hand(country: psycopg.Connection, url: str) -> str:
    for life in HAND:
        live(country, life)
    return url


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


def rate(connection: psycopg.Connection, of: str, level: str, kind: str = "DANG_VIEN", **values: Any) -> None:
    """A yearly classification of 2025 that source 38 sends: of a member, or of the party organisation of a code."""
    place = values.pop("place", THANH_HOA if kind == "DANG_VIEN" else of)
    who = {"person_id": key(of)} if kind == "DANG_VIEN" else {}
    known = {"year": 2025, "source": "38", "source_key": f"{of} {level}", "organisation_id": key(place)}
    put(
        connection, "evaluation", evaluation_id=key(f"{of} {level} {sorted(values)}"), subject_kind=kind, level=level,
        **(known | who | values),
    )  # fmt: skip


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


# ---------------------------------------------------------------- lives by chance, counted again in Polars


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


# ---------------------------------------------------------------- forms of cadres


@pytest.fixture
def offices(country: psycopg.Connection, url: str) -> str:
    """A party board and a department of province 38, a commune party office; four people with what they did."""
    for name, kind, level, unit in (
        ("ban", "DANG", "TINH", None),
        ("so", "NHA_NUOC", "TINH", None),
        ("xa", "DANG", "XA", "14758"),
    ):
        put(
            country, "agency", agency_id=key(name), agency_code=name, name=name, agency_type=kind, agency_level=level,
            province_code="38", administrative_unit_code=unit, source="38", source_key=name,
        )  # fmt: skip
    staff = [
        ("head", "ban", "CB", date(2020, 1, 1), None, None, "F", date(1970, 1, 1)),
        ("joined", "ban", "CC", date(2026, 2, 1), None, None, "M", date(1996, 1, 1)),
        ("retired", "xa", "CC", date(2000, 1, 1), date(2026, 4, 1), "NGHI_HUU", "M", date(1964, 1, 1)),
        ("elsewhere", "so", "CC", date(2010, 1, 1), None, None, "F", date(1985, 1, 1)),
    ]
    for name, agency, category, start, end, reason, sex, born in staff:
        put(country, "person", person_id=key(name), sex=sex, birth_date=born)
        put(
            country, "cadre", cadre_id=key(name), person_id=key(name), agency_id=key(agency), category=category,
            started_on=start, recruited_on=start, ended_on=end, leave_reason=reason, rank_code="01.003",
            professional_education="4", political_theory="3", source_key=name,
        )  # fmt: skip
    posts = [
        ("head", "ban", "Trưởng ban", "BO_NHIEM", date(2024, 1, 1), True, "BTV_TINH"),
        ("joined", "ban", "Phó Trưởng ban", "BO_NHIEM_LAI", date(2026, 3, 1), False, "BTV_TINH"),
        ("elsewhere", "so", "Phó Trưởng phòng", "BAU", date(2026, 6, 30), False, None),
        ("retired", "xa", "Bí thư Đảng ủy", "LUAN_CHUYEN", date(2026, 1, 2), True, "BTV_XA"),
        ("retired", "so", "Phó Giám đốc", "BO_NHIEM", date(2019, 1, 1), False, "BTV_TINH"),
    ]
    for name, agency, title, kind, start, is_head, authority in posts:
        put(
            country, "position_assignment", person_id=key(name), cadre_id=key(name), agency_id=key(agency),
            position_title=title, assignment_kind=kind, started_on=start, is_head=is_head, authority_level=authority,
            source="38", source_key=name, ended_on=date(2026, 1, 2) if start.year == 2019 else None,
        )  # fmt: skip
    for name, target in (("joined", "Trưởng ban"), ("elsewhere", "Phó Giám đốc")):
        agency = "ban" if name == "joined" else "so"
        put(country, "planning", person_id=key(name), agency_id=key(agency), target_position=target)
    put(
        country, "training", person_id=key("joined"), cadre_id=key("joined"), training_type="LLCT", level="Cao cấp",
        ended_on=date(2026, 5, 1),
    )  # fmt: skip
    put(country, "evaluation", person_id=key("head"), agency_id=key("ban"), year=2025, level="HTXSNV")
    return url


def test_forms_8_hold_their_identities(offices: str) -> None:
    a = make_report(offices, "8A", "38", H1)
    assert figures(a, "A", "B", "B1", "C", "C1", "D") == [2, 1, 1, 1, 1, 2]
    b = make_report(offices, "8B", "38", H1)
    assert figures(b, "I", "I.1", "II.1", "III.3", "V.3", "VII.3") == [2, 1, 1, 2, 2, 2]
    c = make_report(offices, "8C", "38", H1)
    assert [figure(c, "T", n) for n in "123"] == [3, 2, 1]
    assert a.mismatches + b.mismatches + c.mismatches == ()
    commune = make_report(offices, "8C", "38.001.000.000.000", H1)
    assert [figure(commune, "T", n) for n in "123"] == [1, 1, 0]


def test_forms_of_posts_courses_and_appointments(offices: str) -> None:
    nine = make_report(offices, "9A", "38", H1)
    assert [figure(nine, "8.1", n) for n in ("1", "2", "6", "15")] == [1, 1, 1, 1]
    assert figures(nine, "8.2", "9.2") == [1, 0]
    # parts by age and by education add up to all, with those of whom it is not known
    assert [figure(nine, "8.2", n) for n in ("4", "5", "6", "6x")].count(1) == 1
    assert [figure(nine, "8.2", n) for n in ("7", "8", "9", "10", "10x")].count(1) == 1
    assert nine.mismatches == ()
    assert nine.cells["3", "1"].state is State.NOT_COLLECTED
    assert figure(make_report(offices, "9C", "38", H1), "3") == 1
    ten = make_report(offices, "10", "38", H1)
    assert [figure(ten, "1.3", n) for n in "1235"] == [1, 1, 1, 0]
    eleven = make_report(offices, "11", "38", H1)
    assert figures(eleven, "T", "8", "x") == [1, 1, 0]
    twelve = make_report(offices, "12A", "38", H1)
    assert figures(twelve, "8.1", "9.2") == [1, 1]
    thirteen = make_report(offices, "13", "38", H1)
    assert [figure(thirteen, "1", n) for n in "136"] == [1, 1, 0]
    assert figures(thirteen, "1.1", "2") == [1, 1]
    assert ten.mismatches + eleven.mismatches + thirteen.mismatches == ()


def test_form_6e_is_of_the_year_that_was_evaluated(offices: str) -> None:
    assert [figure(make_report(offices, "6E", "38", "2025"), "B1", n) for n in "123"] == [1, 1, 0]
    assert make_report(offices, "6E", "38", "2026").cells["T", "1"].state is State.NOT_COLLECTED


# ---------------------------------------------------------------- the definitions and the sheet


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
