"""Dated rules and the acts they rest on."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest
import yaml

from tests.unit.seeds.rows import AFTER, SEEDS, day, read, valid_on

# year: men, women, in months, of those who reach the age in that year (table of NĐ 135/2020)
RETIREMENT = {
    2021: (723, 664),
    2022: (726, 668),
    2023: (729, 672),
    2024: (732, 676),
    2025: (735, 680),
    2026: (738, 684),
    2027: (741, 688),
    2028: (744, 692),
    2029: (744, 696),
    2030: (744, 700),
    2031: (744, 704),
    2032: (744, 708),
    2033: (744, 712),
    2034: (744, 716),
    2035: (744, 720),
    2040: (744, 720),
}
# acts that confirmed rules cite, and the day each is in force from; the Charter stands since the founding
ACTS = {
    "Điều lệ Đảng": date(1930, 2, 3),
    "Điều lệ Đảng (Điều 21)": date(1930, 2, 3),
    "11-HD/BTCTW (Biểu số 6F)": date(2021, 12, 13),
    "41-QĐ/TW": date(2021, 11, 3),
    "12-HD/BTCTW": date(2022, 1, 18),
    "70-QĐ/TW": date(2022, 7, 18),
    "45-CT/TW": date(2025, 4, 14),
    "296-QĐ/TW": date(2025, 5, 30),
    "80/2025/QH15": date(2025, 7, 1),
    "366-QĐ/TW": date(2025, 8, 30),
    "377-QĐ/TW": date(2025, 10, 8),
    "335/2025/NĐ-CP": date(2026, 1, 1),
}


@pytest.mark.parametrize("on", [date(2021, 1, 1), AFTER])
def test_retirement_age_has_no_gap(on):
    for sex in ("M", "F"):
        rows = [r for r in read("retirement_age") if r["sex"] == sex and valid_on(r, on)]
        assert rows[0]["born_from"] == "1900-01-01"
        assert rows[-1]["born_to"] == ""
        for earlier, later in pairwise(rows):
            assert earlier["born_to"] == later["born_from"]
            assert day(earlier["born_from"]) < day(earlier["born_to"])
        ages = [int(r["years"]) * 12 + int(r["months"]) for r in rows]
        assert ages == sorted(set(ages))
    low = [r["born_from"] for r in read("retirement_age") if r["confidence"] == "low"]
    assert low == ["1968-09-01", "1969-05-01"]


def test_no_retirement_age_holds_before_its_decree():
    assert [r for r in read("retirement_age") if valid_on(r, date(2020, 12, 31))] == []


def test_retirement_age_gives_the_table_by_year():
    found = defaultdict(set)
    for r in read("retirement_age"):
        age = int(r["years"]) * 12 + int(r["months"])
        for born in range(1950 * 12, 1985 * 12):
            month = date(born // 12, born % 12 + 1, 1)
            if valid_on(r, AFTER) and day(r["born_from"]) <= month < day(r["born_to"], date.max):
                found[r["sex"], (born + age) // 12].add(age)
    for year, (men, women) in RETIREMENT.items():
        assert found["M", year] == {men}
        assert found["F", year] == {women}


def test_both_days_of_every_border_of_retirement_age_are_in_its_unit_test():
    file = SEEDS.parent / "models" / "unit_tests" / "_cadre.yml"
    (test,) = (
        t
        for t in yaml.safe_load(file.read_text(encoding="utf-8"))["unit_tests"]
        if t["name"] == "each_border_of_retirement_age_turns_between_two_births"
    )
    given = {g["input"]: list(csv.DictReader(g["rows"].splitlines())) for g in test["given"] if g["rows"]}
    seed = read("retirement_age")
    compared = seed[0].keys() - {"legal_basis", "note"}
    assert given["ref('retirement_age')"] == [{k: v for k, v in r.items() if k in compared} for r in seed]
    births = {(p["sex"], day(p["birth_date"])) for p in given["ref('person')"]}
    borders = {(r["sex"], day(r["born_to"])) for r in seed if r["born_to"]}
    assert len(borders) == 21
    assert {(sex, on - timedelta(days=n)) for sex, on in borders for n in (0, 1)} <= births


def test_dated_rules():
    def value(rule, parameter, on):
        return [
            r["value"]
            for r in read("dated_rule")
            if (r["rule_code"], r["parameter"]) == (rule, parameter) and valid_on(r, on)
        ]

    on = date(2026, 11, 1)
    assert value("TRANSFER_LIMIT", "WORKING_DAYS", date(2026, 7, 25)) == ["30"]
    assert value("TRANSFER_LIMIT", "WORKING_DAYS", date(2026, 7, 26)) == ["60"]
    assert value("PROBATION", "MONTHS", on) == ["12"]
    assert value("APPOINTMENT_TERM", "MONTHS", on) == ["60"]
    assert value("CONSECUTIVE_TERMS", "MAX", on) == ["2"]
    assert value("EVAL_CAP", "CAP_BASE", on) == ["GOOD"]
    rows = [r for r in read("dated_rule") if valid_on(r, on)]
    marks = [int(r["value"]) for r in rows if r["rule_code"] == "BADGE_MARK"]
    assert marks == [30, *range(40, 95, 5)]
    rounds = {r["value"] for r in rows if r["rule_code"] == "BADGE_ROUND"}
    assert rounds == {"02-03", "05-19", "09-02", "11-07"}


def test_no_confirmed_rule_is_older_than_its_newest_act():
    early = []
    for r in read("dated_rule"):
        if r["confidence"] == "high":
            acts = r["legal_basis"].split("; ")
            assert set(acts) <= set(ACTS), r
            if day(r["valid_from"]) < max(ACTS[a] for a in acts):
                early.append((r["rule_code"], r["parameter"], r["valid_from"]))
    assert not early


def test_acts_of_which_no_text_was_at_hand_confirm_nothing():
    rows = [r for r in read("dated_rule") if {"20-QĐ/TW", "208-QĐ/TW"} & set(r["legal_basis"].split("; "))]
    assert {r["rule_code"] for r in rows} >= {"ADMISSION_AGE", "READMISSION", "TRANSFER_LIMIT"}
    assert {r["confidence"] for r in rows} == {"med"}


@pytest.mark.parametrize(
    ("on", "basis", "confidence"), [(date(2025, 10, 7), "", "med"), (date(2025, 10, 8), "377-QĐ/TW", "high")]
)
def test_a_rule_cites_an_act_from_its_day_on(on, basis, confidence):
    for rule in (("APPOINTMENT_TERM", "MONTHS"), ("CONSECUTIVE_TERMS", "MAX")):
        (row,) = (r for r in read("dated_rule") if (r["rule_code"], r["parameter"]) == rule and valid_on(r, on))
        assert (row["legal_basis"], row["confidence"]) == (basis, confidence)


def test_versions_of_a_rule_follow_without_a_gap():
    spans = defaultdict(list)
    for r in read("dated_rule"):
        spans[r["rule_code"], r["parameter"]].append((r["valid_from"], r["valid_to"]))
    for key, found in spans.items():
        for (_, end), (start, _) in pairwise(sorted(found)):
            assert end == start, key
        # the month of a congress is that of one term
        assert key[0] == "AGE_LEFT_ON" or max(found)[1] == "", key


def test_every_rule_is_read():
    """By its code and parameter, or by a part of the parameter that the row of a model completes."""
    folders = (
        SEEDS.parent / "models",
        SEEDS.parent / "macros",
        SEEDS.parents[1] / "orchestration" / "forms" / "relations",
    )
    text = "\n".join(p.read_text(encoding="utf-8") for f in folders for p in f.rglob("*.sql"))
    completed = {
        "BADGE_MARK": {""}, "BADGE_ROUND": {""}, "PLANNING_REQUIRED": {""}, "NOT_LOCAL": {""}, "AGE_LEFT_ON": {""},
        "DISCIPLINE_END": {"_MONTHS"}, "DISCIPLINE_BAR": {"_MONTHS"},
        "APPOINTMENT_STANDARD": {"_DEGREE", "_LLCT", "_QLNN"}, "DOSSIER_KINDS": {""},
        "RETIREMENT_EARLY": {""}, "SCIENCE_FIELD": {""}, "EVAL_WEAK": {""},
    }  # fmt: skip
    for r in read("dated_rule"):
        rule, parameter = r["rule_code"], r["parameter"]
        ends = [e for e in completed.get(rule, {parameter}) if parameter.endswith(e)]
        assert f"'{rule}'" in text, r
        assert any(f"{e}'" in text for e in ends), r


def test_the_readme_says_how_many_rules_there_are():
    text = (SEEDS / "README.md").read_text(encoding="utf-8")
    assert f"| `dated_rule`, `retirement_age` | {len(read('dated_rule'))}, {len(read('retirement_age'))} |" in text
