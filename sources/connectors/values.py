r"""Values of a source as text, the way the source would print them.

NUL and lone surrogates, which text in the warehouse cannot hold, are kept as `\x00` and `\uDxxx`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sources.connectors.base import TRUE_TEXTS
from sources.text.decoding import ESCAPE

_UNHOLDABLE = re.compile("[\0\ud800-\udfff]")


def holdable(text: str) -> str:
    r"""`text` with NUL as `\x00` and lone surrogates as `\uDxxx`."""
    return _UNHOLDABLE.sub(lambda m: r"\x00" if m.group() == "\0" else f"\\u{ord(m.group()):04X}", text)


def number(value: float) -> str:
    """A float as its shortest text; whole numbers without a trailing “.0” and without an exponent."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _bytes(value: bytes | bytearray | memoryview) -> str:
    return holdable(bytes(value).decode("utf-8", ESCAPE))


def _json(value: Any) -> str:
    return holdable(json.dumps(value, ensure_ascii=False))


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: lambda value: holdable(value) if _UNHOLDABLE.search(value) else value,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: number,
    Decimal: lambda value: format(value, "f") if value.is_finite() else str(value),
    dt.datetime: lambda value: value.isoformat(sep=" "),
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    dict: _json,
    list: _json,
}


def to_text(value: Any) -> str | None:
    """One value as text: ISO dates, plain numbers, bytes as UTF-8 with what is not UTF-8 escaped."""
    if value is None:
        return None
    as_text = _TEXTS.get(type(value))
    return as_text(value) if as_text else holdable(str(value))


def cell_text(value: Any) -> str | None:
    """A cell of a sheet as text, None when it is empty: a moment at midnight is a date, 38.0 is 38."""
    if value is None or value == "":
        return None
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return to_text(value)


def is_true(value: Any) -> bool:
    """Whether a deleted flag says that the row is gone."""
    return value is not None and str(value).strip().lower() in TRUE_TEXTS


def escaped_bytes(count: int) -> str:
    """The warning about bytes of a database that are not UTF-8."""
    return f"{count} byte không đọc được theo UTF-8, giữ dưới dạng \\xNN; kiểm tra bảng mã của nguồn."
