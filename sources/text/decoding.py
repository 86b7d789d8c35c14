r"""Bytes of declared legacy character sets become text, in whole chunks; no byte is ever lost.

A byte that the declared set does not have is kept as `\xNN` and counted. CP1258, TCVN3, VNI and VPS
come out composed (NFC); Unicode input is left as it came, later steps record its repair.
"""

from __future__ import annotations

import codecs
import contextlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
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
#: “Ã” before a no-break space is left out: “XÃ” may well stand there.
_MOJIBAKE = re.compile(r"á[»º][\u0080-\u00bf\u0152-\u2122]|Ã[\u0080-\u009f\u00a1-\u00bf]|Ä[‘\u0090]|Æ[°¡¯]")
#: Sets whose letters stand in text as other letters when nobody says which set it is.
LEGACY = ("tcvn3", "vni", "vps")
#: Declared of a single column: its text was UTF-8, once read as Windows-1252.
MOJIBAKE = "mojibake"
#: What single columns may be declared as, for sentences.
OF_COLUMNS = "utf-8, cp1258, tcvn3, vni, vps hoặc mojibake"
#: Letters that Windows-1252 has where Latin-1 has control characters, and those control characters.
_CP1252_ONLY = {ord(bytes([b]).decode("cp1252")): b for b in range(0x80, 0xA0) if b not in b"\x81\x8d\x8f\x90\x9d"}
#: No program that reads one byte a letter can have made these: the text is Unicode already.
_UNICODE = re.compile(f"[^\\0-\xff{''.join(map(chr, _CP1252_ONLY))}]")
#: Two or more bytes of UTF-8 that no words in a legacy set happen to be.
_VIETNAMESE = re.compile("[ĂăĐđĨĩŨũƠơƯư\u0300-\u0303\u0309\u0323Ạ-ỹ]")
#: Longer texts are not worth remembering, and would make the memory of a column unbounded.
_REMEMBERED = 8192
_LONGEST_REMEMBERED = 200
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


def unscrambled(text: str) -> str:
    """UTF-8 that was read as Windows-1252 (“Nguyá»…n”) set right; any other text unchanged."""
    if text.isascii():
        return text
    try:
        return text.translate(_CP1252_ONLY).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def scrambled(text: str) -> bool:
    """Whether `text` looks like UTF-8 that was read as Windows-1252 (“Nguyá»…n”), whole or damaged since."""
    return _MOJIBAKE.search(text) is not None or unscrambled(text) != text


def is_unicode(text: str) -> bool:
    """Whether `text` holds a letter that no legacy set has, so that it needs no set to be read."""
    return _UNICODE.search(text) is not None


@cache
def of_values(encoding: str) -> Callable[[str], str]:
    """What sets single values right that came as text: the letters of a legacy font, or `MOJIBAKE`.

    A value that holds letters which no legacy font has is Unicode already and left alone. Repeated values
    are converted once.
    """
    if encoding == MOJIBAKE:
        convert = unscrambled
    elif encoding in LEGACY:
        letters = converter(encoding)
        # VPS has letters of its own where Windows-1252 has signs, so a program on Windows shows those signs.
        told = _CP1252_ONLY if encoding == "vps" else {}

        def convert(text: str) -> str:
            return text if is_unicode(text) else letters(text.translate(told))
    else:
        return converter(encoding)
    remembered = lru_cache(_REMEMBERED)(convert)
    return lambda text: remembered(text) if len(text) <= _LONGEST_REMEMBERED else convert(text)


def of_bytes(data: bytes, encoding: str, *, in_unicode: bool) -> str:
    """One value of a file in a column declared as `encoding` (a canonical name or `MOJIBAKE`).

    `in_unicode`: the rest of the file is UTF-8. Then letters of a legacy font may stand in it as UTF-8
    too, which is what a spreadsheet writes.
    """
    if encoding == MOJIBAKE:
        return of_values(encoding)(data.decode("utf-8", ESCAPE))
    if in_unicode and encoding != "utf-8" and not data.isascii():
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode("utf-8")
            if not is_unicode(text) or _VIETNAMESE.search(text):
                return of_values(encoding)(text)
    return of_values(encoding)(data.decode(CODECS[encoding], ESCAPE))
