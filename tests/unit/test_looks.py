"""What looks like a legacy character set or mojibake, and what must never."""

from __future__ import annotations

import unicodedata

import pytest

from sources.text.looks import Looks
from tests.unit.test_connector_text import as_windows_shows, encode

NAMES = (
    "Nguyễn Văn Hùng", "Trần Thị Hoà", "Lê Đình Quý", "Phạm Ngọc Bảo", "Đặng Hữu Trực", "Huỳnh Thị Mỹ",
    "Võ Quốc Thắng", "Bùi Xuân Tiến", "Đỗ Thị Lượng", "Hồ Ích", "Lê Hà", "Vũ Thuỷ Khuyên",
)  # fmt: skip
#: What is clean although letters in it are rare, or no legacy font would be needed for them.
CLEAN = {
    "vietnamese": NAMES,
    "only letters that Latin-1 has": ("Lê Hà", "Hòa Bình", "Cà Mau", "Hoàng Tôn", "Võ Thị Ái", "QUÝ", "Ý Yên", "Là"),
    "minority peoples": (
        "Y Bhiông Niê",
        "H'Wêl Mlô",
        "Krông Pa",
        "Ia Pnôn",
        "Zuôih",
        "SRó",
        "La Êê",
        "Y Ñu Êban",
        "Rơ Chăm Blâm",
        "Wiên Kbuôr",
        "Siu Jú",
        "Lò Páo",
        "Djuôn",
        "K'Brôi",
    ),
    "combining marks": tuple(encode(name, "cp1258").decode("cp1258") for name in NAMES),
    "decomposed": tuple(unicodedata.normalize("NFD", name) for name in NAMES),
    "eth for Đ": ("CÐ", "TÐ", "QÐ-TU", "Ðà Lê", "HÐND xã Hòa Tân", "BÐ"),
    "signs": ("50 m²", "25°C", "«Hà»", "§ 5", "© Ban", "1½", "± 3", "José Müller", "René", "XÃ\u00a0TÂN"),
}


def seen(values: tuple[str, ...], *, escapes: bool = False) -> tuple[str, int] | None:
    looks = Looks(escapes=escapes)
    for value in values:
        looks.see(["full_name"], [value])
    look = looks.columns.get("full_name")
    return look.verdict if look else None


@pytest.mark.parametrize("kind", CLEAN)
def test_no_false_alarm(kind: str) -> None:
    assert seen(CLEAN[kind] * 20) is None
    assert seen(tuple(value.upper() for value in CLEAN[kind])) is None


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "vps"])
def test_letters_of_a_legacy_font_are_told_apart(encoding: str) -> None:
    stored = tuple(as_windows_shows(encode(name, encoding)) for name in NAMES)
    verdict = seen(stored)
    assert verdict is not None
    assert (verdict[0], verdict[1] >= 8) == (encoding, True)
    # Among clean values they stay below the share; one in three is enough.
    assert seen(stored[:3] + NAMES * 3) is None
    assert seen(stored + NAMES) is not None


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "cp1258"])
def test_bytes_that_came_as_escapes_are_told_too(encoding: str) -> None:
    stored = tuple(encode(name, encoding).decode("utf-8", "lienthong_escape") for name in NAMES)
    assert seen(stored, escapes=True) is not None
    assert seen(stored, escapes=True)[0] == encoding  # type: ignore[index]


def test_mojibake_is_told_by_few_values_and_whole_or_damaged() -> None:
    broken = as_windows_shows("Nguyễn Văn Đức".encode())
    assert seen((broken, *NAMES)) == ("mojibake", 1)
    assert seen((broken.replace("\u00a0", " ")[:-2], *NAMES)) == ("mojibake", 1)
    assert seen((broken, *NAMES * 5)) is None


def test_of_many_rows_a_sample_is_looked_at() -> None:
    assert sum(map(Looks.wants, range(1, 34_001))) == 4000


def test_of_blocks_as_many_rows_are_looked_at() -> None:
    blocks = [(first, min(700, 6001 - first)) for first in range(1, 6001, 700)]
    assert sum(Looks.wanted(first, rows) for first, rows in blocks) == pytest.approx(
        sum(map(Looks.wants, range(1, 6001))), abs=100
    )
    assert Looks.wanted(5001, 1) == 1
