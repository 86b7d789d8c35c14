"""Looks at a workbook before it is read, because the reader takes a whole sheet, empty cells included, into memory."""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sources.connectors.base import SourceError

#: Cells of the used range, empty ones included; about 100 bytes each once read.
MOST_CELLS = 4_000_000
_MOST_UNPACKED = 600 << 20
_MOST_PART = 400 << 20
_MOST_TEXTS = 120 << 20
_MOST_RATIO = 200
_CHUNK = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))

_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
#: A cell that holds something: not closed at once, not followed by its own end.
_CELL = re.compile(rb'<(?:\w+:)?c\s(?=[^>]*?\br="([A-Z]{1,3})(\d{1,7})")[^>]*(?<!/)>(?!</)')
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_ERROR_TYPE = re.compile(rb'\bt="e"')


@dataclass(frozen=True)
class Used:
    """What one sheet holds: last used row and column (from 1), the address of the cell furthest out, error cells."""

    rows: int
    columns: int
    furthest: str
    xml_rows: int
    errors: int


Say = Callable[[str, str], SourceError]


def check(path: Path, say: Say) -> zipfile.ZipFile | None:
    """The open archive of an .xlsx, None for an .xls.

    `say(what, detail)` makes the error. Raises it for a file that is empty, locked by a password, cut off, packed
    beyond reason, or no workbook at all.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise say("rỗng (0 byte); đề nghị nguồn gửi lại", "the file is empty")
    if head == _OLE:
        content = path.read_bytes()
        if any(mark in content for mark in _ENCRYPTED):
            raise locked(say)
        return None
    if head[:2] != b"PK":
        what = "là trang web hoặc XML đổi đuôi" if head.lstrip()[:1] == b"<" else "không phải sổ tính Excel"
        raise say(f"{what}; mở bằng Excel, lưu lại dạng .xlsx rồi gửi lại", "neither a zip nor an OLE container")
    try:
        archive = zipfile.ZipFile(path)
        names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise damaged(say) from None
    if "xl/workbook.xml" not in names:
        way = "không phải sổ tính .xlsx; mở bằng Excel, lưu lại dạng .xlsx rồi gửi lại"
        raise say(way, "xl/workbook.xml is missing")
    parts = archive.infolist()
    total = sum(p.file_size for p in parts)
    packed = max(1, sum(p.compress_size for p in parts))
    texts = sum(p.file_size for p in parts if p.filename == "xl/sharedStrings.xml")
    bomb = total > 50 << 20 and total / packed > _MOST_RATIO
    if bomb or total > _MOST_UNPACKED or texts > _MOST_TEXTS or max(p.file_size for p in parts) > _MOST_PART:
        raise say(
            f"giải nén ra {total >> 20} MB, quá lớn so với một bảng số liệu; xóa các dòng, cột trống đã định dạng "
            "hoặc chia nhỏ tệp rồi gửi lại",
            f"{total} bytes unpacked from {packed}, {texts} of shared texts",
        )
    return archive


def locked(say: Say) -> SourceError:
    """The error for a workbook with a password."""
    return say("đặt mật khẩu; bỏ mật khẩu (File > Info > Protect Workbook) rồi gửi lại", "the workbook is encrypted")


def damaged(say: Say) -> SourceError:
    """The error for a workbook that is cut off or broken."""
    return say("bị hỏng hoặc chép chưa xong; đề nghị nguồn gửi lại tệp", "the zip archive is truncated or broken")


def parts_of_sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part of the archive that holds each sheet, by sheet name."""
    workbook = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    targets = {}
    for tag in _RELATION.findall(relations):
        attributes = dict(_ATTRIBUTE.findall(tag))
        target = html.unescape(attributes.get("Target", ""))
        targets[attributes.get("Id", "")] = posixpath.normpath(posixpath.join("xl", target)).lstrip("/")
    sheets = {}
    for tag in _SHEET.findall(workbook):
        attributes = dict(_ATTRIBUTE.findall(tag))
        relation = next((v for k, v in attributes.items() if k.endswith(":id")), "")
        sheets[html.unescape(attributes.get("name", ""))] = targets.get(relation, "")
    return sheets


def used_range(archive: zipfile.ZipFile, part: str, say: Say) -> Used:
    """What the cells of a sheet really span, found by streaming its XML.

    Raises the error of `say` when the part cannot be unpacked, or the range is larger than MOST_CELLS.
    """
    rows = columns = xml_rows = errors = 0
    furthest_row = furthest_column = b"A1"
    widths: dict[bytes, int] = {}
    buffer = b""
    try:
        with archive.open(part) as sheet:
            while rows * columns <= MOST_CELLS:
                chunk = sheet.read(_CHUNK)
                buffer += chunk
                # A cell is judged by the tag after it, so the last tag waits for the next chunk.
                last = buffer.rfind(b"<", 0, -1) if chunk else len(buffer)
                xml_rows += len(_ROW.findall(buffer, 0, last))
                errors += len(_ERROR_TYPE.findall(buffer, 0, last))
                for letters, digits in _CELL.findall(buffer, 0, last + 2):
                    column = widths.get(letters) or widths.setdefault(letters, _column(letters))
                    row = int(digits)
                    if row > rows:
                        rows, furthest_row = row, letters + digits
                    if column > columns:
                        columns, furthest_column = column, letters + digits
                if not chunk:
                    break
                buffer = buffer[max(last, 0) :]
    except KeyError:
        return Used(0, 0, "A1", 0, 0)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        raise damaged(say) from None
    # Whichever reaches further beyond an ordinary table is the stray one.
    stray = furthest_column if columns > 300 else furthest_row
    return Used(rows, columns, stray.decode("ascii"), xml_rows, errors)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
