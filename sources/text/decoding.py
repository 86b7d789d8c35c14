r"""Bytes of declared legacy character sets become text, in whole chunks; no byte is ever lost.

A byte that the declared set does not have is kept as `\xNN` and counted. CP1258, TCVN3, VNI and VPS
come out composed (NFC); Unicode input is left as it came, later steps record its repair.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import BinaryIO

#: Declared name -> codec that turns its bytes into code points.
CODECS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "cp1258": "cp1258",
    "tcvn3": "cp1252",
    "vni": "cp1252",
    "vps": "latin-1",  # it has letters where others have control characters
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16"),
)
_CHUNK = 256 << 10
_LONGEST_LINE = 16 << 20
#: UTF-8 that was once read as Windows-1252: á», Ã, Ä‘, Æ° followed by what a second byte looks like.
_MOJIBAKE = re.compile(r"á[»º][\u0080-\u00bf\u0152-\u2122]|Ã[\u0080-\u00bf]|Ä[‘\u0090]|Æ[°¡¯]")
#: Missing from viparse, whose table holds only what its corpus shows.
_VNI_MORE = {"aú": "ẳ", "AÚ": "Ẳ"}


def canonical(name: str) -> str | None:
    """The name under which a declared encoding is known here, None when it is not."""
    plain = name.strip().lower().replace("_", "-")
    aliases = {"utf8": "utf-8", "utf-8-sig": "utf-8", "utf16": "utf-16", "windows-1258": "cp1258", "abc": "tcvn3"}
    plain = aliases.get(plain, plain)
    return plain if plain in CODECS else None


class Escapes:
    r"""Counts bytes that were kept as `\xNN` because the declared encoding does not have them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        """The error handler of `codecs`."""
        if not isinstance(error, UnicodeDecodeError):
            raise error
        bad = error.object[error.start : error.end]
        self.count += len(bad)
        return "".join(f"\\x{byte:02X}" for byte in bad), error.end


ESCAPES = Escapes()
ESCAPE = "lienthong_escape"
codecs.register_error(ESCAPE, ESCAPES)


@cache
def converter(encoding: str) -> Callable[[str], str]:
    """What makes text of the code points of `encoding` (a canonical name): identity for Unicode."""
    if encoding in ("utf-8", "utf-16"):
        return str
    if encoding == "cp1258":
        return lambda text: unicodedata.normalize("NFC", text)
    from viparse.normalize.encodings import CHARMAPS

    pairs = dict(CHARMAPS[encoding].pairs)
    if encoding == "vni":
        pairs |= _VNI_MORE
    if all(len(legacy) == 1 for legacy in pairs):
        table = str.maketrans(pairs)
        restore = _capitals(set(pairs.values())) if encoding == "tcvn3" else str
        return lambda text: restore(unicodedata.normalize("NFC", text.translate(table)))
    longest_first = sorted(pairs, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: unicodedata.normalize("NFC", pattern.sub(lambda m: pairs[m.group()], text))


def _capitals(letters: set[str]) -> Callable[[str], str]:
    """Undo what TCVN3 does to capitals: its fonts draw a toned capital with the byte of the small letter.

    A word whose every other letter is a capital beyond its first (HOàNG, áI) was written in capitals; one
    that gives no such proof (Hà) is left as it is.
    """
    small = "".join(sorted(c for c in letters if c.islower() and c.upper() not in letters))
    plain = "a-z" + "".join(sorted(c for c in letters if c.islower() and c.upper() in letters))
    capital = "A-Z" + "".join(sorted(c for c in letters if c.isupper()))
    word = re.compile(rf"\b(?=\w*[{small}])(?=\w+[{capital}])(?!\w*[{plain}])\w+")
    return lambda text: word.sub(lambda m: m.group().upper(), text)


def decode(data: bytes, encoding: str) -> str:
    """One value in a declared encoding (a canonical name)."""
    return converter(encoding)(data.decode(CODECS[encoding], ESCAPE))


def bom(head: bytes) -> tuple[str, str] | None:
    """(codec, canonical name) that a byte order mark at the start of a file proves."""
    return next(((codec, name) for mark, codec, name in _BOMS if head.startswith(mark)), None)


def blocks(file: BinaryIO, codec: str, convert: Callable[[str], str]) -> Iterator[str]:
    """Text of a file in blocks that end with a line, about 256 kB each.

    Raises ValueError when a line is longer than 16 MB, which no table has.
    """
    decoder = codecs.getincrementaldecoder(codec)(ESCAPE)
    tail = ""
    while chunk := file.read(_CHUNK):
        text = tail + decoder.decode(chunk)
        cut = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
        tail = text[cut:]
        if len(tail) > _LONGEST_LINE:
            raise ValueError("a line longer than 16 MB")
        if cut:
            yield convert(text[:cut])
    if tail := tail + decoder.decode(b"", True):
        yield convert(tail)


def mojibake(text: str) -> int:
    """How often `text` looks like UTF-8 that was read as Windows-1252 (“Nguyá»…n”)."""
    return len(_MOJIBAKE.findall(text))
