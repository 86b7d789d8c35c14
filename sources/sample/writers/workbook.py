"""Workbooks as boards keep them: title block, merged headings, number row, subtotals, signatures, hidden sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from sources.sample.writers.shaping import Shaped

ROWS_A_FILE = 12_000
SHEETS = 5
ROWS_WORTH_A_SHEET = 60
FIRST_ROW = 6
#: Records whose workbooks have a hidden sheet of choices.
WITH_LISTS = ("member", "cadre")
CHOICES = ("Nam", "Nữ", "Đang sinh hoạt Đảng", "Đã chuyển sinh hoạt")
#: Headings that boards put over neighbouring columns.
GROUPS = (
    ("Lý lịch", {"full_name", "other_name", "sex", "birth_date"}),
    ("Giấy tờ tùy thân, thẻ đảng",
     {"personal_id", "old_identity_no", "party_card_no", "old_party_card_no", "card_issue_date"}),
    ("Trình độ", {"general_education", "professional_education", "political_theory", "state_management"}),
    ("Ngạch, bậc", {"rank_code", "rank_step", "coefficient", "rank_from"}),
    ("Ngày vào Đảng, chính thức", {"admission_date", "admission_decision_date", "official_date", "readmission_date"}),
    ("Trong đó", {"seconded_in", "seconded_out", "concurrent", "long_leave", "retiring_within_year"}),
    ("Quyết định", {"decision_no", "decision_date"}),
    ("Số lượng đảng viên", {"reported_members", "reported_official", "reported_probationary"}),
)  # fmt: skip
SUMMED = {
    "assigned",
    "reserve",
    "present",
    "seconded_in",
    "seconded_out",
    "concurrent",
    "long_leave",
    "retiring_within_year",
}


@dataclass(frozen=True)
class Part:
    """The rows of one sheet: the group of communes they are of, the number of the first."""

    group: str
    rows: pl.DataFrame
    first: int


class Page(Protocol):
    """A sheet being written; rows and columns count from 0."""

    def put(self, row: int, column: int, value: Any) -> None:
        """Write one cell."""

    def merge(self, row: int, column: int, last_row: int, last_column: int, value: Any) -> None:
        """Write one merged cell."""


@dataclass(frozen=True)
class Layout:
    """Everything on a page but the rows: whose it is and on which day."""

    body: str
    title: str
    as_of: date
    #: Rows after which a subtotal stands; its typed-in numbers are off where `wrong_totals` says so.
    subtotal_every: int
    wrong_totals: bool


def _heading(page: Page, shaped: Shaped, columns: list[str]) -> int:
    """Two rows of headings and a row of column numbers; returns the first row of data."""
    top = FIRST_ROW
    page.merge(top, 0, top + 1, 0, "STT")
    at = 0
    while at < len(columns):
        over = next((name for name, fields in GROUPS if shaped.fields.get(columns[at]) in fields), None)
        last = at
        if over:
            fields = dict(GROUPS)[over]
            while last + 1 < len(columns) and shaped.fields.get(columns[last + 1]) in fields:
                last += 1
        if over and last > at:
            page.merge(top, at + 1, top, last + 1, over)
            for column in range(at, last + 1):
                page.put(top + 1, column + 1, columns[column])
        else:
            page.merge(top, at + 1, top + 1, at + 1, columns[at])
            last = at
        at = last + 1
    for column in range(len(columns) + 1):
        page.put(top + 2, column, _column_number(shaped, columns, column))
    return top + 3


def _column_number(shaped: Shaped, columns: list[str], column: int) -> str | int:
    """`4(=5+6)` over the total of a report, a plain number elsewhere."""
    fields = [shaped.fields.get(c) for c in columns]
    if column and fields[column - 1] == "reported_members" and fields[column : column + 1] == ["reported_official"]:
        return f"{column + 1}(={column + 2}+{column + 3})"
    return column + 1


def _cells(shaped: Shaped, part: pl.DataFrame) -> list[list[Any]]:
    """Rows as cells: dates and numbers typed where they can be read, text where they cannot."""
    columns: list[list[Any]] = []
    for name in part.columns:
        text, kind = part[name], shaped.type_of(name)
        if kind == "date":
            columns.append(_merged(text, text.str.to_date("%Y-%m-%d", strict=False)))
        elif kind in ("integer", "numeric"):
            columns.append(_merged(text, text.cast(pl.Float64, strict=False)))
        elif shaped.fields.get(name) == "personal_id":
            # Excel took these for numbers, so their leading zero is gone.
            lost = text.str.contains(r"^[1-9]\d{10}$").fill_null(False)
            columns.append(
                _merged(text, pl.select(pl.when(lost).then(text.cast(pl.Float64, strict=False))).to_series())
            )
        else:
            columns.append(text.to_list())
    return [list(row) for row in zip(*columns, strict=True)]


def _merged(text: pl.Series, typed: pl.Series) -> list[Any]:
    return [t if t is not None else raw for raw, t in zip(text.to_list(), typed.to_list(), strict=True)]


def fill(page: Page, shaped: Shaped, part: Part, layout: Layout) -> None:
    """Draw one sheet."""
    group, first_number = part.group, part.first
    columns = part.rows.columns
    width = len(columns)
    page.put(0, 0, layout.body.upper())
    page.put(0, max(width - 3, 3), "ĐẢNG CỘNG SẢN VIỆT NAM")
    page.put(1, 0, "BAN TỔ CHỨC")
    page.merge(3, 0, 3, width, f"{layout.title.upper()} - {group.upper()}")
    page.merge(4, 0, 4, width, f"(Số liệu tính đến ngày {layout.as_of:%d/%m/%Y})")
    row = _heading(page, shaped, columns)
    summed = [i for i, c in enumerate(columns) if shaped.fields.get(c) in SUMMED]
    sums = dict.fromkeys(summed, 0)
    for number, cells in enumerate(_cells(shaped, part.rows), first_number):
        page.put(row, 0, number)
        for column, value in enumerate(cells, 1):
            if value is not None:
                page.put(row, column, value)
        for i in summed:
            sums[i] += cells[i] if isinstance(cells[i], int | float) else 0
        row += 1
        if summed and (number - first_number + 1) % layout.subtotal_every == 0:
            row = _total(page, row, "Cộng", sums, layout.wrong_totals)
    row = _total(page, row, "Tổng cộng", sums if summed else {0: len(part.rows)}, layout.wrong_totals)
    page.put(row + 1, max(width - 3, 1), f"Ngày {layout.as_of.day} tháng {layout.as_of.month} năm {layout.as_of.year}")
    page.put(row + 2, 1, "NGƯỜI LẬP BIỂU")
    page.put(row + 2, max(width - 3, 2), "T/M BAN THƯỜNG VỤ")
    page.put(row + 3, 1, "(Ký, ghi rõ họ tên)")
    page.put(row + 3, max(width - 3, 2), "(Đã ký)")


def _total(page: Page, row: int, label: str, sums: dict[int, int], wrong: bool) -> int:
    page.put(row, 0, label)
    for position, (column, total) in enumerate(sums.items()):
        page.put(row, column + 1, total + (2 if wrong and position == 0 else 0))
    return row + 1


class _Xlsx:
    """A page of an .xlsx file."""

    def __init__(self, sheet: Any, formats: dict[str, Any]) -> None:
        self._sheet, self._formats = sheet, formats

    def put(self, row: int, column: int, value: Any) -> None:
        if isinstance(value, date):
            self._sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), self._formats["date"])
        elif isinstance(value, str):
            self._sheet.write_string(row, column, value)
        else:
            self._sheet.write_number(row, column, value)

    def merge(self, row: int, column: int, last_row: int, last_column: int, value: Any) -> None:
        self._sheet.merge_range(row, column, last_row, last_column, value, self._formats["head"])


class _Xls:
    """A page of an .xls file."""

    def __init__(self, sheet: Any, formats: dict[str, Any]) -> None:
        self._sheet, self._formats = sheet, formats

    def put(self, row: int, column: int, value: Any) -> None:
        if isinstance(value, date):
            # Excel's calendar begins in 1900; older days stay text.
            self._sheet.write(row, column, value, self._formats["date"]) if value.year > 1900 else self._sheet.write(
                row, column, f"{value:%d/%m/%Y}"
            )
        else:
            self._sheet.write(row, column, value)

    def merge(self, row: int, column: int, last_row: int, last_column: int, value: Any) -> None:
        self._sheet.write_merge(row, last_row, column, last_column, value)


def _parts(frame: pl.DataFrame) -> list[Part]:
    """Rows by groups of communes, one sheet each."""
    many = max(1, min(SHEETS, len(frame) // ROWS_WORTH_A_SHEET))
    size = -(-len(frame) // many) if len(frame) else 1
    starts = range(0, max(len(frame), 1), size)
    return [
        Part(f"Cụm {i}" if many > 1 else "Toàn đảng bộ", frame[start : start + size], start + 1)
        for i, start in enumerate(starts, 1)
    ]


def write_workbook(folder: Path, shaped: Shaped, layout: Layout) -> list[tuple[Path, pl.DataFrame]]:
    """Write one record, a new file after every `ROWS_A_FILE` rows; returns each file with its rows."""
    name = str(shaped.mapping.options["file"])
    written = []
    for number, start in enumerate(range(0, max(len(shaped.frame), 1), ROWS_A_FILE), 1):
        path = folder / name.replace("*", f"{number:02d}")
        rows = shaped.frame[start : start + ROWS_A_FILE]
        (_write_xls if path.suffix == ".xls" else _write_xlsx)(path, shaped, rows, layout)
        written.append((path, rows))
    return written


def _write_xlsx(path: Path, shaped: Shaped, rows: pl.DataFrame, layout: Layout) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as book:
        book.set_properties({"created": datetime(layout.as_of.year, layout.as_of.month, layout.as_of.day)})
        formats = {
            "date": book.add_format({"num_format": "dd/mm/yyyy"}),
            "head": book.add_format({"bold": True, "align": "center"}),
        }
        for part in _parts(rows):
            fill(_Xlsx(book.add_worksheet(part.group), formats), shaped, part, layout)
        if shaped.record in WITH_LISTS:
            lists = book.add_worksheet("Danh muc")
            lists.write_column(0, 0, CHOICES)
            lists.hide()


def _write_xls(path: Path, shaped: Shaped, rows: pl.DataFrame, layout: Layout) -> None:
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    style = xlwt.XFStyle()
    style.num_format_str = "DD/MM/YYYY"
    for part in _parts(rows):
        fill(_Xls(book.add_sheet(part.group), {"date": style}), shaped, part, layout)
    if shaped.record in WITH_LISTS:
        lists = book.add_sheet("Danh muc")
        for row, word in enumerate(CHOICES):
            lists.write(row, 0, word)
        lists.visibility = 1
    book.save(str(path))
