"""A sheet as people draw it, without a file: headers by their text, rows that are no data."""

from __future__ import annotations

from typing import Any

import pytest

from sources.connectors.sheet import Sheet

COLUMNS = {
    "source_key": "Mã",
    "full_name": "Họ và tên",
    "admission_date": "Ngày / vào Đảng",
    "official_date": "chính thức",
}


def read(rows: list[list[Any]], merged: Any = (), columns: dict[str, str] = COLUMNS) -> tuple[Sheet, list[list[Any]]]:
    sheet = Sheet(iter(rows), merged)
    header = sheet.header(columns, dict.fromkeys(columns, ()))
    assert header is not None
    return sheet, [
        [number, *[texts[i] if i < len(texts) else None for i in header.found.values()]]
        for number, texts in sheet.data(header)
    ]


def test_a_header_of_three_rows_under_merged_parents() -> None:
    rows = [
        ["", "", "", ""],
        ["Mã", "Họ và tên", "Ngày", ""],
        ["", "", "vào Đảng", ""],
        ["", "", "dự bị", "chính thức"],
        ["1", "A", "01/02/2000", "01/02/2001"],
    ]
    merged = [((1, 0), (3, 0)), ((1, 1), (3, 1)), ((1, 2), (1, 3)), ((2, 2), (2, 3))]
    columns = {**COLUMNS, "admission_date": "Ngày / vào Đảng / dự bị", "official_date": "Ngày vào Đảng chính thức"}
    assert read(rows, merged, columns)[1] == [[5, "1", "A", "01/02/2000", "01/02/2001"]]


def test_columns_may_stand_in_any_order() -> None:
    rows = [["chính thức", "Mã", "Ngày vào Đảng", "HỌ VÀ TÊN"], ["b", "1", "a", "A"]]
    assert read(rows)[1] == [[2, "1", "A", "a", "b"]]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (["1", "2", "3", "4"], "number"),
        (["A", "B", "1", "2(=1+3)"], "number"),
        (["(1)", "(2)", "(3)", "(4)"], "number"),
        (["", "", "", "Đơn vị tính: người"], "unit"),
        (["", "Tổng cộng", "12", ""], "total"),
        (["Cộng", "", "", "12"], "total"),
        (["", "Tổng số:", "", "12"], "total"),
        (["II", "Khối chính quyền", "", ""], "section"),
        (["", "Chi bộ thôn Đông", "", ""], "section"),
        (["", "Nơi nhận:", "", "BÍ THƯ"], "signature"),
        (["", "", "", "Thanh Hóa, ngày 3 tháng 1 năm 2026"], "signature"),
        (["", "Người lập biểu", "", "T/M BAN THƯỜNG VỤ"], "signature"),
    ],
)
def test_rows_that_are_no_data(row: list[str], kind: str) -> None:
    sheet, data = read([list(COLUMNS.values()), row, ["7", "B", "x", "y"]])
    assert dict(sheet.skipped) == {kind: 1}
    assert data == [[3, "7", "B", "x", "y"]]


@pytest.mark.parametrize(
    "row",
    [
        ["5", "Cộng Hòa", "", ""],
        ["5", "Tổng công ty Sông Đà", "x", "y"],
        ["5", "Bí thư", "01/02/2000", "y"],
        ["1", "2", "", ""],
        ["6", "", "", ""],
        ["", "Lê Văn C", "01/02/2000", "y"],
        ["V", "Nguyễn Văn Năm", "01/02/2000", ""],
    ],
)
def test_rows_that_look_odd_and_are_data(row: list[str]) -> None:
    sheet, data = read([list(COLUMNS.values()), ["4", "A", "x", "y"], row])
    assert not sheet.skipped
    assert len(data) == 2


def test_data_below_a_signature_is_not_lost() -> None:
    sheet, data = read([list(COLUMNS.values()), ["", "Người lập", "", ""], ["", "Nguyễn Văn A"], ["9", "B", "x", "y"]])
    assert dict(sheet.skipped) == {"signature": 2}
    assert [row[1] for row in data] == ["9"]


def test_a_cell_merged_downwards_stands_for_each_row() -> None:
    rows = [list(COLUMNS.values()), ["1", "A", "x", "y"], ["2", "", "x", "z"], ["3", "", "x", "z"]]
    sheet, data = read(rows, [((1, 1), (2, 1))])
    assert [row[2] for row in data] == ["A", "A", None]
    assert sheet.filled == 1


def test_no_header() -> None:
    sheet = Sheet(iter([["Hướng dẫn"], ["Đọc kỹ trước khi điền"]]), ())
    assert sheet.header(COLUMNS, {}) is None
