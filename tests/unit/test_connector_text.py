"""Decoding, headings and values: what connectors do to a single text."""

from __future__ import annotations

import datetime as dt
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from viparse.normalize.encodings import CHARMAPS

from sources.connectors.base import redact
from sources.connectors.headers import assign, plain
from sources.connectors.values import cell_text, is_true, to_text
from sources.text.decoding import ESCAPES, MOJIBAKE, canonical, decode, of_bytes, of_values, scrambled, unscrambled

VIETNAMESE = "Nguyễn Thị Hoà, đảng viên; xã Ẳng Cang, phường Ô Chợ Dừa"


def encode(text: str, encoding: str) -> bytes:
    """The other way, for tests: what a program with a legacy font would have written."""
    text = unicodedata.normalize("NFC", text)
    if encoding == "cp1258":
        out = b""
        for letter in text:
            try:
                out += letter.encode("cp1258")
            except UnicodeEncodeError:
                base, *marks = unicodedata.normalize("NFD", letter)
                shape = next((m for m in marks if m in "\u0302\u0306\u031b"), "")
                out += unicodedata.normalize("NFC", base + shape).encode("cp1258")
                out += "".join(m for m in marks if m != shape).encode("cp1258")
        return out
    if encoding in ("tcvn3", "vni"):
        back = {uni: legacy for legacy, uni in CHARMAPS[encoding].pairs}
        if encoding == "vni":
            back |= {"ẳ": "aú", "Ẳ": "AÚ"}
        return "".join(back.get(letter, letter) for letter in text).encode("cp1252")
    if encoding == "vps":
        back = {uni: legacy for legacy, uni in CHARMAPS["vps"].pairs}
        return "".join(back.get(letter, letter) for letter in text).encode("latin-1")
    return text.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1258", "vni", "vps"])
def test_a_declared_encoding_comes_back_composed(encoding: str) -> None:
    assert decode(encode(VIETNAMESE, encoding), encoding) == VIETNAMESE


def test_tcvn3_loses_the_case_of_toned_capitals_and_nothing_else() -> None:
    assert decode(encode("Nguyễn Thị Hoà, đảng viên", "tcvn3"), "tcvn3") == "Nguyễn Thị Hoà, đảng viên"
    assert encode("Hoà", "tcvn3") == b"Ho\xb5"
    assert decode(b"\xa7\xb6ng b\xe9", "tcvn3") == "Đảng bộ"


def test_capitals_that_tcvn3_hides_are_restored_where_the_word_proves_them() -> None:
    small = {c: c.lower() for c in "ÀÁẢÃẠẾỀỂỄỆÌÍỈĨỊỦÚÙŨỤỨỪỬỮỰẾỐỒỔỖỘÝ"}
    written = "HOÀNG XUÂN TIẾN, Hà Nội, ÁI QUỐC, Ủy ban, mã KV1à"
    hidden = "".join(small.get(c, c) for c in written)
    assert decode(encode(hidden, "tcvn3"), "tcvn3") == "HOÀNG XUÂN TIẾN, Hà Nội, ÁI QUỐC, ủy ban, mã KV1À"


LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ 0123456789,;"


@given(st.text(alphabet=LETTERS))
def test_every_vietnamese_letter_survives_every_encoding(text: str) -> None:
    for encoding in ("utf-8", "cp1258", "tcvn3", "vni", "vps"):
        assert decode(encode(text, encoding), encoding) == text


def test_bytes_that_the_encoding_does_not_have_are_kept_and_counted() -> None:
    before = ESCAPES.count
    assert decode(b"Nguy\xd4n V\xa8n A", "utf-8") == r"Nguy\xD4n V\xA8n A"
    assert ESCAPES.count - before == 2


def test_vps_as_it_stands_in_old_files() -> None:
    told = decode("NguyÍn ThÎ Hoà, Çäng viên".encode("latin-1"), "vps")
    assert told == "Nguyễn Thị Hoà, đảng viên"
    capitals = "NGUYỄN THỊ HẬU, ĐẶNG HỮU TRỰC, TRẦN MỸ LỘC, Ỵ ẸỆ ỊỌỢỤ ẪẬẠ"
    assert decode(encode(capitals, "vps"), "vps") == capitals


def test_names_of_encodings() -> None:
    assert canonical("UTF8") == canonical("utf_8") == "utf-8"
    assert canonical("TCVN3") == canonical("abc") == "tcvn3"
    assert canonical("ebcdic") is None


def test_utf8_read_as_cp1252_is_recognised() -> None:
    broken = "Nguyễn Văn Đức, đảng viên".encode().decode("cp1252", "replace")
    assert scrambled(broken)
    for clean in ("Nguyễn Văn Đức, Ãnh, Đảng viên", "Lê Hà", "XÃ\u00a0TÂN HÒA", "Nguyen Van A"):
        assert not scrambled(clean)
        assert unscrambled(clean) == clean


