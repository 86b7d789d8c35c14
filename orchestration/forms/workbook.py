"""Forms as printed: A4 landscape, title block, merged headings, number row, lines with indents, notes, signatures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestration.forms.definition import Line
from orchestration.forms.report import Cell, Report, State

#: Vietnamese separators where the reader's spreadsheet follows the format's language.
WHOLE, DECIMAL = "[$-42A]#,##0", "[$-42A]#,##0.0"
A4 = 9
FIRST_FIGURE = 2  # two columns before: number of the line and its label


def write_workbook(report: Report, path: Path) -> None:
    """Write one form to an .xlsx file. Text is written as text, whatever it begins with."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": f"{report.definition.number} - {report.definition.title}"})
        _Sheet(book, report).write()


class _Sheet:
    def __init__(self, book: Any, report: Report) -> None:
        self.report, self.definition = report, report.definition
        self.sheet = book.add_worksheet(f"Biểu {report.definition.form}")
        self.last = FIRST_FIGURE + len(self.definition.columns) - 1
        self.formats = _formats(book)

    def write(self) -> None:
        """Lay out the whole sheet from the top."""
        self._page()
        head = self._title()
        body = self._headings(head)
        end = self._lines(body)
        end = self._notes(end + 1)
        end = self._signatures(end + 1)
        self.sheet.repeat_rows(head, body - 1)
        self.sheet.freeze_panes(body, FIRST_FIGURE)
        self.sheet.print_area(0, 0, end, self.last)

    def _page(self) -> None:
        self.sheet.set_landscape()
        self.sheet.set_paper(A4)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
        self.sheet.set_footer("&L" + self.definition.number + "&RTrang &P/&N")
        wide = 14 if len(self.definition.columns) < 8 else 10
        self.sheet.set_column(0, 0, 9)
        self.sheet.set_column(1, 1, 52)
        self.sheet.set_column(FIRST_FIGURE, self.last, wide)

    def _title(self) -> int:
        """Title block; returns the first row of the headings."""
        d, r = self.definition, self.report
        self.sheet.write_string(0, 0, d.number, self.formats["strong"])
        self._across(0, "ĐẢNG CỘNG SẢN VIỆT NAM", "right")
        self.sheet.write_string(1, 0, f"Ban hành theo {d.legal_basis}", self.formats["small"])
        self.sheet.write_string(2, 0, f"Đơn vị báo cáo: {r.unit.name} ({r.unit.code})", self.formats["plain"])
        self.sheet.merge_range(3, 0, 3, self.last, d.title.upper(), self.formats["title"])
        span = f"từ ngày {r.period.start:%d/%m/%Y} đến ngày {r.period.last_day:%d/%m/%Y}"
        line = f"Kỳ báo cáo: {r.period.label} ({span}); số liệu tính đến ngày {r.as_of:%d/%m/%Y}"
        self.sheet.merge_range(4, 0, 4, self.last, line, self.formats["centre"])
        row = 5
        warnings = [] if d.layout_confirmed else ["Bố cục biểu chưa được xác nhận với bản chính thức"]
        if r.is_blank:
            warnings.append(f"Biểu chưa có số liệu: {'; '.join(r.reasons)}")
        if r.mismatches:
            warnings.append(f"Có {len(r.mismatches)} đẳng thức không khớp, xem cuối biểu")
        if warnings:
            self.sheet.merge_range(row, 0, row, self.last, "; ".join(warnings), self.formats["warning"])
            row += 1
        self._across(row, f"Đơn vị tính: {d.unit}", "unit")
        return row + 1

    def _across(self, row: int, text: str, style: str) -> None:
        first = max(FIRST_FIGURE, self.last - 3)
        if first == self.last:
            self.sheet.write_string(row, first, text, self.formats[style])
        else:
            self.sheet.merge_range(row, first, row, self.last, text, self.formats[style])

    def _headings(self, top: int) -> int:
        """Merged headings and the row of column numbers; returns the first row of the body."""
        columns = self.definition.columns
        depth = max(len(c.path) for c in columns)
        head = self.formats["head"]
        for column, label in ((0, "TT"), (1, "Chỉ tiêu")):
            self._box((top, column), (top + depth - 1, column), label, head)
        for level in range(depth):
            for first, last in _groups(columns, level):
                path = columns[first].path
                if level < len(path) - 1:
                    self._box(
                        (top + level, FIRST_FIGURE + first), (top + level, FIRST_FIGURE + last), path[level], head
                    )
                elif level == len(path) - 1:
                    bottom = top + depth - 1
                    self._box((top + level, FIRST_FIGURE + first), (bottom, FIRST_FIGURE + first), path[level], head)
        numbers = top + depth
        for column, text in enumerate(("A", "B", *(_number(c) for c in columns))):
            self.sheet.write_string(numbers, column, text, self.formats["number"])
        return numbers + 1

    def _box(self, start: tuple[int, int], end: tuple[int, int], text: str, style: Any) -> None:
        if start == end:
            self.sheet.write_string(*start, text, style)
        else:
            self.sheet.merge_range(*start, *end, text, style)

    def _lines(self, top: int) -> int:
        for row, line in enumerate(self.definition.rows, top):
            strong = line.level == 0
            self.sheet.write_string(row, 0, line.code, self.formats["code_strong" if strong else "code"])
            label = self.formats["label_strong"] if strong else self.formats[f"label{min(line.level, 4)}"]
            self.sheet.write_string(row, 1, line.label, label)
            for column, of in enumerate(self.definition.columns, FIRST_FIGURE):
                self._cell((row, column), self.report.cells[line.code, of.code], strong)
        return top + len(self.definition.rows)

    def _cell(self, at: tuple[int, int], cell: Cell, strong: bool) -> None:
        if cell.value is None:
            style = "gap" if cell.state in {State.NOT_COLLECTED, State.SUPPRESSED} else "whole"
            self.sheet.write_string(*at, cell.text, self.formats[style])
            return
        style = "whole" if cell.value.as_tuple().exponent == 0 else "decimal"
        self.sheet.write_number(*at, float(cell.value), self.formats[style + ("_strong" if strong else "")])

    def _notes(self, top: int) -> int:
        row = top
        self.sheet.write_string(row, 0, "Ghi chú:", self.formats["strong"])
        for n, note in enumerate(self.report.notes):
            row += 1
            style = self.formats["note_warning" if n < len(self.report.mismatches) else "note"]
            self.sheet.merge_range(row, 0, row, self.last, f"- {note}", style)
        row += 1
        source = f"- Nguồn: bản phát hành số {self.report.release}; biểu phiên bản {self.definition.version}."
        self.sheet.merge_range(row, 0, row, self.last, source, self.formats["note"])
        return row + 1

    def _signatures(self, top: int) -> int:
        self._across(top, "……, ngày …… tháng …… năm ……", "italic")
        self.sheet.write_string(top + 1, 1, "NGƯỜI LẬP BIỂU", self.formats["sign"])
        self._across(top + 1, "T/M BAN THƯỜNG VỤ", "sign")
        self.sheet.write_string(top + 2, 1, "(Ký, ghi rõ họ tên)", self.formats["italic"])
        self._across(top + 2, "(Ký tên, đóng dấu)", "italic")
        return top + 7


