"""Excel workbooks: size and used range are checked first, then each declared sheet is read."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import python_calamine as calamine

from sources.connectors import columns, workbook_check
from sources.connectors.base import DeliveredFile, Delivery, Job, SourceError, quoted, suggest
from sources.connectors.files import LocalFile, collect, manifests
from sources.connectors.headers import plain
from sources.connectors.landing import Landing, Row
from sources.connectors.sheet import KINDS, Header, Sheet
from sources.connectors.values import cell_text, is_true
from sources.connectors.workbook_check import Say, Used

#: No form has as many columns.
_WIDE = 300


@dataclass(frozen=True)
class Opened:
    """A sheet with its header."""

    name: str
    sheet: Sheet
    header: Header

    def position(self, heading: str | None) -> int | None:
        """Where a heading outside the contract stands."""
        names = [plain(n) for n in self.header.names]
        return names.index(plain(heading)) if heading and plain(heading) in names else None


def read(job: Job, landing: Landing) -> Delivery:
    """Land every declared sheet of every file of the record. Raises SourceError with where and what to do."""
    delivery = Delivery(mode=job.mode)
    encodings = columns.declared(job)
    with collect(job) as files:
        for file in files:
            before = landing.delivered
            for opened in _sheets(job, file, delivery):
                left = None if job.limit is None else max(0, job.limit - landing.delivered)
                fields = list(opened.header.found)
                landing.write(fields, columns.read_by(encodings, fields, _rows(job, file, opened, delivery, left)))
                _note(job, file, opened, delivery)
            rows = landing.delivered - before
            delivery.files.append(DeliveredFile(file.name, file.sha256, file.size, rows, file.manifest))
    delivery.delivered = landing.delivered
    delivery.manifest = manifests(delivery.files)
    if delivery.manifest and delivery.declared_source is None:
        delivery.declared_source = delivery.manifest.source
    return delivery


def _sheets(job: Job, file: LocalFile, delivery: Delivery) -> Iterator[Opened]:
    where = f"{job.where}: tệp {file.name}"

    def say(what: str, detail: str) -> SourceError:
        return SourceError(f"{where} {what}.", detail)

    archive = workbook_check.check(file.path, say)
    try:
        book = calamine.load_workbook(file.path)
    except calamine.PasswordError:
        raise workbook_check.locked(say) from None
    except (calamine.CalamineError, OSError) as error:
        if "password" in str(error).lower():
            raise workbook_check.locked(say) from None
        raise workbook_check.damaged(say) from None
    parts = workbook_check.parts_of_sheets(archive) if archive else {}
    opened = 0
    headless: list[tuple[str, list[str]]] = []
    with book:
        for name in _declared(job, where, book, file, delivery):
            if archive and parts.get(name):
                _check_range(name, workbook_check.used_range(archive, parts[name], say), file, delivery, say)
            try:
                tab = book.get_sheet_by_name(name)
                sheet = Sheet(tab.iter_rows(), _shifted(tab))
            except calamine.CalamineError:
                raise workbook_check.damaged(say) from None
            header = sheet.header(job.columns, job.synonyms)
            if header is None:
                headless.append((name, _near(sheet)))
                continue
            _declare(job, sheet, tab.start or (0, 0), delivery)
            opened += 1
            yield Opened(name, sheet, header)
    if not opened:
        raise _no_header(job, where, headless)
    for name, _ in headless:
        delivery.warnings.append(f"Tệp {file.name}: trang “{name}” không có dòng tiêu đề của bảng nên không đọc.")


def _shifted(tab: calamine.CalamineSheet) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Merged ranges in columns of the rows as they are read, which begin at the first used column."""
    left = tab.start[1] if tab.start else 0
    ranges = tab.merged_cell_ranges or []
    return [((r1, c1 - left), (r2, c2 - left)) for (r1, c1), (r2, c2) in ranges if c1 >= left]


def _declared(job: Job, where: str, book: Any, file: LocalFile, delivery: Delivery) -> list[str]:
    wanted = job.option("sheets")
    patterns = [str(wanted)] if isinstance(wanted, str | int) else [str(w) for w in wanted or ()]
    tables = [s for s in book.sheets_metadata if s.typ == calamine.SheetTypeEnum.WorkSheet]
    visible = [s.name for s in tables if s.visible == calamine.SheetVisibleEnum.Visible]
    if not patterns:
        names = visible[:1]
    else:
        exact = {plain(p) for p in patterns}
        names = [s.name for s in tables if plain(s.name) in exact or (s.name in visible and _matches(s.name, patterns))]
    hidden = [s.name for s in tables if s.name not in visible and s.name not in names]
    if hidden:
        delivery.warnings.append(
            f"Tệp {file.name}: có trang ẩn {quoted(hidden)}, không đọc vì không khai báo đích danh."
        )
    if not names:
        raise SourceError(
            f"{where}: không có trang nào tên {quoted(patterns)}; tệp có {quoted([s.name for s in tables])}. "
            "Sửa tên trang hoặc khai báo nguồn.",
            "no declared sheet is in the workbook",
        )
    return names


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(name.casefold(), p.casefold()) for p in patterns)


