"""Every fault that names arrive with, and what the keys make of them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.text import vietnamese as vn
from sources.text.decoding import unscrambled
from tests.names import names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Văn Hoà", "NGUYỄN VĂN HÒA"),
        ("Lê Thị Thuỷ", "Lê Thị Thủy"),
        ("Lê Xuân Uý", "Lê Xuân Úy"),
        ("Phạm Văn Hoè", "phạm văn hòe"),
        ("Trần Đình Toàn", "Trần Đình Tòan"),  # put wrong in a closed syllable
        ("Đặng Thị Quý", "Ðặng Thị Qúy"),
        ("K'Brể", "K’ Brể"),
        ("H'Yim Niê", "H` Yim Niê"),
        ("Rơ Chăm Thanh", "Rơ-Chăm Thanh"),
        ("Nguyễn Văn An", "Đ/c Nguyễn Văn An (Tư)"),
        (unicodedata.normalize("NFD", "Y Thông Êban"), "Y Thông Êban"),
    ],
)
def test_one_name_has_one_key(one: str, other: str) -> None:
    assert vn.name_key(one) == vn.name_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("Nguyễn Văn Hoa", "Nguyễn Văn Hòa"), ("Lê Thị Lý", "Lê Thị Lí"), ("Vũ Văn Đan", "Vũ Văn Dan")]
)
def test_different_names_keep_different_keys(one: str, other: str) -> None:
    assert vn.name_key(one) != vn.name_key(other)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Đặng Thị Hoà", "dang thi hoa"), ("K'Brể", "k bre"), ("H'Yim Niê", "h yim nie"), ("Hmŏk Ayŭn", "hmok ayun")],
)
def test_plain_key(name: str, plain: str) -> None:
    assert vn.plain_key(name) == plain


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_names_of_two_to_five_syllables(count: int) -> None:
    words = ["Nguyễn", "Phạm", "Thị", "Thu", "Hà"]
    family, middle, given_name = vn.syllables(" ".join([words[0], *words[1 : count - 1], words[-1]]))
    assert (family, given_name, len(middle.split())) == ("Nguyễn", "Hà", count - 2)


def test_sorting_by_given_name_then_middle_then_family() -> None:
    in_order = [
        "Lê Thị Anh", "Nguyễn Thị Anh", "Trần Thị Ánh", "Bùi Thị Ân", "Phạm Ba", "Lê Dân", "Lê Thị Dung", "Lê Văn Dũng",
        "Nguyễn Văn Đạt", "Nguyễn Thị Thu Hà", "Nguyễn Thía Hà", "K'Brể Y", "Trần Y", "Nguyễn Thị Ý",
    ]  # fmt: skip
    assert sorted(set(in_order), key=vn.sort_key) == in_order


def test_text_read_in_the_wrong_encoding_is_set_right() -> None:
    name = "Nguyễn Đình Thuỷ"
    scrambled = name.encode("utf-8").decode("cp1252", errors="surrogateescape")
    scrambled = "".join(chr(ord(c) - 0xDC00) if ord(c) >= 0xDC80 else c for c in scrambled)
    assert unscrambled(scrambled) == name
    assert unscrambled(name) == name
    assert unscrambled("Nguyen Van A") == "Nguyen Van A"


def test_keys_of_keys_are_themselves() -> None:
    for name in names(3000, seed=3):
        key = vn.name_key(name)
        assert vn.name_key(key) == key


@given(st.text())
def test_no_text_is_refused(text: str) -> None:
    for read in (vn.clean, unscrambled, vn.name_key, vn.plain_key, vn.sort_key):
        assert isinstance(read(text), str)
