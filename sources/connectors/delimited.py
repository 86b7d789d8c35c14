"""CSV files: declared encoding and delimiter (or a sniffed one), every record lands, none is repaired silently."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import BinaryIO

from sources.connectors import columns
from sources.connectors.base import DeliveredFile, Delivery, Job, SourceError, quoted, suggest
from sources.connectors.files import LocalFile, collect, manifests
from sources.connectors.headers import assign
from sources.connectors.landing import Landing, Row
from sources.connectors.values import is_true
from sources.text.decoding import CODECS, ESCAPES, MOJIBAKE, blocks, bom, canonical, converter, decode, of_bytes

_DELIMITERS = ",;\t|"
_HEAD = 64 << 10
_HEADER_WITHIN = 10
_WIDEST_FIELD = 1 << 20


@dataclass
class Notes:
    """What was odd about one file, counted."""

    ragged: int = 0
    nul: int = 0
    escaped: int = 0
    said: list[str] = field(default_factory=list)

    def sentences(self, name: str, encoding: str) -> list[str]:
        """One warning a kind."""
        counted = (
            (self.ragged, "dòng có số ô khác dòng tiêu đề; kiểm tra dấu phân cách trong các dòng đó"),
            (self.nul, "byte NUL, giữ dưới dạng \\x00; xuất lại tệp từ phần mềm nguồn"),
            (self.escaped, f"byte không đọc được theo bảng mã {encoding}, giữ dưới dạng \\xNN; kiểm tra bảng mã"),
        )
        return self.said + [f"Tệp {name}: {count} {what}." for count, what in counted if count]


def read(job: Job, landing: Landing) -> Delivery:
    """Land every file of the record. Raises SourceError with where and what to do."""
    delivery = Delivery(mode=job.mode)
    csv.field_size_limit(_WIDEST_FIELD)
    with collect(job) as files:
        for file in files:
            notes = Notes()
            with file.path.open("rb") as raw:
                table = _Table(job, file, raw, notes, delivery)
                before = landing.delivered
                rows_read = columns.read_by(table.letters, table.fields, table.rows(_left(job, landing)))
                landing.write(table.fields, rows_read)
            delivery.warnings += notes.sentences(file.name, table.encoding)
            rows = landing.delivered - before
            delivery.files.append(DeliveredFile(file.name, file.sha256, file.size, rows, file.manifest))
    delivery.delivered = landing.delivered
    delivery.manifest = manifests(delivery.files)
    if delivery.manifest and delivery.declared_source is None:
        delivery.declared_source = delivery.manifest.source
    return delivery


def _left(job: Job, landing: Landing) -> int | None:
    return None if job.limit is None else max(0, job.limit - landing.delivered)


class _Table:
    """One file being read: header found, then rows one by one."""

    def __init__(self, job: Job, file: LocalFile, raw: BinaryIO, notes: Notes, delivery: Delivery) -> None:
        self.job, self.file, self.notes, self.delivery = job, file, notes, delivery
        self.where = f"{job.where}: tệp {file.name}"
        head = raw.read(_HEAD)
        raw.seek(0)
        if not head.strip(b"\r\n\t \xef\xbb\xbf\xff\xfe\0"):
            raise SourceError(f"{self.where} rỗng; đề nghị nguồn xuất và gửi lại.", "the file is empty")
        declared = str(job.option("encoding", "utf-8"))
        self.encoding = self._canonical(declared)
        self.codec, convert = CODECS[self.encoding], converter(self.encoding)
        if proven := bom(head):
            self.codec, name = proven
            if name != self.encoding:
                notes.said.append(
                    f"Tệp {file.name}: khai báo bảng mã {declared} nhưng tệp ghi bằng {name}; đã đọc theo {name}."
                )
            self.encoding, convert = name, converter(name)
        # In UTF-16 no column can have bytes of its own, only letters that a legacy font drew.
        self.letters, self.overrides = columns.declared(job), dict[str, str]()
        whole = {"utf-16": {*self.letters.values()}, "utf-8": {MOJIBAKE}}.get(self.encoding, set())
        if not whole.issuperset(self.letters.values()):
            self.letters, self.overrides = {}, self.letters
            # Columns of different encodings: take the file apart as single bytes, decode each field.
            self.codec, convert = "latin-1", str
        sample = head.decode(self.codec, "replace")
        self.delimiter = str(job.option("delimiter") or _sniff(sample))
        self.physical = 0
        self._last_lines = 0
        quote = str(job.option("quote", '"'))
        self._records = csv.reader(self._lines(raw, convert), delimiter=self.delimiter, quotechar=quote)
        self._find_header()

    def _canonical(self, declared: str) -> str:
        if encoding := canonical(declared):
            return encoding
        raise SourceError(
            f"{self.where}: bảng mã “{declared}” không có; dùng utf-8, utf-16, cp1258, tcvn3, vni hoặc vps.",
            f"unknown encoding {declared!r}",
        )

    def _lines(self, raw: BinaryIO, convert: Callable[[str], str]) -> Iterator[str]:
        escaped = ESCAPES.count
        try:
            for block in blocks(raw, self.codec, convert):
                if "\0" in block:
                    self.notes.nul += block.count("\0")
                yield from io.StringIO(block.replace("\0", "\\x00"), newline="")
        except ValueError:
            raise SourceError(
                f"{self.where}: có dòng dài quá 16 MB; đây không phải tệp CSV hoặc sai bảng mã.", "a line is too long"
            ) from None
        finally:
            self.notes.escaped += ESCAPES.count - escaped

    def _records_checked(self) -> Iterator[list[str]]:
        number = 0
        try:
            for number, record in enumerate(self._records, 1):
                lines = self._records.line_num
                if lines - self._last_lines > 1:
                    self._check_quotes(number, record)
                self._last_lines = lines
                yield record
        except csv.Error as error:
            raise self._unclosed(number + 1, str(error)) from None

    def _check_quotes(self, number: int, record: list[str]) -> None:
        """A quote that is opened and never closed swallows whole rows into one field: refuse, do not lose them."""
        width = len(getattr(self, "header", ()))
        for text in record:
            swallowed = [line for line in text.split("\n")[1:] if line.count(self.delimiter) >= max(width - 2, 2)]
            if swallowed:
                raise self._unclosed(number, f"{len(swallowed)} lines inside one field")

    def _unclosed(self, number: int, detail: str) -> SourceError:
        return SourceError(
            f"{self.where}, dòng {number}: dấu nháy kép mở mà không đóng, các dòng sau bị nuốt vào một ô; "
            "sửa dấu nháy ở dòng đó rồi gửi lại.",
            f"unbalanced quote: {detail}",
        )

    def _find_header(self) -> None:
        records = self._records_checked()
        first = list(islice(records, _HEADER_WITHIN))
        best: dict[str, int] = {}
        at = 0
        for i, record in enumerate(first):
            found = assign([[text.strip()] for text in self._decoded(record)], self.job.columns, self.job.synonyms)
            if len(found) > len(best):
                best, at = found, i
        shown = [t.strip() for t in self._decoded(first[at])] if first else []
        if not best or (len(best) == 1 < len(self.job.columns) and "source_key" not in best):
            near = [t for r in first[:1] for t in self._decoded(r) if t.strip()]
            raise SourceError(
                f"{self.where}: không thấy dòng tiêu đề có {quoted(list(self.job.columns.values()))}; "
                f"dòng đầu là {quoted(near)}. Kiểm tra bảng mã, dấu phân cách và tên cột đã khai báo.",
                f"no header among the first {len(first)} records",
            )
        self.header, self.found = shown, best
        self._row_no = at + 1
        self._rest = chain(first[at + 1 :], records)
        special = {str(c).casefold(): i for i, c in enumerate(shown)}
        self.gone = special.get(str(self.job.deleted).casefold()) if self.job.deleted else None
        self.marks = special.get(str(self.job.cursor).casefold()) if self.job.cursor else None
        declared = self.job.option("source_code") or {}
        self.code = special.get(str(declared.get("column")).casefold()) if isinstance(declared, dict) else None
        used = {*best.values(), self.gone, self.marks, self.code}
        missing = [f for f in self.job.columns if f not in best]
        for f in missing:
            near_name = suggest(self.job.columns[f], shown)
            self.notes.said.append(
                f"Tệp {self.file.name}: không thấy cột “{self.job.columns[f]}” ({f})"
                + (f"; gần nhất là {near_name}." if near_name else ".")
            )
        self.delivery.missing_columns += [f for f in missing if f not in self.delivery.missing_columns]
        dropped = [name or f"cột {i + 1}" for i, name in enumerate(shown) if i not in used]
        self.delivery.dropped_columns += [n for n in dropped if n not in self.delivery.dropped_columns]
        self.fields = list(best)

    def _decoded(self, record: list[str]) -> list[str]:
        return [decode(t.encode("latin-1"), self.encoding) for t in record] if self.overrides else record

    def rows(self, most: int | None) -> Iterator[Row]:
        """Rows of the file; row numbers as a spreadsheet shows them."""
        since, width = self.job.since, len(self.header)
        where = [self.found[f] for f in self.fields]
        encodings = [self.overrides.get(f, self.encoding) for f in self.fields]
        in_unicode = self.encoding == "utf-8"
        name, row_no, yielded = self.file.name, self._row_no, 0
        for record in self._rest:
            row_no += 1
            if not record:
                continue
            if len(record) != width:
                if not any(record):
                    continue
                self.notes.ragged += 1
                record.extend([""] * (width - len(record)))
            elif not any(record):
                continue
            if self.marks is not None:
                mark = record[self.marks].strip()
                if since is not None and mark and mark <= since:
                    continue
                self.delivery.watermark = max(self.delivery.watermark or since or "", mark) or None
            if self.code is not None:
                self._declare(record[self.code].strip())
            if yielded == most:
                return
            yielded += 1
            values = [record[i] or None for i in where]
            if self.overrides:
                values = [
                    v and of_bytes(v.encode("latin-1"), e, in_unicode=in_unicode)
                    for v, e in zip(values, encodings, strict=True)
                ]
            yield (row_no, name, None, self.gone is not None and is_true(record[self.gone]), *values)

    def _declare(self, code: str) -> None:
        if code and self.delivery.declared_source in (None, self.job.source):
            self.delivery.declared_source = code


def _sniff(sample: str) -> str:
    """The delimiter that divides the first lines most evenly, outside quotes."""
    lines = [line for line in sample.splitlines()[:20] if line.strip()]
    scores: Counter[str] = Counter()
    for delimiter in _DELIMITERS:
        widths = [len(r) for r in csv.reader(lines, delimiter=delimiter)]
        if widths and max(widths) > 1:
            usual, times = Counter(w for w in widths if w > 1).most_common(1)[0]
            scores[delimiter] = times * 100 + usual
    return scores.most_common(1)[0][0] if scores else ","
