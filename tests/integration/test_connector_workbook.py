"""Workbooks as boards send them, and those that would bring a reader down."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile

from tests.extracting import Taken, refused, take

COLUMNS = {
    "source_key": "Mã dòng", "agency_code": "Mã đơn vị", "present": "Biên chế / Hiện có / Tổng số",
    "counted_on": "Tính đến ngày", "category": "Loại",
}  # fmt: skip
FLAT = {**COLUMNS, "present": "Hiện có"}


class Drop:
    """A folder with one workbook."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.path = url, folder, folder / "bien_che.xlsx"

    def _arguments(self, record: dict[str, Any]) -> tuple[Any, ...]:
        system = {"connector": "workbook", "location": str(self.folder)}
        return self.url, system, "headcount", {"file": self.path.name, "columns": FLAT, **record}

    def take(self, limits: dict[str, Any] | None = None, **record: Any) -> Taken:
        return take(*self._arguments(record), **limits or {})

    def refuse(self, limits: dict[str, Any] | None = None, **record: Any) -> str:
        return refused(*self._arguments(record), **limits or {}).sentence_vi

    def table(self, more: Callable[[Any], None] = lambda sheet: None) -> None:
        """A plain table of three rows, and something more on its sheet."""
        book = xlsxwriter.Workbook(self.path)
        sheet = book.add_worksheet("Biểu")
        sheet.write_row(0, 0, list(FLAT.values()))
        for row in range(1, 4):
            sheet.write_row(row, 0, [f"K{row}", f"DV{row}", row, "31/12/2025", "CC"])
        more(sheet)
        book.close()


@pytest.fixture
def drop(warehouse_url: str, tmp_path: Path) -> Drop:
    folder = tmp_path / "nhan"
    folder.mkdir()
    return Drop(warehouse_url, folder)