def as_windows_shows(data: bytes) -> str:
    """Bytes as a program shows them that takes each for a letter of Windows-1252."""
    return "".join(chr(b) if b in b"\x81\x8d\x8f\x90\x9d" else bytes([b]).decode("cp1252") for b in data)


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "vps"])
def test_letters_of_a_legacy_font_that_came_as_text(encoding: str) -> None:
    name = "Nguyễn Thị Hoà, đảng viên xã Ẳng Cang" if encoding != "tcvn3" else "Nguyễn Thị Hoà, đảng viên"
    convert = of_values(encoding)
    for stored in (as_windows_shows(encode(name, encoding)), encode(name, encoding).decode("latin-1")):
        assert [convert(stored), convert(stored), convert(stored * 40)] == [name, name, name * 40]
    assert convert("Trần Văn Đức, xã Hòa Bình") == "Trần Văn Đức, xã Hòa Bình", "Unicode already"


def test_scrambled_values_are_set_right_and_others_left() -> None:
    convert = of_values(MOJIBAKE)
    assert convert(as_windows_shows("Nguyễn Thị Hoà".encode())) == "Nguyễn Thị Hoà"
    assert convert("Nguyễn Thị Hoà") == "Nguyễn Thị Hoà"
    assert convert("Lê Hà") == "Lê Hà"


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "vps"])
@given(text=st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạắầệểịọộờợùủứựỳ "))
def test_a_legacy_column_in_a_utf8_file_may_be_bytes_or_letters(encoding: str, text: str) -> None:
    data = encode(text, encoding)
    assert of_bytes(data, encoding, in_unicode=False) == text
    shown = data.decode("cp1252" if encoding != "vps" else "latin-1")
    assert of_bytes(shown.encode(), encoding, in_unicode=True) == text


@pytest.mark.parametrize(
    ("heading", "same"),
    [
        ("Họ và tên", "HỌ VÀ  TÊN\n(*)"),
        ("Ngày vào Đảng chính thức", "Ngày / vào Ðảng / chính thức"),
        ("Khoá bản ghi", "Khóa bản ghi"),
        ("Uỷ viên", "Ủy viên"),
        ("Số CCCD", unicodedata.normalize("NFD", "Số CCCD")),
        ("Hiện có", "Hiện có (5)"),
    ],
)
def test_headings_that_are_the_same(heading: str, same: str) -> None:
    assert plain(heading) == plain(same)


def test_headings_that_are_not_the_same() -> None:
    assert plain("Ngày cấp") != plain("Ngày cập")
    assert plain("Quý") == "quý"


def test_the_declared_heading_wins_over_a_synonym_and_the_full_path_over_its_end() -> None:
    labels = [["Mã"], ["Ngày cấp"], ["Biên chế giao Nữ", "Nữ"], ["Có mặt Nữ", "Nữ"], ["Có mặt Tổng", "Tổng"]]
    columns = {"source_key": "Mã", "present": "Có mặt / Tổng", "assigned": "Nữ", "card_issue_date": "Ngày"}
    found = assign(labels, columns, {"card_issue_date": ("Ngày cấp",)})
    assert found == {"source_key": 0, "present": 4, "card_issue_date": 1}, "“Nữ” alone is two columns, so neither"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (38, "38"),
        (2.34, "2.34"),
        (Decimal("2.340"), "2.340"),
        (Decimal("1E+3"), "1000"),
        (True, "true"),
        (dt.date(1980, 1, 2), "1980-01-02"),
        (dt.datetime(1980, 1, 2, 3, 4, 5), "1980-01-02 03:04:05"),
        (b"H\xc3\xb2a \xff", r"Hòa \xFF"),
        ("a\0b", r"a\x00b"),
        ("\ud800", r"\uD800"),
        ({"xã": 1}, '{"xã": 1}'),
    ],
)
def test_values_as_text(value: object, text: str | None) -> None:
    assert to_text(value) == text


def test_cells_as_text() -> None:
    assert cell_text(38.0) == "38"
    assert cell_text(38123456789012.0) == "38123456789012"
    assert cell_text("") is None
    assert cell_text(dt.datetime(2020, 1, 2)) == "2020-01-02"
    assert cell_text(0.5) == "0.5"


def test_tombstones() -> None:
    assert all(is_true(v) for v in (1, "1", "true", "T", "Có", "x"))
    assert not any(is_true(v) for v in (0, None, "", "false", "không"))


def test_secrets_leave_messages() -> None:
    text = "postgresql://nop:mat%40khau@10.1.2.3/dv failed, Authorization: Bearer abc.def, token=xyz, chuoi-bi-mat"
    shown = redact(text, ("chuoi-bi-mat",))
    for secret in ("mat%40khau", "abc.def", "xyz", "chuoi-bi-mat"):
        assert secret not in shown
    assert "10.1.2.3" in shown
