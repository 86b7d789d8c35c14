"""A sheet as people draw it: the header found by its text, what is not data told apart from what is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from sources.connectors.headers import assign, plain
from sources.connectors.values import cell_text

_SEARCHED = 30
_DEEPEST = 4
Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]

_NUMBERED = re.compile(r"\(?\s*(\d+|[a-z])\s*\)?\s*(\(?\s*=.*)?", re.IGNORECASE)
_TOTAL = re.compile(r"(tổng cộng|tổng số)\b.*|(cộng|tổng)\s*(\d+|[ivx]+|mục .*|phần .*|nhóm .*|khối .*)?")
_UNIT = re.compile(r"(đơn vị( tính)?|đvt)\b.*|người|đồng|nghìn đồng|triệu đồng|%|năm|tháng|ngày|đảng viên|biên chế")
_SIGNATURE = re.compile(
    r"(nơi nhận|người lập( biểu| bảng)?|lập biểu|người tổng hợp|thủ trưởng|ký tên|ký ghi rõ họ tên|đã ký|xác nhận của|"
    r"t m|tm|k t|kt|t l|tl|tuq)\b.*|trưởng ban|phó trưởng ban|bí thư|phó bí thư|.*\bngày .{0,12}tháng .{0,12}năm .*"
)
_ROMAN = re.compile(r"[ivx]{1,6}")
_LETTER = re.compile(r"[a-z]")
KINDS = {
    "number": "dòng đánh số cột",
    "unit": "dòng đơn vị tính",
    "total": "dòng cộng",
    "section": "dòng tiêu đề mục",
    "signature": "dòng phần ký",
}


@dataclass
class Header:
    """Where the header is: last row of it (from 0), position of each field, heading of every column."""

    bottom: int
    found: dict[str, int]
    names: list[str]


@dataclass
class Sheet:
    """One sheet being read; `skipped` counts rows that are no data, by kind."""

    rows: Iterator[Sequence[Any]]
    merged: Merged
    skipped: Counter[str] = field(default_factory=Counter)
    filled: int = 0

    def __post_init__(self) -> None:
        self.top = list(islice(self.rows, _SEARCHED + _DEEPEST))

    def header(self, columns: Mapping[str, str], synonyms: Mapping[str, tuple[str, ...]]) -> Header | None:
        """The header among the first 30 rows, one to four rows deep; None when there is none."""
        top = [[cell_text(v) or "" for v in row] for row in self.top]
        spread = self._spread(top)
        best: Header | None = None
        rank = (0, 0, 0)
        for start in range(min(_SEARCHED, len(top))):
            if not any(top[start]):
                continue
            for depth in range(1, min(_DEEPEST, len(top) - start) + 1):
                labels = _labels(spread[start : start + depth])
                found = assign(labels, columns, synonyms)
                exact = sum(plain(columns[f]) in map(plain, labels[at]) for f, at in found.items())
                # A title above joins the paths of a header too, so of equals the shallowest is the header.
                if (len(found), exact, -depth) > rank:
                    rank = (len(found), exact, -depth)
                    bottom = self._bottom(start, start + depth - 1)
                    names = [each[0] if each else "" for each in _labels(spread[start : bottom + 1])]
                    best = Header(bottom, found, names)
        if best is None or len(best.found) < min(len(columns), max(2, (len(columns) + 1) // 2)):
            return None
        return best

    def _spread(self, top: list[list[str]]) -> list[list[str]]:
        """The first rows with the text of a merged range in each of its cells."""
        spread = [list(row) for row in top]
        for (r1, c1), (r2, c2) in self.merged:
            if r1 < len(top) and c1 < len(top[r1]):
                for r in range(r1, min(r2, len(top) - 1) + 1):
                    for c in range(c1, min(c2, len(top[r]) - 1) + 1):
                        spread[r][c] = top[r1][c1]
        return spread

    def _bottom(self, start: int, end: int) -> int:
        """A header ends where the merged ranges that begin in it end."""
        ends = [r2 for (r1, _), (r2, _) in self.merged if start <= r1 <= end and r2 < start + 2 * _DEEPEST]
        return max([end, *ends])

    def data(self, header: Header) -> Iterator[tuple[int, list[str | None]]]:
        """(row number as Excel shows it, texts of the row) for every row of data below the header."""
        key = header.found.get("source_key")
        fields = sorted(set(header.found.values()))
        downwards = self._downwards(header.bottom, fields)
        running: dict[int, tuple[int, str | None]] = {}
        signing = False
        for index, row in enumerate(chain(self.top, self.rows)):
            if index <= header.bottom:
                continue
            texts = [cell_text(v) for v in row]
            for column in downwards.get(index, ()):
                if column[0] < len(texts):
                    running[column[0]] = (column[1], texts[column[0]])
            given = [t.strip() for t in texts if t and t.strip()]
            if not given:
                continue
            keyed = bool(key is not None and key < len(texts) and (texts[key] or "").strip())
            kind = self._kind(given, keyed, index - header.bottom, len(fields), signing)
            signing = kind == "signature"
            if kind:
                self.skipped[kind] += 1
                continue
            for position, (until, text) in running.items():
                if index <= until and text and position < len(texts) and texts[position] is None:
                    texts[position] = text
                    self.filled += 1
            yield index + 1, texts

    def _downwards(self, bottom: int, fields: list[int]) -> dict[int, list[tuple[int, int]]]:
        """Cells of data merged downwards, whose text stands for each row: {first row: [(column, last row)]}."""
        starts: dict[int, list[tuple[int, int]]] = {}
        for (r1, c1), (r2, c2) in self.merged:
            if r1 > bottom and r2 > r1 and c1 == c2 and c1 in fields:
                starts.setdefault(r1, []).append((c1, r2))
        return starts

    def _kind(self, given: list[str], keyed: bool, after: int, fields: int, signing: bool) -> str | None:
        """What a row that is no data is; None for data. In doubt it is data: judged later, never lost."""
        kind = None
        if after <= 3 and _counts_up(given):
            kind = "number"
        elif after <= 3 and not keyed and all(_UNIT.fullmatch(plain(t) or t) for t in given):
            kind = "unit"
        elif any(_TOTAL.fullmatch(plain(t)) for t in given[:2]) and (not keyed or len(given) < fields):
            kind = "total"
        elif _signs(given, fields, keyed, signing):
            kind = "signature"
        elif fields > 2 and _titles(given, keyed):
            kind = "section"
        return kind


def _signs(given: list[str], fields: int, keyed: bool, signing: bool) -> bool:
    """Whether a row belongs to the block where the sheet is signed; one with a key only below its first line."""
    most = min(3, fields // 2) if keyed else 3
    signs = sum(bool(_SIGNATURE.fullmatch(plain(t))) for t in given)
    return signs == len(given) or (len(given) <= most and (signing or (signs > 0 and not keyed)))


def _titles(given: list[str], keyed: bool) -> bool:
    """Whether a row only names the rows below it: a title alone, or one behind a Roman number or a letter."""
    first = plain(given[0])
    if len(given) == 2:
        return bool(_ROMAN.fullmatch(first) or (not keyed and _LETTER.fullmatch(first)))
    return len(given) == 1 and not keyed and not first.isdigit()


def _labels(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """For each column its possible headings: the whole path from the top, then shorter ends of it."""
    labels = []
    for position in range(max(map(len, rows), default=0)):
        path: list[str] = []
        for row in rows:
            text = " ".join(row[position].split()) if position < len(row) else ""
            if text and (not path or text != path[-1]):
                path.append(text)
        labels.append([" ".join(path[i:]) for i in range(len(path))])
    return labels


def _counts_up(given: list[str]) -> bool:
    """Whether a row only numbers the columns: 1 2 3(=4+5), or A B 1 2."""
    matches = [_NUMBERED.fullmatch(t) for t in given]
    if len(given) < 3 or not all(matches):
        return False
    marks = [m.group(1).lower() for m in matches if m]
    numbers = [int(m) for m in marks if m.isdigit()]
    letters = [m for m in marks if not m.isdigit()]
    return numbers == list(range(1, len(numbers) + 1)) and letters == [chr(97 + i) for i in range(len(letters))]
