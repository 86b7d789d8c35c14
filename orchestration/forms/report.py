"""A form made for one unit and one period: its figures, what is wrong with them, and what stands behind each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from orchestration.forms.cells import SMALL, Cell, Mismatch, State, find_mismatches, make_cells
from orchestration.forms.definition import FormDefinition, load_form
from orchestration.forms.period import FormError, Period, parse_period
from orchestration.forms.query import cell_records, count_cells, may_count_minority
from orchestration.sql_session import ENGINEER, STAFF, SqlError, reading_session


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
        return [*notes, *(f"Chưa thu thập: {reason}." for reason in self.reasons), *d.notes]

    @property
    def reasons(self) -> list[str]:
        """Why figures are not collected, each reason once in the order of the lines."""
        rows, columns = self.definition.rows, self.definition.columns
        never = [line.missing for line in (*rows, *columns) if line.missing]
        # a column by ethnicity is empty for readers who may not count by it, whatever the sources sent
        shown = [c for c in columns if not (c.missing or c.sensitive or c.period > 1)]
        lines: dict[str, list[str]] = {}
        for row in rows:
            empty = any(self.cells[row.code, c.code].state is State.NOT_COLLECTED for c in shown)
            if row.without and empty and not (row.missing or row.sensitive):
                lines.setdefault(row.without, []).append(row.code)
        where = {r: "" if self.is_blank else f" (dòng {', '.join(codes)})" for r, codes in lines.items()}
        return list(dict.fromkeys([*never, *(reason + where[reason] for reason in lines)]))

    @property
    def is_blank(self) -> bool:
        """Whether the form has not one figure, so that the reason belongs on its face."""
        return all(c.state in {State.NOT_COLLECTED, State.EMPTY} for c in self.cells.values())

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
    with _session(url, ENGINEER, release) as connection:
        number, business_date = _release(connection, release)
        unit = _unit(connection, organisation)
        if span.start > business_date:
            raise FormError(
                f"Kỳ {span.code} chưa bắt đầu vào ngày {business_date:%d/%m/%Y}, ngày của bản phát hành {number}."
            )
        figures, unknown = count_cells(connection, definition, unit.organisation_id, _periods(definition, span))
        cells = make_cells(definition, figures, unknown, may_count_minority(connection))
    as_of = min(span.last_day, business_date)
    return Report(definition, unit, span, as_of, number, cells, find_mismatches(definition, cells, unit.depth))


def list_records(
    url: str, form: str, organisation: str, period: str, *, cell: str, release: int | None = None
) -> list[dict[str, object]]:
    """The records behind one figure, named `line.column` such as `B2.1`, as staff may see them. Raises FormError."""
    definition, span = load_form(form), parse_period(period)
    row_code, _, column_code = cell.rpartition(".")
    if not row_code:
        raise FormError(f"Không có ô {cell!r}: ghi dòng rồi cột, cách nhau dấu chấm, như B2.1.")
    row, column = definition.row(row_code), definition.column(column_code)
    if row.sensitive or column.sensitive:
        raise FormError(
            f"Ô {cell} đếm theo dân tộc: số liệu này chỉ hiển thị tổng số, không bao giờ liệt kê từng người."
        )
    with _session(url, STAFF, release) as connection:
        unit = _unit(connection, organisation)
        return cell_records(connection, definition, (row, column), unit.organisation_id, _periods(definition, span))


@contextmanager
def _session(url: str, role: str, release: int | None) -> Iterator[psycopg.Connection]:
    try:
        with reading_session(url, role, release) as connection:
            yield connection
    except SqlError:
        raise FormError(f"Không có bản phát hành số {release}: xem lienthong release list.") from None


def _periods(definition: FormDefinition, span: Period) -> Sequence[Period]:
    return (span, span.year_before) if definition.compares else (span,)


def _release(connection: psycopg.Connection, release: int | None) -> tuple[int, date]:
    found = connection.execute(
        """
        select release_no, business_date from published.release
        where release_no = %(n)s or %(n)s is null and is_current
        """,
        {"n": release},
    ).fetchone()
    if found is None:
        raise FormError("Chưa có bản phát hành nào: chạy lienthong nightly.")
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
        raise FormError(f"Không có tổ chức đảng {organisation!r}: ghi mã tổ chức, hai chữ số của tỉnh, hoặc T1 đến T6.")
    return Unit(*found)


def _plain(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
