"""Finding a column by its heading: case, spacing, tone placement and Đ/Ð do not matter, position never does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

#: “hoà” and “hòa” are the same heading: the tone of oa, oe, uy moves to the first vowel of an open syllable.
_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_OPEN = re.compile(r"(?<!q)(o|u)([aey])([\u0300\u0301\u0303\u0309\u0323])(?![a-z\u0300-\u0323])")
_NUMBERING = re.compile(r"\(\s*\d+\s*\)\s*$")
_NOT_LETTERS = re.compile(r"[^\w%]+")


@cache
def plain(heading: str) -> str:
    """A heading without what writers vary: case, line breaks, separators, marks of required fields."""
    text = unicodedata.normalize("NFC", heading).replace("Ð", "Đ").replace("ð", "đ").casefold()
    text = unicodedata.normalize("NFD", _NUMBERING.sub("", text))
    text = _OPEN.sub(r"\1\3\2", text)
    text = unicodedata.normalize("NFC", text)
    return _NOT_LETTERS.sub(" ", text).strip()


def assign(
    labels: Sequence[Sequence[str]], columns: Mapping[str, str], synonyms: Mapping[str, tuple[str, ...]]
) -> dict[str, int]:
    """Which column holds which field: {field: position}.

    `labels` gives for each position its possible headings, the fullest first (under merged parents
    the whole path, then shorter ends of it). The declared heading wins over synonyms, the fullest
    label over shorter ones, and a shorter one counts only where one free column has it.
    """
    depth = max((len(each) for each in labels), default=0)
    keys = [[plain(label) for label in each] for each in labels]
    found: dict[str, int] = {}
    taken: set[int] = set()
    for wanted in ({f: (name,) for f, name in columns.items()}, synonyms):
        for level in range(depth):
            at: dict[str, list[int]] = {}
            for position, names in enumerate(keys):
                if position not in taken and level < len(names) and names[level]:
                    at.setdefault(names[level], []).append(position)
            for f in columns:
                if f in found:
                    continue
                for name in wanted.get(f, ()):
                    free = [p for p in at.get(plain(name), ()) if p not in taken]
                    if free and (level == 0 or len(free) == 1):
                        found[f] = free[0]
                        taken.add(free[0])
                        break
    return found