def _check_range(name: str, used: Used, file: LocalFile, delivery: Delivery, say: Say) -> None:
    if used.rows * used.columns > workbook_check.MOST_CELLS:
        raise say(
            f"có ô lạc {used.furthest} ở trang “{name}” làm vùng số liệu rộng {used.rows} dòng × {used.columns} cột; "
            "xóa nội dung ô đó cùng các dòng, cột trống thừa, lưu lại rồi gửi lại",
            f"used range of {used.rows * used.columns} cells, limit {workbook_check.MOST_CELLS}",
        )
    if used.columns > _WIDE:
        delivery.warnings.append(f"Tệp {file.name}: trang “{name}” có ô lạc {used.furthest} nằm xa bảng; nên xóa ô đó.")
    if used.xml_rows > used.rows + 1000:
        delivery.warnings.append(
            f"Tệp {file.name}: trang “{name}” có {used.xml_rows - used.rows} dòng trống đã định dạng, đã bỏ qua; "
            "nên xóa đi."
        )
    if used.errors:
        delivery.warnings.append(
            f"Tệp {file.name}: trang “{name}” có {used.errors} ô báo lỗi công thức (#N/A, #REF! …), nhận là ô trống."
        )


def _near(sheet: Sheet) -> list[str]:
    texts = [" ".join(t.split()) for row in sheet.top for v in row if (t := cell_text(v))]
    return list(dict.fromkeys(t for t in texts if len(t) <= 60 and not t.isdigit()))


def _no_header(job: Job, where: str, headless: list[tuple[str, list[str]]]) -> SourceError:
    shown = []
    for name, texts in headless[:3]:
        near = [s for wanted in job.columns.values() if (s := suggest(wanted, texts))]
        shown.append(f"trang “{name}” có {', '.join(near[:5]) or 'không ô nào giống'}")
    return SourceError(
        f"{where}: không thấy dòng tiêu đề có {quoted(list(job.columns.values()))} trong 30 dòng đầu; "
        f"{'; '.join(shown) or 'tệp không có trang nào đọc được'}. Sửa tiêu đề theo mẫu hoặc sửa khai báo nguồn.",
        f"header not found in {len(headless)} sheets",
    )


def _declare(job: Job, sheet: Sheet, start: tuple[int, int], delivery: Delivery) -> None:
    """The source code that a cell of the sheet carries."""
    declared = job.option("source_code")
    if isinstance(declared, dict) and (address := declared.get("cell")):
        row, column = _place(str(address))
        column -= start[1]
        if row < len(sheet.top) and 0 <= column < len(sheet.top[row]):
            _said(job, delivery, cell_text(sheet.top[row][column]))


def _said(job: Job, delivery: Delivery, code: str | None) -> None:
    """Keep the declared code; once it is another source's, that stays."""
    if code and delivery.declared_source in (None, job.source):
        delivery.declared_source = code.strip()


def _place(address: str) -> tuple[int, int]:
    letters = address.rstrip("0123456789").upper()
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(address[len(letters) :] or 1) - 1, column - 1


def _rows(job: Job, file: LocalFile, opened: Opened, delivery: Delivery, most: int | None) -> Iterator[Row]:
    where = list(opened.header.found.values())
    gone, mark, code = (opened.position(name) for name in _special(job))
    yielded = 0
    for row_no, texts in opened.sheet.data(opened.header):
        wide = len(texts)
        if mark is not None and mark < wide and (moment := texts[mark]):
            if job.since is not None and moment <= job.since:
                continue
            delivery.watermark = max(delivery.watermark or job.since or "", moment)
        if code is not None and code < wide:
            _said(job, delivery, texts[code])
        if yielded == most:
            return
        yielded += 1
        deleted = gone is not None and gone < wide and is_true(texts[gone])
        yield (row_no, file.name, opened.name, deleted, *[texts[i] if i < wide else None for i in where])


def _special(job: Job) -> tuple[str | None, str | None, str | None]:
    """Headings of the deleted flag, the cursor and the source code, where declared."""
    declared = job.option("source_code")
    return job.deleted, job.cursor, declared.get("column") if isinstance(declared, dict) else None


def _note(job: Job, file: LocalFile, opened: Opened, delivery: Delivery) -> None:
    """Warnings, dropped and missing columns of one sheet."""
    header, place = opened.header, f"Tệp {file.name}, trang “{opened.name}”"
    skipped = [f"{count} {KINDS[kind]}" for kind, count in sorted(opened.sheet.skipped.items())]
    if skipped:
        delivery.warnings.append(f"{place}: bỏ qua {', '.join(skipped)}.")
    if opened.sheet.filled:
        delivery.warnings.append(f"{place}: {opened.sheet.filled} ô gộp dọc được điền theo ô đầu.")
    for name in (n for n in job.columns if n not in header.found):
        near = suggest(job.columns[name], [n for n in header.names if n])
        delivery.warnings.append(
            f"{place}: không thấy cột “{job.columns[name]}” ({name})" + (f"; gần nhất là {near}." if near else ".")
        )
        if name not in delivery.missing_columns:
            delivery.missing_columns.append(name)
    used = {*header.found.values(), *(opened.position(name) for name in _special(job))}
    for name in (n for i, n in enumerate(header.names) if n and i not in used):
        if name not in delivery.dropped_columns:
            delivery.dropped_columns.append(name)
