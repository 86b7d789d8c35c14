"""Rules of contracts that turn on a day: the last day that is good and the first that is bad."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from orchestration.reference import SEEDS
from sources.contract import load_contracts

DAY = timedelta(days=1)
MEMBER = {"birth_date": "1950-01-01", "birth_date_precision": "D", "admission_date": "2010-05-19"}


def is_bad(warehouse: psycopg.Connection, record: str, rule_id: str, row: dict[str, Any]) -> bool:
    """Whether a rule finds a typed row bad; a rule that cannot say so finds nothing."""
    contract = load_contracts()[record]
    (rule,) = (r for r in contract.rules if r.rule_id == rule_id)
    kinds = [*contract.columns(), *((p.unread, "text") for p in contract.properties if p.may_be_unread)]
    columns = [
        sql.SQL("{}::{} as {}").format(sql.Literal(row.get(name)), sql.SQL(kind), sql.Identifier(name))
        for name, kind in kinds
    ]
    found = warehouse.execute(
        sql.SQL("select coalesce(({}), false) from (select {}) as typed").format(
            sql.SQL(rule.predicate), sql.SQL(", ").join(columns)
        )
    ).fetchone()
    return bool(found and found[0])


@pytest.mark.parametrize(
    ("record", "rule_id", "good", "bad"),
    [
        # official on the day of admission at the earliest
        ("member", "MEM-038", {"official_date": "2010-05-19"}, {"official_date": "2010-05-18"}),
        # eighteen on the day of admission: also who was born on 29 February
        ("member", "MEM-039", {"birth_date": "1992-05-19"}, {"birth_date": "1992-05-20"}),
        (
            *("member", "MEM-039"),
            {"birth_date": "1992-02-29", "admission_date": "2010-02-28"},
            {"birth_date": "1992-02-29", "admission_date": "2010-02-27"},
        ),
        # a member is found by the member record, not by the record of the cadre that he or she may be too
        (
            *("evaluation", "EVL-019"),
            {"subject_kind": "DANG_VIEN", "member_key": "a"},
            {"subject_kind": "DANG_VIEN", "cadre_key": "a"},
        ),
        # an organisation is dissolved, a member expelled
        *(
            (
                *("discipline", "DIS-017"),
                {"discipline_kind": "DANG", "subject_kind": kind, "form": good},
                {"discipline_kind": "DANG", "subject_kind": kind, "form": bad},
            )
            for kind, good, bad in (
                ("TAP_THE", "GIAI_TAN", "KHAI_TRU"),
                ("DANG_VIEN", "KHAI_TRU", "GIAI_TAN"),
                (None, "CACH_CHUC", "BAI_NHIEM"),
            )
        ),
        # a badge has a day only with its years, and after the admission
        (
            *("member", "MEM-052"),
            {"badge_years": 30, "badge_awarded_on": "2040-05-19"},
            {"badge_years": None, "badge_awarded_on": "2040-05-19"},
        ),
        (
            *("member", "MEM-052"),
            {"badge_years": 30, "badge_awarded_on": "2010-05-20"},
            {"badge_years": 30, "badge_awarded_on": "2010-05-19"},
        ),
        # a source that does not say of whom an award or a discipline is means a cadre
        *(
            (record, f"{sign}-{number:03}", {"subject_kind": kind, key: "a"}, {"subject_kind": kind})
            for record, sign, numbers in (("award", "AWD", (3, 10, 11)), ("discipline", "DIS", (3, 15, 16)))
            for number, kind, key in zip(
                numbers,
                (None, "DANG_VIEN", "TAP_THE"),
                ("cadre_key", "member_key", "organisation_code"),
                strict=True,
            )
        ),
        ("evaluation", "EVL-016", {"subject_kind": "CA_NHAN", "cadre_key": "a"}, {"subject_kind": "CA_NHAN"}),
        # a period is written as its kind is: a term ends after it began, out of turn is a day that there is
        (
            "evaluation",
            "EVL-020",
            {"period_type": "NAM", "period": "2026"},
            {"period_type": "NAM", "period": "2026-Q1"},
        ),
        (
            "evaluation",
            "EVL-020",
            {"period_type": "QUY", "period": "2026-Q1"},
            {"period_type": "QUY", "period": "2026"},
        ),
        (
            *("evaluation", "EVL-020"),
            {"period_type": "NHIEM_KY", "period": "2024-2025"},
            {"period_type": "NHIEM_KY", "period": "2025-2025"},
        ),
        (
            *("evaluation", "EVL-020"),
            {"period_type": "DOT_XUAT", "period": "2024-02-29"},
            {"period_type": "DOT_XUAT", "period": "2026-02-29"},
        ),
        # twelve months and 31 days: over the end of a month, from 29 February
        ("member", "MEM-040", {"official_date": "2011-06-19"}, {"official_date": "2011-06-20"}),
        (
            *("member", "MEM-040"),
            {"admission_date": "2024-02-29", "official_date": "2025-03-31"},
            {"admission_date": "2024-02-29", "official_date": "2025-04-01"},
        ),
        (
            *("member", "MEM-040"),
            {"readmission_date": "2015-01-01", "official_date": "2016-01-01"},
            {"readmission_date": None, "official_date": "2016-01-01"},
        ),
        (
            *("membership_transfer", "TRF-014"),
            {"left_date": "2024-02-29", "arrived_date": "2024-02-29"},
            {"left_date": "2024-02-29", "arrived_date": "2024-02-28"},
        ),
        # a post begins thirty days before its decision at the earliest
        (
            *("position_assignment", "ASG-018"),
            {"decision_date": "2024-03-30", "started_on": "2024-02-29"},
            {"decision_date": "2024-03-30", "started_on": "2024-02-28"},
        ),
        (
            *("position_assignment", "ASG-016"),
            {"started_on": "2024-02-29", "ended_on": "2024-02-29"},
            {"started_on": "2024-02-29", "ended_on": "2024-02-28"},
        ),
        (
            *("discipline", "DIS-012"),
            {"effective_from": "2025-12-31", "effective_to": "2025-12-31"},
            {"effective_from": "2025-12-31", "effective_to": "2025-12-30"},
        ),
    ],
)
def test_a_rule_turns_between_two_days(
    warehouse: psycopg.Connection, record: str, rule_id: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    before = MEMBER if record == "member" else {}
    assert not is_bad(warehouse, record, rule_id, before | good)
    assert is_bad(warehouse, record, rule_id, before | bad)


def dated(rule_code: str, parameter: str) -> tuple[int, date]:
    """The number of a rule, which all its versions say, and the day from which it holds."""
    with (SEEDS / "dated_rule.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if (r["rule_code"], r["parameter"]) == (rule_code, parameter)]
    (value,) = {int(r["value"]) for r in rows}
    return value, min(date.fromisoformat(r["valid_from"]) for r in rows)


def badge_marks() -> list[int]:
    """Years of membership for which there is a badge."""
    with (SEEDS / "dated_rule.csv").open(encoding="utf-8", newline="") as file:
        return sorted(int(r["value"]) for r in csv.DictReader(file) if r["rule_code"] == "BADGE_MARK")


def turns() -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Rows on both sides of what contracts say in figures of their own, by the figures of the table of rules."""
    years, since = dated("ADMISSION_AGE", "MIN_YEARS")
    birth = since.replace(year=since.year - years)
    yield "member", "MEM-039", {"birth_date": birth}, {"birth_date": birth + DAY}
    yield "member", "MEM-039", {"birth_date": birth + DAY, "admission_date": since - DAY}, {"birth_date": birth + DAY}
    months, since = dated("PROBATION", "MONTHS")
    days, tolerated_since = dated("PROBATION", "TOLERANCE_DAYS")
    assert (months, tolerated_since) == (12, since)
    last = since.replace(year=since.year + 1) + timedelta(days=days)
    yield "member", "MEM-040", {"official_date": last}, {"official_date": last + DAY}
    late = {"official_date": last + timedelta(days=400)}
    yield "member", "MEM-040", late | {"admission_date": since - DAY}, late
    for rule_id, column, parameter in (
        ("EVL-010", "general_score", "GENERAL_MAX"),
        ("EVL-011", "result_score", "RESULT_MAX"),
    ):
        most, _ = dated("EVAL_SCORE", parameter)
        yield "evaluation", rule_id, {column: most}, {column: f"{most}.01"}
    for rule_id, priority in (("MEM-048", 1), ("MEM-049", 2), ("MEM-050", 3)):
        most, _ = dated("DOSSIER_KINDS", f"PRIORITY_{priority}")
        column = f"dossier_documents_{priority}"
        yield "member", rule_id, {column: most}, {column: most + 1}
    first, *_, last = badge_marks()
    yield "member", "MEM-036", {"badge_years": first}, {"badge_years": first - 1}
    yield "member", "MEM-036", {"badge_years": last}, {"badge_years": last + 1}


def test_contracts_and_the_table_of_rules_say_the_same(warehouse: psycopg.Connection) -> None:
    before = {"birth_date_precision": "D", "admission_date": dated("PROBATION", "MONTHS")[1]}
    assert before["admission_date"] == dated("ADMISSION_AGE", "MIN_YEARS")[1]
    for record, rule_id, good, bad in turns():
        assert not is_bad(warehouse, record, rule_id, before | good), (rule_id, good)
        assert is_bad(warehouse, record, rule_id, before | bad), (rule_id, bad)
