"""Encodings of single columns: declared ones are read by it, undeclared ones that look like one are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from sources.connectors.base import Job, SourceError
from sources.connectors.landing import PLACE, Landing, Row
from sources.text.decoding import MOJIBAKE, OF_COLUMNS, canonical, of_values

_SHOWN = {
    "tcvn3": "chữ TCVN3 (phông .VnTime)",
    "vni": "chữ VNI (phông VNI-Times)",
    "vps": "chữ VPS",
    "cp1258": "chữ Windows-1258",
    MOJIBAKE: "UTF-8 bị đọc nhầm (“Nguyá»…n”)",
}


def declared(job: Job) -> dict[str, str]:
    """The encodings of single fields under the names known here. Raises SourceError for one that is not."""
    found = {}
    for field, name in (job.option("encodings") or {}).items():
        plain = str(name).strip().lower()
        encoding = plain if plain == MOJIBAKE else canonical(plain)
        if encoding is None or encoding == "utf-16":
            raise SourceError(
                f"{job.where}: bảng mã “{name}” của {field} không có; dùng {OF_COLUMNS}.",
                f"unknown encoding {name!r} of {field}",
            )
        found[field] = encoding
    return found


def read_by(encodings: dict[str, str], fields: Sequence[str], rows: Iterable[Row]) -> Iterable[Row]:
    """Rows of PLACE and `fields` with the columns of `encodings` set right; the same rows when there are none."""
    convert = [(len(PLACE) + i, of_values(encodings[f])) for i, f in enumerate(fields) if f in encodings]
    return _converted(rows, convert) if convert else rows


def _converted(rows: Iterable[Row], convert: list[tuple[int, Callable[[str], str]]]) -> Iterator[Row]:
    for row in rows:
        values = list(row)
        for i, read in convert:
            if isinstance(text := values[i], str):
                values[i] = read(text)
        yield values


def sentences(job: Job, landing: Landing) -> list[str]:
    """One warning for each landed column that looks like an encoding although it should be read by now."""
    said = []
    known = {str(f): str(e) for f, e in (job.option("encodings") or {}).items()}
    for field, look in landing.looks.columns.items():
        if not (verdict := look.verdict):
            continue
        name, count = verdict
        state = f"tuy đã khai báo {known[field]}" if field in known else "mà chưa khai báo bảng mã"
        said.append(
            f"Cột “{job.columns.get(field, field)}” ({field}): {count} trong {look.seen} giá trị có dấu đã xem trông "
            f"như {_SHOWN[name]} {state}; nội dung được giữ nguyên. Nếu đúng vậy, ghi "
            f"“encodings: {{{field}: {name}}}” ở bảng ghi {job.record} trong tệp {job.source}.yml."
        )
    return said
