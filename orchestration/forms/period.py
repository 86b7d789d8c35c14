"""Reporting periods: a year, a half-year or a quarter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from sources.errors import ExplainedError

PATTERN = re.compile(r"(?P<year>[12]\d{3})(?:-(?:H(?P<half>[12])|Q(?P<quarter>[1-4])))?")
ROMAN = ("I", "II", "III", "IV")


class FormError(ExplainedError):
    """A form that cannot be made as it was asked for; one sentence in Vietnamese: clerks make forms."""


@dataclass(frozen=True)
class Period:
    """Days from `start` up to but not including `end`."""

    code: str
    start: date
    end: date
    label: str

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.end - timedelta(days=1)

    @property
    def year_before(self) -> Period:
        """The same period of the year before."""
        return parse_period(f"{self.start.year - 1}{self.code[4:]}")


def parse_period(code: str) -> Period:
    """The period that `2026`, `2026-H1` or `2026-Q3` means. Raises FormError."""
    match = PATTERN.fullmatch(code.strip().upper())
    if match is None:
        raise FormError(f"Không có kỳ báo cáo {code!r}: ghi năm, nửa năm hoặc quý, như 2026, 2026-H1 hoặc 2026-Q1.")
    year, months, first = int(match["year"]), 12, 1
    label = f"năm {year}"
    if match["half"]:
        months, first = 6, 1 if match["half"] == "1" else 7
        label = f"6 tháng {'đầu' if first == 1 else 'cuối'} năm {year}"
    elif match["quarter"]:
        months, first = 3, 3 * int(match["quarter"]) - 2
        label = f"quý {ROMAN[int(match['quarter']) - 1]} năm {year}"
    end_month = first + months
    end = date(year + 1, 1, 1) if end_month > 12 else date(year, end_month, 1)
    return Period(match.group(), date(year, first, 1), end, label)
