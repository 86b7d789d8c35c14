"""CSV files in the character sets that sources still use."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import polars as pl

from sources.sample.writers.shaping import Shaped

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_LETTERS = "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬĐÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"


@cache
def table(charset: str) -> Mapping[int, str]:
    """For `str.translate`: Vietnamese letters to the characters that a legacy character set stores."""
    every = _LETTERS + _LETTERS.lower()
    if charset == "cp1258":
        return {ord(letter): _for_cp1258(letter) for letter in every}
    from viparse.normalize.encodings import CHARMAPS

    stored: dict[str, str] = {}
    for legacy, letter in CHARMAPS[charset].pairs:
        stored.setdefault(letter, legacy)
    if charset == "vni":
        # Not in viparse's table, which holds only what its corpus shows.
        stored |= {"ẳ": "aú", "Ẳ": "AÚ"}
    # A font without accented capitals stores the small letter.
    stored = {letter: stored.get(letter) or stored.get(letter.lower()) or _bare(letter) for letter in every}
    return {ord(letter): text for letter, text in stored.items()}


def _bare(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0]


def _for_cp1258(letter: str) -> str:
    """The letter without its tone, which the set has, followed by the tone as a mark of its own."""
    marks = unicodedata.normalize("NFD", letter)
    tone = "".join(mark for mark in marks if mark in _TONES)
    return unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES)) + tone


def _without_marks(error: UnicodeError) -> tuple[str, int]:
    """Handler of what a character set lacks: the bare letter, as in the old software."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = unicodedata.normalize("NFD", error.object[error.start : error.end])
    return "".join(c for c in lacking if c.isascii()), error.end


codecs.register_error("sample_without_marks", _without_marks)


def stored(text: str, charset: str) -> str:
    """Text as the characters that a legacy character set stores for it."""
    return text if charset == "utf-8" else unicodedata.normalize("NFC", text).translate(table(charset))


def encoded(text: str, charset: str) -> bytes:
    """Stored text as bytes; letters that the set cannot hold lose their marks."""
    codec = {"utf-8": "utf-8", "cp1258": "cp1258"}.get(charset, "cp1252")
    return text.encode(codec, "strict" if charset == "utf-8" else "sample_without_marks")


def _by_column(shaped: Shaped, charset: str) -> pl.DataFrame:
    """Columns that another machine wrote, in its character set (DQ04: two sets in one file)."""
    others = {own: str(shaped.mapping.options["encodings"].get(field, charset)) for own, field in shaped.fields.items()}
    frame = shaped.frame
    return frame.with_columns(
        pl.Series(
            name, [None if t is None else stored(t, others.get(name, charset)) for t in frame[name]], dtype=pl.String
        )
        for name in frame.columns
    )


def write_csv(folder: Path, shaped: Shaped, bom: bool) -> list[tuple[Path, pl.DataFrame]]:
    """Write one record, several files where the declared name is a pattern; returns each file with its rows."""
    system = shaped.source.systems[shaped.mapping.system].options
    name = str(shaped.mapping.options["file"])
    charset = str(system["encoding"])
    mixed = "encodings" in shaped.mapping.options
    frame = _by_column(shaped, charset) if mixed else shaped.frame
    parts = [frame]
    if "*" in name:
        half = max(len(frame) // 2, 1)
        parts = [part for part in (frame[:half], frame[half:]) if len(part)] or [frame]
    written = []
    for number, part in enumerate(parts, 1):
        text = part.write_csv(separator=str(system["delimiter"]), line_terminator="\r\n", quote_style="necessary")
        path = folder / name.replace("*", f"{number:02d}")
        path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + encoded(text if mixed else stored(text, charset), charset))
        written.append((path, part))
    return written
