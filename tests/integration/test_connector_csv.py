"""CSV files as provinces send them: encodings, quotes, ragged rows, and what is wrong with some of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.extracting import Taken, refused, take
from tests.unit.test_connector_text import LETTERS, encode

COLUMNS = {"source_key": "Mã", "full_name": "Họ và tên", "other_name": "Bí danh"}
HEAD = "Mã;Họ và tên;Bí danh;Tôn giáo\n"


class Drop:
    """A folder where one file is dropped and taken from."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def put(self, content: bytes | str) -> None:
        data = content.encode() if isinstance(content, str) else content
        (self.folder / "dv.csv").write_bytes(data)

    def _arguments(self, record: dict[str, Any], system: dict[str, Any]) -> tuple[Any, ...]:
        settings_ = {"connector": "csv", "location": str(self.folder), **system}
        return self.url, settings_, "member", {"file": "dv.csv", "columns": COLUMNS, **record}

    def take(self, content: bytes | str, *, record: dict[str, Any] | None = None, **system: Any) -> Taken:
        self.put(content)
        return take(*self._arguments(record or {}, system))

    def refuse(self, content: bytes | str, *, record: dict[str, Any] | None = None, **system: Any) -> str:
        self.put(content)
        return refused(*self._arguments(record or {}, system)).sentence_vi


@pytest.fixture
def drop(warehouse_url: str, tmp_path: Path) -> Drop:
    folder = tmp_path / "nhan"
    folder.mkdir()
    return Drop(warehouse_url, folder)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1258", "tcvn3", "vni", "vps", "utf-16"])
def test_encodings(drop: Drop, encoding: str) -> None:
    text = HEAD + "1;Nguyễn Thị Hoà;Tư;x\n2;Đặng Văn Ước;;x\n"
    taken = drop.take(encode(text, encoding), encoding=encoding)
    assert taken.column("full_name") == ["Nguyễn Thị Hoà", "Đặng Văn Ước"]
    assert taken.column("other_name") == ["Tư", None]
    assert taken.column("row_no") == [2, 3]
    assert taken.delivery.dropped_columns == ["Tôn giáo"]
    assert taken.delivery.missing_columns == []
    assert taken.delivery.warnings == []


def test_one_column_in_another_encoding(drop: Drop) -> None:
    row = encode("1;", "utf-8") + encode("Nguyễn Văn Ẩn", "vni") + encode(";Tư Đờn;x\n", "utf-8")
    taken = drop.take(HEAD.encode() + row, record={"encodings": {"full_name": "vni"}})
    assert (taken.column("full_name"), taken.column("other_name")) == (["Nguyễn Văn Ẩn"], ["Tư Đờn"])


def test_a_byte_order_mark_overrules_the_declaration(drop: Drop) -> None:
    taken = drop.take(encode(HEAD + "1;Nguyễn Văn A;;x\n", "utf-8-sig"), encoding="tcvn3")
    assert taken.column("full_name") == ["Nguyễn Văn A"]
    assert taken.warned("khai báo bảng mã tcvn3", "utf-8")


def test_mixed_encodings_lose_no_row_and_no_byte(drop: Drop) -> None:
    mixed = (HEAD + "1;Nguyễn Văn A;;x\n").encode() + encode("2;Trần Thị Bé;;x\n", "tcvn3")
    taken = drop.take(mixed)
    assert taken.column("source_key") == ["1", "2"]
    assert taken.column("full_name") == ["Nguyễn Văn A", r"Tr\xC7n Th\xDE B\xD0"]
    assert taken.warned("3 byte không đọc được theo bảng mã utf-8")


def test_nul_bytes(drop: Drop) -> None:
    taken = drop.take(HEAD.encode() + b"1;Nguy\0n;;x\n2;B;;x\n")
    assert taken.column("full_name") == [r"Nguy\x00n", "B"]
    assert taken.warned("1 byte NUL")


def test_mojibake_is_told(drop: Drop) -> None:
    broken = "Nguyễn Đức".encode().decode("cp1252", "replace").replace("\ufffd", "")
    taken = drop.take(HEAD + f"1;{broken};;x\n")
    assert taken.column("full_name") == [broken]
    assert taken.warned("UTF-8 bị đọc nhầm")


def test_ragged_rows_land_with_what_they_have(drop: Drop) -> None:
    taken = drop.take(HEAD + "1;A\n2;B;C;x;thừa\n3;D;;x\n\n4;E;;x\n")
    assert [(r["row_no"], r["source_key"], r["other_name"]) for r in taken.rows] == [
        (2, "1", None), (3, "2", "C"), (4, "3", None), (6, "4", None),
    ]  # fmt: skip
    assert taken.warned("2 dòng có số ô khác dòng tiêu đề")


