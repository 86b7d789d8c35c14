"""Columns that look like a legacy character set or mojibake although nobody declared it: seen, counted, never changed.

A value looks like a set when a word of it is no Vietnamese syllable as it stands, and every such word is one once
the value is read by that set. Values whose every word is Vietnamese, and those with letters that no legacy font has,
are clean.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sources.text.decoding import LEGACY, MOJIBAKE, is_unicode, of_values, scrambled

#: Share of the values beyond ASCII that must look alike, and how many at least. Mojibake is unmistakable.
LEGACY_SHARE, LEGACY_LEAST = 0.3, 3
MOJIBAKE_SHARE = 0.02
#: After so many rows one in `_EVERY` is looked at.
_ALL_OF_FIRST = 2000
_EVERY = 16
_LONGEST = 200

_SPACE = re.compile(r"[\s,.;:/()\[\]\-0-9'\"+&%]+")
_ESCAPED = re.compile(r"\\x([0-9A-F]{2})")
_INITIAL = re.compile("ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnpqrstvx]|")
_OPEN = (
    "a e ê i o ô ơ u ư y ai ao au ay âu ây eo êu ia iu oa oe oi ôi ơi ua uê ui uơ uy ưa ưi ưu iêu yêu oai oao oay oeo "
    "uây uôi uya uyu ươi ươu"
)
_CLOSED = {
    "c ch m n ng nh p t": "a oa",
    "c m n ng p t": "ă â e o ô u iê ươ",
    "c m n ng t": "ư uô oă",
    "ch m n nh p t": "ê i",
    "ch n nh p t": "y uy",
    "m n p t": "ơ",
    "m n ng t": "yê",
    "n ng t": "uâ",
    "n t": "oe uyê",
    "c ng": "oo",
    "ch nh": "uê",
}


def _toned(vowels: str, final: str) -> Iterator[str]:
    """A rime with every tone that it may bear, on the vowels that may bear it."""
    marked = [i for i, v in enumerate(vowels) if v in "ăâêôơư"]
    if vowels in ("ưa", "ưi", "ưu") or len(vowels) == 1:
        places = [0]
    elif marked:
        places = marked[-1:]
    elif len(vowels) == 3 or (final and vowels != "oo"):
        places = [1]
    else:
        places = [0, 1] if vowels in ("oa", "oe", "uy", "oo") else [0]
    stopped = final in ("c", "ch", "p", "t")
    for tone in "\u0301\u0323" if stopped else "\u0300\u0301\u0303\u0309\u0323":
        for i in places:
            yield unicodedata.normalize("NFC", vowels[: i + 1] + tone + vowels[i + 1 :] + final)
    if not stopped:
        yield vowels + final


_RIMES = {rime for vowels in _OPEN.split() for rime in _toned(vowels, "")} | {
    rime
    for finals, nuclei in _CLOSED.items()
    for final in finals.split()
    for vowels in nuclei.split()
    for rime in _toned(vowels, final)
}


def _reads(word: str) -> bool:
    """Whether a word is a Vietnamese syllable, written small, in capitals or with a capital first."""
    if not (word.islower() or word.isupper() or word.istitle()):
        return False
    small = unicodedata.normalize("NFC", word.lower())
    initial = _INITIAL.match(small)
    at = initial.end() if initial else 0
    return small[at:] in _RIMES or (small[:2] in ("gi", "gì", "gí", "gỉ", "gĩ", "gị") and small[1:] in _RIMES)


def _words(text: str) -> list[str]:
    """The words with something beyond ASCII, but for signs alone and for eth, which many fonts show as Đ."""
    words = _SPACE.split(text)
    return [w for w in words if len(w) > 1 and not w.translate({0xD0: "", 0xF0: ""}).isascii()]


def _strange(text: str) -> bool:
    return any(not _reads(w) for w in _words(text))


@dataclass
class Look:
    """What was seen of one column: values beyond ASCII, and how many of them look like what."""

    seen: int = 0
    like: Counter[str] = field(default_factory=Counter)

    def see(self, text: str, *, escapes: bool) -> None:
        """Look at one value; `escapes` when bytes that are not UTF-8 stand in it as escapes."""
        sets: tuple[str, ...] = LEGACY
        if escapes and "\\x" in text:
            # What the bytes would be as letters of a font; CP1258 can be told from bytes only.
            text = _ESCAPED.sub(lambda m: bytes.fromhex(m[1]).decode("cp1252", "ignore") or chr(int(m[1], 16)), text)
            sets = (*LEGACY, "cp1258")
        if text.isascii() or len(text) > _LONGEST:
            return
        self.seen += 1
        if is_unicode(text) and "\ufffd" not in text:
            return
        if scrambled(text):
            self.like[MOJIBAKE] += 1
        elif _strange(text):
            words = " ".join(_words(text))
            for name in sets:
                if (told := _as(words, name)) != words and all(map(_reads, told.split())):
                    self.like[name] += 1

    @property
    def verdict(self) -> tuple[str, int] | None:
        """What the column looks like and how many values say so; None when it looks clean."""
        for name, count in self.like.most_common():
            legacy = name != MOJIBAKE
            share, least = (LEGACY_SHARE, LEGACY_LEAST) if legacy else (MOJIBAKE_SHARE, 1)
            if count >= max(least, share * self.seen):
                return name, count
        return None


def _as(text: str, name: str) -> str:
    if name == "cp1258":
        return unicodedata.normalize("NFC", text.encode("cp1252", "replace").decode("cp1258", "replace"))
    return of_values(name)(text)


class Looks:
    """What passes by of one delivery, column by column: the first rows, then a sample of the others."""

    def __init__(self, *, escapes: bool = False) -> None:
        self.escapes = escapes
        self.columns: dict[str, Look] = {}

    @staticmethod
    def wants(row: int) -> bool:
        """Whether row number `row` of the delivery is looked at."""
        return row <= _ALL_OF_FIRST or row % _EVERY == 0

    @staticmethod
    def wanted(first: int, rows: int) -> int:
        """Of `rows` consecutive rows, the first of them number `first`, how many are looked at: their first ones."""
        return rows if first <= _ALL_OF_FIRST else -(-rows // _EVERY)

    def see(self, fields: Sequence[str], values: Sequence[object]) -> None:
        """Look at the values of one row."""
        for name, value in zip(fields, values, strict=True):
            if isinstance(value, str) and not (value.isascii() and (not self.escapes or "\\x" not in value)):
                self.columns.setdefault(name, Look()).see(value, escapes=self.escapes)
