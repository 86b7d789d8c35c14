"""Paged JSON over HTTP: next address, cursor, page number or offset; whole delivery or nothing.

Settings of a system: `url`, `auth` (none, bearer, oauth2) with `token` or `token_url`, `client_id`,
`client_secret`, `scope`. Of a record: `path`, `items`, `next`, `page_size`, `paging` (next, page, offset, none),
names of parameters (`cursor_param`, `page_param`, `size_param`, `offset_param`, `since`), `params`.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from sources.connectors import columns
from sources.connectors.base import Delivery, Job, SourceError, quoted, suggest
from sources.connectors.http import Client, Page
from sources.connectors.landing import Landing, Row
from sources.connectors.values import is_true, to_text

_ABSENT = object()


def read(job: Job, landing: Landing) -> Delivery:
    """Land one record, page by page. Raises SourceError with the page and what to do."""
    delivery = Delivery(mode=job.mode)
    encodings, fields = columns.declared(job), list(job.columns)
    with Client(job) as client:
        reader = _Reader(job, client, delivery)
        landing.write(fields, columns.read_by(encodings, fields, reader.rows()))
    delivery.delivered = landing.delivered
    reader.conclude()
    return delivery


class _Reader:
    """Walks the pages of one record and takes each item apart."""

    def __init__(self, job: Job, client: Client, delivery: Delivery) -> None:
        self.job, self.client, self.delivery = job, client, delivery
        self.paths = {f: tuple(key.split(".")) for f, key in job.columns.items()}
        self.seen: set[str] = set()
        self.present: set[str] = set()
        self.answered_at: str | None = None

    def rows(self) -> Iterator[Row]:
        """One row an item, in the order of the pages."""
        paths, name = list(self.paths.items()), str(self.job.option("path", "/"))
        row_no = 0
        for number, items in self._pages():
            for item in items:
                if not isinstance(item, dict):
                    raise self.error(
                        f"trang {number} có mục không phải đối tượng JSON; báo đơn vị quản lý dịch vụ",
                        f"an item of page {number} is {type(item).__name__}",
                    )
                if self.job.limit is not None and row_no >= self.job.limit:
                    return
                row_no += 1
                self.present.update(item)
                values = []
                for f, path in paths:
                    value = _at(item, path)
                    if value is not _ABSENT:
                        self.seen.add(f)
                    values.append(None if value is _ABSENT else to_text(value))
                yield (row_no, name, None, self._special(item), *values)

    def _special(self, item: dict[str, Any]) -> bool:
        """Take the cursor of a delta into the watermark; whether the item is a tombstone."""
        if cursor := self.job.cursor:
            moment = to_text(item.get(cursor))
            if moment:
                self.delivery.watermark = max(self.delivery.watermark or self.job.since or "", moment)
        return bool(self.job.deleted) and is_true(to_text(item.get(str(self.job.deleted))))

    def conclude(self) -> None:
        """What was declared and never seen, what was seen and never declared."""
        delivery, job = self.delivery, self.job
        if not delivery.delivered:
            delivery.watermark = job.since if job.mode == "delta" else None
            return
        delivery.missing_columns = [f for f in job.columns if f not in self.seen]
        if len(delivery.missing_columns) == len(job.columns):
            raise self.error(
                f"không mục nào có khóa như đã khai báo; dịch vụ đang trả {quoted(sorted(self.present))}",
                "none of the declared keys is in the items",
            )
        for f in delivery.missing_columns:
            near = suggest(job.columns[f], sorted(self.present))
            delivery.warnings.append(
                f"Không mục nào có khóa “{job.columns[f]}” ({f})" + (f"; gần nhất là {near}." if near else ".")
            )
        used = {path[0] for path in self.paths.values()} | {job.cursor, job.deleted}
        delivery.dropped_columns = sorted(k for k in self.present if k not in used)
        if job.mode == "delta" and not job.cursor:
            delivery.watermark = self.answered_at

    def error(self, what: str, detail: str) -> SourceError:
        """A SourceError about this record."""
        return SourceError(f"{self.job.where}: {what}.", detail)

    def _pages(self) -> Iterator[tuple[int, list[Any]]]:
        job = self.job
        address = self.client.base.join(str(job.option("path", "")).lstrip("/"))
        size = job.option("page_size")
        paging = str(job.option("paging") or ("next" if job.option("next") else "page" if size else "none"))
        fixed = {str(k): str(v) for k, v in (job.option("params") or {}).items()}
        if size:
            fixed[str(job.option("size_param", "page_size"))] = str(size)
        if job.mode == "delta" and job.since is not None and job.option("since"):
            fixed[str(job.option("since"))] = job.since
        turn: dict[str, str] = {}
        visited: set[str] = set()
        number, read = 0, 0
        while True:
            number += 1
            if paging == "page":
                turn = {str(job.option("page_param", "page")): str(number)}
            elif paging == "offset":
                turn = {str(job.option("offset_param", "offset")): str(read)}
            target = address.copy_merge_params({**fixed, **turn})
            if str(target) in visited:
                raise self.error(
                    f"trang {number} trỏ lại trang đã đọc, dữ liệu đi vòng; báo đơn vị quản lý dịch vụ", "paging loops"
                )
            visited.add(str(target))
            page = self.client.get(target, number)
            items = self._items(page)
            yield number, items
            read += len(items)
            if paging == "next":
                following = _at(page.content, tuple(str(job.option("next")).split(".")))
                if following is _ABSENT or following in (None, "", False):
                    return
                text = str(following)
                if text.startswith(("http://", "https://", "/", "?")):
                    address, fixed, turn = self.client.own(page.url.join(text), number), {}, {}
                else:
                    turn = {str(job.option("cursor_param", "cursor")): text}
            elif paging == "none" or not items or (size and len(items) < int(size)):
                return

    def _items(self, page: Page) -> list[Any]:
        job = self.job
        if self.answered_at is None and (date := page.headers.get("date")):
            self.answered_at = parsedate_to_datetime(date).isoformat()
        declared = job.option("source_code")
        if isinstance(declared, dict) and isinstance(page.content, dict):
            code = page.content.get(str(declared.get("key")))
            if code is not None and self.delivery.declared_source in (None, job.source):
                self.delivery.declared_source = str(code)
        path = job.option("items")
        items = _at(page.content, tuple(str(path).split("."))) if path else page.content
        if not isinstance(items, list):
            shown = f" Dịch vụ trả {quoted(sorted(page.content))}" if isinstance(page.content, dict) else ""
            raise self.error(
                f"trang {page.number} không có danh sách “{path or 'gốc'}”.{shown}; kiểm tra địa chỉ và khóa items",
                f"items of page {page.number} are not a list",
            )
        return items


def _at(content: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(content, dict) or key not in content:
            return _ABSENT
        content = content[key]
    return content