def test_quotes_and_embedded_line_breaks(drop: Drop) -> None:
    taken = drop.take(HEAD + '1;"Nguyễn; ""Tư""\nVăn A";;x\r\n2;B;;x\r\n')
    assert taken.column("full_name") == ['Nguyễn; "Tư"\nVăn A', "B"]
    assert taken.column("row_no") == [2, 3]


@pytest.mark.parametrize("closing", ["", '5;E";;x\n'])
def test_a_quote_never_closed_swallows_no_row(drop: Drop, closing: str) -> None:
    sentence = drop.refuse(HEAD + '1;A;;x\n2;"B;;x\n3;C;;x\n4;D;;x\n' + closing)
    assert "tệp dv.csv, dòng 3: dấu nháy kép mở mà không đóng" in sentence


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(drop: Drop, delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(
        [["Mã", "Họ và tên", "Bí danh"], ["1", "A, B; C", "x"], ["2", "D", "y|z"]]
    )
    assert drop.take(out.getvalue()).column("full_name") == ["A, B; C", "D"]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n  \r\n"])
def test_an_empty_file(drop: Drop, content: bytes) -> None:
    assert "tệp dv.csv rỗng" in drop.refuse(content)


def test_a_header_without_rows_is_a_delivery_of_nothing(drop: Drop) -> None:
    assert drop.take(HEAD).delivery.delivered == 0


def test_no_header_says_what_was_found(drop: Drop) -> None:
    sentence = drop.refuse("Tỉnh;Huyện\n1;2\n")
    assert "không thấy dòng tiêu đề có “Mã”" in sentence
    assert "“Tỉnh”" in sentence


def test_a_missing_column_is_named_with_what_is_near(drop: Drop) -> None:
    taken = drop.take("Mã;Họ và tên;Bí danh 2\n1;A;B\n")
    assert taken.delivery.missing_columns == ["other_name"]
    assert taken.warned("“Bí danh” (other_name)", "“Bí danh 2”")


def test_a_title_above_the_header(drop: Drop) -> None:
    taken = drop.take("DANH SÁCH ĐẢNG VIÊN;;;\n;;;\n" + HEAD + "1;A;;x\n")
    assert taken.column("row_no") == [4]


def test_a_source_code_of_another_province_is_reported(drop: Drop) -> None:
    text = "Mã;Họ và tên;Bí danh;Tỉnh\n1;A;;38\n2;B;;40\n"
    assert drop.take(text, record={"source_code": {"column": "Tỉnh"}}).delivery.declared_source == "40"


def test_a_delta_by_file(drop: Drop) -> None:
    text = "Mã;Họ và tên;Bí danh;Sửa lúc;Xóa\n1;A;;2026-01-01;0\n2;B;;2026-01-03;1\n3;C;;2026-01-02;\n"
    drop.put(text)
    delta = {"mode": "delta", "cursor": "Sửa lúc", "deleted": "Xóa"}
    url, system, record, mapping = drop._arguments(delta, {})
    taken = take(url, system, record, mapping, since="2026-01-01")
    assert [(r["source_key"], r["deleted"]) for r in taken.rows] == [("2", True), ("3", False)]
    assert taken.delivery.watermark == "2026-01-03"
    assert taken.delivery.dropped_columns == []


def test_an_unknown_encoding(drop: Drop) -> None:
    assert "bảng mã “ebcdic” không có" in drop.refuse(HEAD, encoding="ebcdic")


SIGNS = "\"'\\\t;,|\n"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1258", "tcvn3", "vni", "vps", "utf-16"])
def test_any_table_comes_back_cell_for_cell(drop: Drop, encoding: str) -> None:
    # TCVN3 does not tell toned capitals from small letters, so its tables are written small.
    cell = st.text(alphabet=LETTERS + SIGNS + ("" if encoding == "tcvn3" else "ABCXYZ"), max_size=12)

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(cell, cell), min_size=1, max_size=20))
    def check(cells: list[tuple[str, str]]) -> None:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["Mã", "Họ và tên", "Bí danh"])
        # Three columns of which one is short, so that no text with line breaks looks like swallowed rows.
        rows = [(str(i), a.replace(";", ","), b.replace(";", ",")) for i, (a, b) in enumerate(cells)]
        writer.writerows(rows)
        taken = drop.take(encode(out.getvalue(), encoding), encoding=encoding, delimiter=";")
        landed = [(r["source_key"], r["full_name"] or "", r["other_name"] or "") for r in taken.rows]
        assert landed == rows

    check()
