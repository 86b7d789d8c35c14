"""What the twelve digits of a personal id say by themselves: shape, sex and year of birth.

The number has no check digit, so a verdict never says that a number is true, only whether linkage may
lean on it. The SQL twin is `identity.personal_id_verdict`; a test holds the two together.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

_TWELVE_DIGITS = re.compile(r"[0-9]{12}")
#: Last six digits, otherwise drawn at random, that somebody typed to fill the field.
_TYPED = frozenset(str(d) * 6 for d in range(10)) | {"012345", "123456", "234567", "345678", "456789", "654321"}


class Verdict(StrEnum):
    """Whether a personal id may identify somebody; only `VALID` ids link records."""

    VALID = "valid"
    MISSING = "missing"
    MALFORMED = "malformed"
    PLACEHOLDER = "placeholder"
    UNKNOWN_PREFIX = "unknown prefix"
    CONTRADICTS_SEX = "contradicts sex"
    CONTRADICTS_BIRTH_YEAR = "contradicts birth year"
    SHARED = "shared by too many"


def sex_of(personal_id: str) -> str:
    """M or F, by the parity of the fourth digit of a well-formed id."""
    return "F" if int(personal_id[3]) % 2 else "M"


def birth_year_of(personal_id: str) -> int:
    """Four-digit year of birth, by the century in the fourth digit of a well-formed id."""
    return (19 + int(personal_id[3]) // 2) * 100 + int(personal_id[4:6])


def personal_id_verdict(
    personal_id: str | None,
    sex: str | None = None,
    birth_date: date | None = None,
    *,
    prefixes: frozenset[str] | None = None,
    holders: int = 1,
    most_holders: int = 8,
) -> Verdict:
    """The first thing that is wrong with an id, in the order of `Verdict`.

    `sex` is M or F; of `birth_date` only the year counts, which every precision has. `prefixes` are the
    known first three digits (None: not checked). `holders` is how many records carry the number.
    """
    if not personal_id or not _TWELVE_DIGITS.fullmatch(personal_id):
        return Verdict.MALFORMED if personal_id else Verdict.MISSING
    if personal_id[6:] in _TYPED:
        return Verdict.PLACEHOLDER
    if prefixes is not None and personal_id[:3] not in prefixes:
        return Verdict.UNKNOWN_PREFIX
    if sex is not None and sex != sex_of(personal_id):
        return Verdict.CONTRADICTS_SEX
    if birth_date is not None and birth_date.year != birth_year_of(personal_id):
        return Verdict.CONTRADICTS_BIRTH_YEAR
    return Verdict.SHARED if holders > most_holders else Verdict.VALID


def one_digit_apart(left: str, right: str) -> bool:
    """Whether two numbers of one length differ in one digit or by two neighbours swapped: one slip of the hand."""
    if len(left) != len(right):
        return False
    places = [i for i, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    if len(places) == 2:
        i, j = places
        return j == i + 1 and left[i] == right[j] and left[j] == right[i]
    return len(places) == 1