def form(path: Path) -> None:
    """A staffing form with everything around the table that such forms have."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Biểu 1")
    sheet.write(0, 0, "TỈNH ỦY THANH HÓA")
    sheet.write(1, 2, "38")
    sheet.merge_range(2, 1, 2, 7, "BIỂU BIÊN CHẾ CÁC CƠ QUAN")
    sheet.write(3, 7, "Đơn vị tính: người")
    for column, text in ((1, "STT"), (2, "Mã dòng"), (3, "Mã\nđơn vị"), (7, "Tính đến\nngày")):
        sheet.merge_range(4, column, 6, column, text)
    sheet.merge_range(4, 4, 4, 6, "Biên chế")
    sheet.merge_range(5, 4, 6, 4, "Loại")
    sheet.merge_range(5, 5, 5, 6, "Hiện có")
    sheet.write_row(6, 5, ["Tổng số", "Trong đó nữ"])
    sheet.write_row(7, 1, ["A", "B", "C", "1", "2(=3+4)", "3", "4"])
    sheet.write_row(8, 1, ["I", "Khối Đảng"])
    date = book.add_format({"num_format": "dd/mm/yyyy"})
    for i in range(1, 4):
        sheet.write_row(8 + i, 1, [i, f"K{i}", f"DV{i}", "CC", i * 10, i])
        sheet.write_datetime(8 + i, 7, dt.datetime(2025, 12, 31), date)
    sheet.merge_range(12, 1, 12, 4, "Tổng cộng")
    sheet.write(12, 5, 60)
    sheet.write_row(14, 1, ["Nơi nhận:", "", "", "", "", "Thanh Hóa, ngày 3 tháng 1 năm 2026"])
    sheet.write_row(15, 1, ["- Như trên;", "", "", "", "", "TRƯỞNG BAN"])
    sheet.write(18, 6, "Nguyễn Văn A")
    hidden = book.add_worksheet("Nháp")
    hidden.write_row(0, 0, list(FLAT.values()))
    hidden.write_row(1, 0, ["K9", "DV9", 9, "31/12/2025", "VC"])
    hidden.hide()
    book.add_worksheet("Hướng dẫn").write(0, 0, "Đọc kỹ trước khi điền")
    book.close()


def test_a_form_with_merged_header_numbers_totals_and_signatures(drop: Drop) -> None:
    form(drop.path)
    taken = drop.take(columns=COLUMNS, sheets="*", source_code={"cell": "C2"})
    keys = ("row_no", "sheet", "source_key", "agency_code", "present", "counted_on", "category")
    assert [tuple(r[k] for k in keys) for r in taken.rows] == [
        (9 + i, "Biểu 1", f"K{i}", f"DV{i}", str(i * 10), "2025-12-31", "CC") for i in (1, 2, 3)
    ]
    assert taken.delivery.dropped_columns == ["STT", "Biên chế Hiện có Trong đó nữ"]
    assert taken.delivery.missing_columns == []
    assert taken.delivery.declared_source == "38"
    assert taken.warned("1 dòng đánh số cột", "1 dòng cộng", "1 dòng tiêu đề mục", "3 dòng phần ký")
    assert taken.warned("trang ẩn “Nháp”")
    assert taken.warned("trang “Hướng dẫn” không có dòng tiêu đề")


def test_a_hidden_sheet_is_read_when_it_is_declared(drop: Drop) -> None:
    form(drop.path)
    assert drop.take(sheets=["Nháp"]).column("source_key") == ["K9"]


def test_xls(drop: Drop) -> None:
    drop.path = drop.folder / "bien_che.xls"
    book = xlwt.Workbook()
    sheet = book.add_sheet("Biểu")
    sheet.write_merge(0, 0, 0, 4, "BIỂU BIÊN CHẾ")
    for column, text in enumerate(FLAT.values()):
        sheet.write(2, column + 1, text)
        sheet.write(3, column + 1, [f"K{column}", "DV1", 7, "31/12/2025", "CC"][column])
    book.save(str(drop.path))
    taken = drop.take()
    assert [(r["row_no"], r["source_key"], r["present"]) for r in taken.rows] == [(4, "K0", "7")]


def test_a_header_that_is_not_there_says_what_is_near(drop: Drop) -> None:
    drop.table()
    columns = {"source_key": "Mã số", "long_leave": "Cơ quan", "concurrent": "Hiện có mặt"}
    sentence = drop.refuse(columns=columns)
    assert "không thấy dòng tiêu đề có “Mã số”, “Cơ quan”" in sentence
    assert "trang “Biểu” có" in sentence
    assert "“Hiện có”" in sentence


def test_one_missing_column(drop: Drop) -> None:
    drop.table()
    taken = drop.take(columns={**FLAT, "concurrent": "Loại hình kiêm nhiệm"})
    assert taken.delivery.missing_columns == ["concurrent"]
    assert taken.delivery.delivered == 3


def test_no_such_sheet(drop: Drop) -> None:
    drop.table()
    assert "không có trang nào tên “Biểu 9”; tệp có “Biểu”" in drop.refuse(sheets="Biểu 9")


@pytest.mark.parametrize("stray", [(1048575, 16383), (1048575, 0), (299, 16383)])
def test_a_stray_cell_far_out_is_refused_by_its_address(drop: Drop, stray: tuple[int, int]) -> None:
    drop.table(lambda sheet: sheet.write(*stray, "x"))
    sentence = drop.refuse()
    assert "có ô lạc" in sentence
    assert ("XFD" if stray[1] else "A1048576") in sentence
    assert "xóa nội dung ô đó" in sentence


def test_a_stray_cell_in_the_last_column_of_a_small_sheet_is_a_warning(drop: Drop) -> None:
    drop.table(lambda sheet: sheet.write(0, 16383, "x"))
    taken = drop.take()
    assert taken.delivery.delivered == 3
    assert taken.warned("ô lạc XFD1")


def test_a_million_empty_rows_are_left_out(drop: Drop) -> None:
    drop.table()
    with zipfile.ZipFile(drop.path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    empty = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (row, row) for row in range(5, 1_048_577))
    parts[sheet] = parts[sheet].replace(b"</sheetData>", empty + b"</sheetData>")
    with zipfile.ZipFile(drop.path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    taken = drop.take()
    assert taken.delivery.delivered == 3
    assert taken.warned("1048572 dòng trống đã định dạng")


def test_a_zip_bomb(drop: Drop) -> None:
    drop.table()
    with zipfile.ZipFile(drop.path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.xml", b"0" * (120 << 20))
    assert "giải nén ra 120 MB" in drop.refuse()


def test_a_stray_cell_in_an_old_workbook_ends_only_its_own_process(drop: Drop) -> None:
    drop.path = drop.folder / "bien_che.xls"
    book = xlwt.Workbook()
    sheet = book.add_sheet("Biểu")
    sheet.write(0, 0, "Mã dòng")
    sheet.write(65535, 255, "x")
    book.save(str(drop.path))
    sentence = drop.refuse({"memory_mb": 256})
    assert "dừng đột ngột" in sentence
    assert "ô lạc ở cuối trang tính" in sentence


def test_a_truncated_zip(drop: Drop) -> None:
    drop.table()
    drop.path.write_bytes(drop.path.read_bytes()[:3000])
    assert "tệp bien_che.xlsx bị hỏng hoặc chép chưa xong" in drop.refuse()


def test_a_broken_part_inside_a_whole_zip(drop: Drop) -> None:
    drop.table()
    content = bytearray(drop.path.read_bytes())
    start = content.index(b"xl/worksheets/sheet1.xml") + 40
    content[start : start + 20] = b"\0" * 20
    drop.path.write_bytes(content)
    assert "bị hỏng hoặc chép chưa xong" in drop.refuse()


def test_a_workbook_with_a_password(drop: Drop) -> None:
    drop.table()
    plain = io.BytesIO(drop.path.read_bytes())
    with drop.path.open("wb") as locked:
        OOXMLFile(plain).encrypt("bí mật", locked)
    assert "đặt mật khẩu; bỏ mật khẩu" in drop.refuse()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "rỗng (0 byte)"),
        (b"<html><table></table></html>", "là trang web hoặc XML đổi đuôi"),
        (b"Ma;Ten\n1;A\n", "không phải sổ tính Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "bị hỏng hoặc chép chưa xong"),
    ],
)
def test_files_that_are_no_workbook(drop: Drop, content: bytes, words: str) -> None:
    drop.path.write_bytes(content)
    assert words in drop.refuse()


def test_a_file_over_the_cap(drop: Drop) -> None:
    drop.table()
    with drop.path.open("ab") as file:
        file.write(b"\0" * (1 << 20))
    assert "lớn hơn 1 MB; chia nhỏ tệp" in drop.refuse({"file_mb": 1})


def test_formula_errors_are_counted(drop: Drop) -> None:
    drop.table(lambda sheet: sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!"))
    taken = drop.take()
    assert taken.column("present") == [None, "2", "3"]
    assert taken.warned("1 ô báo lỗi công thức")


TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=10)
CELLS = st.one_of(TEXTS, st.integers(-(10**14), 10**14), st.floats(-1e6, 1e6, allow_nan=False), st.booleans())


def test_any_table_comes_back_cell_for_cell(drop: Drop) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=20))
    def check(cells: list[tuple[Any, ...]]) -> None:
        book = xlsxwriter.Workbook(drop.path, {"strings_to_formulas": False, "strings_to_urls": False})
        sheet = book.add_worksheet("Biểu")
        sheet.write_row(0, 0, ["Mã dòng", "Mã đơn vị", "Hiện có", "Loại"])
        for row, values in enumerate(cells, 1):
            sheet.write_string(row, 0, f"K{row}")
            for column, value in enumerate(values, 1):
                write = sheet.write_string if isinstance(value, str) else sheet.write
                write(row, column, value)
        book.close()
        columns = {k: FLAT[k] for k in ("source_key", "agency_code", "present", "category")}
        taken = drop.take(columns=columns)
        landed = [(r["agency_code"], r["present"], r["category"]) for r in taken.rows]
        assert [tuple(map(same, row)) for row in landed] == [tuple(map(same, map(shown, row))) for row in cells]

    def shown(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return f"{value:.16G}" if isinstance(value, float) else str(value)

    def same(text: str | None) -> Any:
        if text and re.fullmatch(r"-?[\d.]+(E[-+]?\d+)?", text, re.IGNORECASE) and text.count(".") < 2 and text != ".":
            return pytest.approx(float(text), rel=1e-12)
        return text

    check()
