"""Forms 6E and 8 to 13: cadres classified, posts, courses and appointments, with their identities."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from orchestration.forms.cells import State
from orchestration.forms.report import make_report
from tests.forms_world import key, put
from tests.integration.forms.country import H1, figure, figures, root


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


def test_forms_9_count_the_posts_of_committees_where_a_source_sends_them(
    country: psycopg.Connection, offices: str
) -> None:
    province, commune = root("38"), "38.001.000.000.000"
    assert make_report(offices, "9A", "38", H1).cells["1", "1"].state is State.NOT_COLLECTED
    posts = [
        ("head", province, "Ủy viên Ban Chấp hành", 1),
        ("joined", province, "UV BTV, Ủy viên BCH", 2),
        ("elsewhere", province, "Bí thư", 3),
        ("elsewhere", commune, "Phó Bí thư", 4),
        ("head", commune, "Cấp ủy viên", 5),
        # the secretary of a basic organisation is of no committee of these levels
        ("retired", "38.001.001.000.000", "Bí thư", 6),
    ]
    for name, organisation, title, number in posts:
        put(
            country, "position_assignment", person_id=key(name), cadre_id=key(name), organisation_id=key(organisation),
            position_title=title, assignment_kind="BAU", started_on=date(2026, 6, 1 + number), source="38",
            source_key=f"{name} {number}",
        )  # fmt: skip
    nine, commune_nine = make_report(offices, "9A", "38", H1), make_report(offices, "9C", "38", H1)
    assert figures(nine, "1", "2", "3", "8.1") == [2, 1, 1, 1]
    assert nine.cells["4", "1"].state is State.NOT_COLLECTED
    # the secretary of the commune is one of its party office
    assert figures(commune_nine, "1", "3", "4") == [1, 1, 1]
    assert commune_nine.cells["2", "1"].value == 0
    assert nine.mismatches + commune_nine.mismatches == ()


def test_form_6e_is_of_the_year_that_was_evaluated(offices: str) -> None:
    assert [figure(make_report(offices, "6E", "38", "2025"), "B1", n) for n in "123"] == [1, 1, 0]
    assert make_report(offices, "6E", "38", "2026").cells["T", "1"].state is State.NOT_COLLECTED
