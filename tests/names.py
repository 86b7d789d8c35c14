"""Generated names of every kind that sources write: for tests of keys."""

from __future__ import annotations

import random
import unicodedata

_FAMILY = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Vũ",
    "Võ",
    "Phan",
    "Trương",
    "Đặng",
    "Đỗ",
    "Ông",
    "Thạch",
    "Lò",
    "Vàng",
    "Ksor",
    "Siu",
    "Quàng",
    "Khuất",
    "Ỷ",
]
_INNER = [
    "Văn",
    "Thị",
    "Đức",
    "Thuỳ",
    "Hoài",
    "Khuê",
    "Oanh",
    "Quốc",
    "Huỳnh",
    "Thuỷ",
    "Hữu",
    "Đình",
    "Xuân",
    "A",
    "Seo",
    "Ngọc",
    "Như",
    "Ái",
]
_GIVEN = [
    "Hoà",
    "Hòa",
    "Hoàn",
    "Thuý",
    "Thúy",
    "Quý",
    "Quỳnh",
    "Huy",
    "Huyền",
    "Loan",
    "Khoẻ",
    "Toàn",
    "Đạt",
    "Ðạt",
    "Hậu",
    "Ngoãn",
    "Hoè",
    "Uý",
    "Lý",
    "Yến",
    "Ý",
    "Ơn",
    "Ưng",
    "Tuyết",
    "Nghiêng",
    "Khuỷu",
    "Xoè",
    "Duỵ",
    "Quỵ",
    "Hmŏk",
    "Kbuôr",
    "Adrơng",
    "Bliăk",
    "Ayŭn",
    "Mlô",
    "Čil",
    "Niê̆",
]
_MINORITY = (
    "K'Brể", "K’ Brể", "H'Yim Niê", "H` Bia Êban", "Y Thông", "Rơ Chăm H'Lan",
    "Cil K'Sang", "Rah-Lan Djuang", "Ka Nhẻo",
)  # fmt: skip
_BEFORE = (
    "", "", "", "", "", "", "Đ/c ", "đ/c. ", "Đồng chí: ", "Ông ",
    "Bà ", "TS. ", "PGS.TS. ", "ThS ", "ĐC ", "Ông bà ", "CN ",
)  # fmt: skip
_BEHIND = ("", "", "", "", "", " (Tư)", " [Ba]", "(Hai Lúa) ", " - Út", ".", " (", ",")
_SPACES = (" ", " ", " ", "  ", "\u00a0", "\t", " \u200b", "\u3000", "\n")


def names(count: int, seed: int) -> list[str]:
    """`count` names with their faults; the same arguments give the same names."""
    draw = random.Random(seed)
    return [_name(draw) for _ in range(count)]


def _name(draw: random.Random) -> str:
    if draw.random() < 0.15:
        name = draw.choice(_MINORITY)
    else:
        words = [draw.choice(_FAMILY), *draw.choices(_INNER, k=draw.choice((0, 1, 1, 1, 2, 3))), draw.choice(_GIVEN)]
        name = draw.choice(_SPACES).join(words)
    if draw.random() < 0.05:
        place = draw.randrange(len(name))
        name = name[:place] + draw.choice("aăâơưđỹ'’.1-ạöçñ\u200b") + name[place + 1 :]
    name = draw.choice(_BEFORE) + name + draw.choice(_BEHIND)
    name = draw.choice((str, str, str, str.upper, str.lower, str.title))(name)
    return unicodedata.normalize("NFD", name) if draw.random() < 0.2 else name
