"""What the digits of a personal id say."""

from __future__ import annotations

from datetime import date

import pytest

from identity.identifiers import Verdict, birth_year_of, one_digit_apart, personal_id_verdict, sex_of

HOA = "038181004217"  # a woman born in 1981
LONG_AGO = date(1981, 4, 30)


def test_reads_sex_and_year_from_the_digits() -> None:
    assert (sex_of(HOA), birth_year_of(HOA)) == ("F", 1981)
    assert (sex_of("001203000017"), birth_year_of("001203000017")) == ("M", 2003)


@pytest.mark.parametrize(
    ("personal_id", "sex", "born", "verdict"),
    [
        (HOA, "F", LONG_AGO, Verdict.VALID),
        (HOA, None, None, Verdict.VALID),
        (HOA, "F", date(1981, 1, 1), Verdict.VALID),  # a year alone agrees
        (None, "F", LONG_AGO, Verdict.MISSING),
        ("", "F", LONG_AGO, Verdict.MISSING),
        ("38181004217", "F", LONG_AGO, Verdict.MALFORMED),
        ("O38181004217", "F", LONG_AGO, Verdict.MALFORMED),
        ("１23456789012", "F", LONG_AGO, Verdict.MALFORMED),
        ("000000000000", "F", LONG_AGO, Verdict.PLACEHOLDER),
        ("111111111111", "M", LONG_AGO, Verdict.PLACEHOLDER),
        ("038181000000", "F", LONG_AGO, Verdict.PLACEHOLDER),
        ("038181123456", "F", LONG_AGO, Verdict.PLACEHOLDER),
        ("999181004217", "F", LONG_AGO, Verdict.UNKNOWN_PREFIX),
        (HOA, "M", LONG_AGO, Verdict.CONTRADICTS_SEX),
        (HOA, "F", date(1980, 4, 30), Verdict.CONTRADICTS_BIRTH_YEAR),
        ("038381004217", "F", LONG_AGO, Verdict.CONTRADICTS_BIRTH_YEAR),  # another era
    ],
)
def test_verdicts(personal_id: str | None, sex: str | None, born: date | None, verdict: Verdict) -> None:
    assert personal_id_verdict(personal_id, sex, born, prefixes=frozenset({"001", "038"})) is verdict


def test_number_held_by_too_many_identifies_nobody() -> None:
    assert personal_id_verdict(HOA, "F", LONG_AGO, holders=8) is Verdict.VALID
    assert personal_id_verdict(HOA, "F", LONG_AGO, holders=500) is Verdict.SHARED


@pytest.mark.parametrize(
    ("other", "near"),
    [
        ("038181004218", True),
        ("038181004271", True),  # neighbours swapped
        (HOA, False),
        ("038181004299", False),
        ("03818100421", False),
        ("038181004712", False),
    ],
)
def test_one_slip_of_the_hand(other: str, near: bool) -> None:
    assert one_digit_apart(HOA, other) is near