def _groups(columns: Sequence[Line], level: int) -> list[tuple[int, int]]:
    """First and last column of each run that shares its headings down to a level; leaves stand alone."""
    groups: list[tuple[int, int]] = []
    for n, column in enumerate(columns):
        leaf = level >= len(column.path) - 1
        if groups and not leaf and columns[groups[-1][1]].path[: level + 1] == column.path[: level + 1]:
            groups[-1] = (groups[-1][0], n)
        else:
            groups.append((n, n))
    return groups


def _number(column: Line) -> str:
    return f"{column.code}={column.ratio[0]}*100/{column.ratio[1]}" if column.ratio else column.code


def _formats(book: Any) -> dict[str, Any]:
    font = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter"}
    box = font | {"border": 1}
    wrap = {"text_wrap": True}
    styles: dict[str, dict[str, Any]] = {
        "plain": font,
        "strong": font | {"bold": True},
        "small": font | {"font_size": 9, "italic": True},
        "title": font | wrap | {"bold": True, "font_size": 14, "align": "center"},
        "centre": font | {"align": "center", "italic": True},
        "right": font | {"bold": True, "align": "right"},
        "unit": font | {"italic": True, "align": "right"},
        "italic": font | {"italic": True, "align": "center"},
        "sign": font | {"bold": True, "align": "center"},
        "warning": font | {"bold": True, "align": "center", "font_color": "#C00000"},
        "head": box | wrap | {"bold": True, "align": "center"},
        "number": box | {"italic": True, "align": "center", "font_size": 9},
        "code": box | {"align": "center"},
        "code_strong": box | {"align": "center", "bold": True},
        "label_strong": box | wrap | {"bold": True},
        "whole": box | {"num_format": WHOLE, "align": "right"},
        "whole_strong": box | {"num_format": WHOLE, "align": "right", "bold": True},
        "decimal": box | {"num_format": DECIMAL, "align": "right"},
        "decimal_strong": box | {"num_format": DECIMAL, "align": "right", "bold": True},
        "gap": box | wrap | {"italic": True, "align": "center", "font_size": 9, "font_color": "#7F7F7F"},
        "note": font | wrap | {"font_size": 10},
        "note_warning": font | wrap | {"font_size": 10, "font_color": "#C00000"},
    }
    styles |= {f"label{n}": box | wrap | {"indent": n} for n in range(1, 5)}
    return {name: book.add_format(style) for name, style in styles.items()}
