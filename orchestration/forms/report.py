"""A form made for one unit and one period: its figures, what is wrong with them, and what stands behind each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

import psycopg

from orchestration.forms.definition import FormDefinition, Line, load_form
from orchestration.forms.period import FormError, Period, parse_period
from orchestration.forms.query import CellKey, cell_records, count_cells, counted_periods, may_count_minority
from orchestration.sql_session import ENGINEER, STAFF, reading_session

#: Figures about ethnicity below this are not shown: they would point at persons.
SMALL = 5


class State(StrEnum):
    """What a cell shows."""

    FIGURE = "figure"
    NOT_COLLECTED = "not_collected"
    SUPPRESSED = "suppressed"
    EMPTY = "empty"


@dataclass(frozen=True)
class Cell:
    """A figure, or why there is none. Ratios and means have one decimal."""

    value: Decimal | None
    state: State

    @property
    def text(self) -> str:
        """The cell in words for listings."""
        if self.state is State.NOT_COLLECTED:
            return "chưa thu thập"
        if self.state is State.SUPPRESSED:
            return f"<{SMALL}"
        return "" if self.value is None else str(self.value)


@dataclass(frozen=True)
class Mismatch:
    """An identity that does not hold in one column (or one row): both sides."""

    identity: str
    at: str
    left: Decimal
    right: Decimal

    @property
    def sentence(self) -> str:
        """What is wrong, for the face of the sheet."""
        return f"{self.identity} không khớp ở {self.at}: {self.left} ≠ {self.right}"


@dataclass(frozen=True)
class Unit:
    """The reporting party organisation."""

    organisation_id: str
    code: str
    name: str
    depth: int


@dataclass(frozen=True)
class Report:
    """A form with its figures."""

    definition: FormDefinition
    unit: Unit
    period: Period
    as_of: date
    release: int
    cells: Mapping[tuple[str, str], Cell]
    mismatches: tuple[Mismatch, ...]

    @property
    def notes(self) -> list[str]:
        """Sentences for the foot of the sheet: mismatches first."""
        d = self.definition
        notes = [m.sentence for m in self.mismatches]
        if not d.layout_confirmed:
            notes.append(f"Bố cục biểu chưa được xác nhận với bản chính thức ({d.legal_basis}).")
        if self.as_of < self.period.last_day:
            notes.append(f"Kỳ báo cáo chưa kết thúc: số liệu tính đến ngày {self.as_of:%d/%m/%Y}.")
        if any(c.state is State.SUPPRESSED for c in self.cells.values()):
            notes.append(f"Ô ghi “<{SMALL}”: số nhỏ không hiển thị để bảo vệ dữ liệu cá nhân nhạy cảm.")
        for reason in dict.fromkeys(r.missing for r in (*d.rows, *d.columns) if r.missing):
            notes.append(f"Chưa thu thập: {reason}.")
        return [*notes, *d.notes]

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        d = self.definition
        return {
            "form": d.form,
            "number": d.number,
            "title": d.title,
            "version": d.version,
            "layout_confirmed": d.layout_confirmed,
            "organisation": {"code": self.unit.code, "name": self.unit.name},
            "period": self.period.code,
            "from": self.period.start.isoformat(),
            "to": self.period.last_day.isoformat(),
            "as_of": self.as_of.isoformat(),
            "release": self.release,
            "columns": [{"code": c.code, "label": " / ".join(c.path)} for c in d.columns],
            "rows": [
                {
                    "code": r.code,
                    "label": r.label,
                    "level": r.level,
                    "cells": {
                        c.code: {
                            "value": _plain(self.cells[r.code, c.code].value),
                            "state": self.cells[r.code, c.code].state,
                        }
                        for c in d.columns
                    },
                }
                for r in d.rows
                if not r.heading
            ],
            "mismatches": [m.sentence for m in self.mismatches],
            "notes": self.notes,
        }

    def as_table(self) -> list[dict[str, str]]:
        """One row a line, for CSV."""
        return [
            {"code": r.code, "label": r.label}
            | {c.code: "" if r.heading else self.cells[r.code, c.code].text for c in self.definition.columns}
            for r in self.definition.rows
        ]


def make_report(url: str, form: str, organisation: str, period: str, release: int | None = None) -> Report:
    """Make a form. Raises FormError with one sentence."""
    definition, span = load_form(form), parse_period(period)
    with reading_session(url, ENGINEER, release) as connection:
        number, business_date = _release(connection, release)
        unit = _unit(connection, organisation)
        if span.start > business_date:
            raise FormError(f"Period {span.code} has not begun on {business_date}, the day of release {number}.")
        figures, unknown = count_cells(connection, definition, unit.organisation_id, _periods(definition, span))
        cells = _cells(definition, figures, unknown, may_count_minority(connection))
    as_of = min(span.last_day, business_date)
    return Report(definition, unit, span, as_of, number, cells, _mismatches(definition, cells, unit))


def list_records(
    url: str, form: str, organisation: str, period: str, cell: str, release: int | None = None
) -> list[dict[str, object]]:
    """The records behind one figure, named `line.column` such as `B2.1`, as staff may see them. Raises FormError."""
    definition, span = load_form(form), parse_period(period)
    row_code, _, column_code = cell.rpartition(".")
    row, column = definition.row(row_code), definition.column(column_code)
    if row.sensitive or column.sensitive:
        raise FormError(f"{cell} counts by ethnicity: such figures are shown as totals and their records never listed.")
    with reading_session(url, STAFF, release) as connection:
        unit = _unit(connection, organisation)
        return cell_records(connection, definition, (row, column), unit.organisation_id, _periods(definition, span))


def _periods(definition: FormDefinition, span: Period) -> Sequence[Period]:
    return (span, span.year_before) if definition.compares else (span,)


def _release(connection: psycopg.Connection, release: int | None) -> tuple[int, date]:
    found = connection.execute(
        "select release_no, business_date from published.release where release_no = %(n)s or %(n)s is null and is_current",
        {"n": release},
    ).fetchone()
    if found is None:
        raise FormError("Nothing has been published yet: run lienthong nightly.")
    return found[0], found[1]


def _unit(connection: psycopg.Connection, organisation: str) -> Unit:
    """The organisation of a code, or of the two digits of a province or central committee."""
    code = f"{organisation}.000.000.000.000" if re.fullmatch(r"\d{2}", organisation) else organisation
    found = connection.execute(
        """
        select organisation_id::text, organisation_code, name, depth from published.party_organisation
        where organisation_code = %(code)s or depth = 1 and source = %(given)s
        order by organisation_code = %(code)s desc, valid_to is null desc, valid_to desc limit 1
        """,
        {"code": code, "given": organisation},
    ).fetchone()
    if found is None:
        raise FormError(
            f"There is no party organisation {organisation!r}: give its code or the two digits of a province."
        )
    return Unit(*found)


def _cells(
    definition: FormDefinition, figures: Mapping[CellKey, Decimal], unknown: set[tuple[str, int]], minority: bool
) -> dict[tuple[str, str], Cell]:
    cells: dict[tuple[str, str], Cell] = {}
    for row in definition.rows:
        for column in definition.columns:
            cells[row.code, column.code] = _cell(definition, (row, column), figures, unknown, minority)
        for column in definition.columns:
            if column.ratio and not row.heading:
                part, whole = (cells[row.code, code] for code in column.ratio)
                cells[row.code, column.code] = _ratio(part, whole)
    _protect(definition, cells)
    return cells


def _protect(definition: FormDefinition, cells: dict[tuple[str, str], Cell]) -> None:
    """Where one suppressed figure could be had by subtracting the others from their total, hide a second one."""
    for identity in definition.identities:
        by_row = identity.axis == "rows"
        for other in definition.columns if by_row else definition.rows:
            terms = [(c, other.code) if by_row else (other.code, c) for side in identity.sides for _, c in side]
            hidden = [at for at in terms if cells[at].state is State.SUPPRESSED]
            shown = [at for at in terms[1:] if cells[at].value]
            if len(hidden) == 1 and shown:
                least = min(shown, key=lambda at: cells[at].value or 0)
                cells[least] = Cell(None, State.SUPPRESSED)


def _cell(
    definition: FormDefinition,
    at: tuple[Line, Line],
    figures: Mapping[CellKey, Decimal],
    unknown: set[tuple[str, int]],
    minority: bool,
) -> Cell:
    row, column = at
    if row.heading or column.ratio:
        return Cell(None, State.EMPTY)
    if not counted_periods(definition, row, column):
        return Cell(None, State.NOT_COLLECTED)
    sensitive = row.sensitive or column.sensitive
    needed = {row.evidence, column.evidence} | ({row.history} if column.period > 1 else set())
    if any(e and (e, column.period) in unknown for e in needed) or (sensitive and not minority):
        return Cell(None, State.NOT_COLLECTED)
    measured = row.measure or column.measure
    value = figures.get((row.code, column.code, column.period), None if measured else Decimal(0))
    if sensitive and value is not None and 0 < value < SMALL:
        return Cell(None, State.SUPPRESSED)
    return Cell(
        value.quantize(Decimal("0.1"), ROUND_HALF_UP) if value is not None and measured else value, State.FIGURE
    )


def _ratio(part: Cell, whole: Cell) -> Cell:
    if part.value is None or not whole.value:
        return Cell(None, State.EMPTY)
    return Cell((part.value * 100 / whole.value).quantize(Decimal("0.1"), ROUND_HALF_UP), State.FIGURE)


def _mismatches(definition: FormDefinition, cells: Mapping[tuple[str, str], Cell], unit: Unit) -> tuple[Mismatch, ...]:
    """Identities that do not hold, wherever both sides are figures."""
    found = []
    for identity in definition.identities:
        if identity.root_only and unit.depth > 1:
            continue
        by_row = identity.axis == "rows"
        others = definition.columns if by_row else tuple(r for r in definition.rows if not r.heading and not r.measure)
        for other in others:
            if other.ratio:
                continue
            left, right = (_side(side, other.code, by_row, cells) for side in identity.sides)
            if left is not None and right is not None and left != right:
                found.append(Mismatch(identity.text, f"{'cột' if by_row else 'dòng'} {other.code}", left, right))
    return tuple(found)


def _side(
    terms: Sequence[tuple[int, str]], other: str, by_row: bool, cells: Mapping[tuple[str, str], Cell]
) -> Decimal | None:
    values = [(sign, cells[(code, other) if by_row else (other, code)].value) for sign, code in terms]
    if any(v is None for _, v in values):
        return None
    return sum((sign * v for sign, v in values if v is not None), Decimal(0))


def _plain(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
