"""Names of persons in Vietnamese: the keys under which a name is found and sorted.

`name_key`, `plain_key` and `sort_key` are never shown; the name as it is stored comes from
landing.person_name_text. The SQL functions of the same names in schema `identity` agree with these; a property test
holds the two together. No function raises: text that is no name gives an empty key.
"""

from __future__ import annotations

import re
import unicodedata

from vi_textmatch.tone import TONE_PAIRS_SECOND_TO_FIRST
from vn_collate import collate_key
from vn_text import fold, repair_mojibake

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
_SPACES = re.compile("[ \t\n\r\v\f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_APOSTROPHES = str.maketrans("’‘ʼʻ`´′＇", "''''''''")
_HYPHENS = re.compile(r"[-‐‑‒–—]")
#: “Đồng Chí” can be family and middle name (Đồng Chí Bằng): a form of address only before a whole name.
_ADDRESS = re.compile(
    r"^((đ\s?[/.]\s?c\.?|đồng chí(?=\s*:|\s+\S+\s+\S))\s*:?\s*"
    r"|((gs|pgs|ts|ths|bs|ks|cn|ls)\.\s*)+|(gs|pgs|ts|ths)\s+|bà\s+)",
    re.IGNORECASE,
)
#: “Ông” is a family name too (Ông Ích …): it is a form of address only before one of these.
_SIR = re.compile(
    r"^ông\s+(?=(nguyễn|trần|lê|phạm|hoàng|huỳnh|vũ|võ|phan|trương|bùi|đặng|đỗ|ngô|hồ|dương|đinh|lý|đào|đoàn|lương"
    r"|mai|trịnh|lâm|cao|tạ|tô|hà|thái|châu|chu|phùng|lưu|tăng|vương|tống|quách|nông|lò|vàng|giàng|thạch|kim|y)\s)",
    re.IGNORECASE,
)
_SECOND_VOWEL = re.compile("o[àáảãạèéẻẽẹ]|u[ỳýỷỹỵ]")
#: Marks of other peoples' spellings: the plain letter sorts (č, ŏ), not one behind z.
_FOREIGN_MARKS = re.compile("[\u0304\u0305\u0307\u0308\u030a-\u031a\u031c-\u0322\u0324-\u036f]")
_BREVES = str.maketrans("ĕĭŏŭ", "eiou", "\u0306")


def clean(text: str) -> str:
    """NFC, single ordinary spaces, nothing invisible, Đ where the Icelandic eth stands for it."""
    composed = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    return str(repair_mojibake(_SPACES.sub(" ", composed).strip(" ")))


def without_address(text: str) -> str:
    """A cleaned name without forms of address and degrees before it (Đ/c, Ông, Bà, TS.), nor “(Tư)” behind it."""
    text = clean(_BRACKETS.sub(" ", text))
    for _ in range(3):  # “Đ/c PGS. TS. …”
        text = _SIR.sub("", _ADDRESS.sub("", text))
    return clean(text)


def _first_vowel(pair: re.Match[str]) -> str:
    first, plain = TONE_PAIRS_SECOND_TO_FIRST[pair[0][1]]
    return str(first + plain)


def name_key(text: str) -> str:
    """Key of a name that keeps accents: case, tone placement (hoà, hòa), forms of address and apostrophes do not count.

    The tone is put on the first vowel in closed syllables too, so that a misplaced one (hòan) finds its name.
    """
    key = without_address(clean(text)).translate(_APOSTROPHES).lower()
    key = re.sub(r"\s*'\s*", "'", _HYPHENS.sub(" ", key))
    return clean(_SECOND_VOWEL.sub(_first_vowel, key))


def plain_key(text: str) -> str:
    """Key of a name without accents: “Đặng Thị Hoà” is “dang thi hoa”, “K'Brể” is “k bre”."""
    return str(fold(name_key(text)))


def syllables(text: str) -> tuple[str, str, str]:
    """Family name, middle names and given name of a name or key: the first, the inner and the last syllable."""
    parts = text.split()
    return (parts[0] if len(parts) > 1 else "", " ".join(parts[1:-1]), parts[-1] if parts else "")


def sort_key(text: str) -> str:
    """Key that sorts names by given name, then middle names, then family name, in Vietnamese order.

    Hexadecimal digits: compare them as bytes (collation "C").
    """
    decomposed = _FOREIGN_MARKS.sub("", unicodedata.normalize("NFD", name_key(text)))
    family, middle, given = syllables(unicodedata.normalize("NFC", decomposed).translate(_BREVES))
    if not given:
        return ""
    keys = [collate_key(given), *map(collate_key, middle.split()), "00", collate_key(family) if family else ""]
    return "".join(keys)
