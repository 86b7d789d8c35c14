"""Writing into a landing table: one COPY, one transaction, nothing kept of a delivery that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

import psycopg
from psycopg import sql

from sources.connectors.base import Progress
from sources.text.looks import Looks

#: Row number in their file, file, sheet, tombstone; then the fields of the contract.
PLACE = ("row_no", "file", "sheet", "deleted")
Row = Sequence[int | str | bool | None]
_EVERY = 10_000


class Landing:
    """The landing table of one delivery; `delivered` grows as rows come, `looks` is what was seen of their texts."""

    def __init__(
        self, connection: psycopg.Connection, table: str, progress: Progress, *, escapes: bool = False
    ) -> None:
        self.connection = connection
        self.table = table
        self.progress = progress
        self.delivered = 0
        self.looks = Looks(escapes=escapes)

    def copy(self, cursor: psycopg.Cursor, fields: Sequence[str]) -> AbstractContextManager[psycopg.Copy]:
        """COPY FROM STDIN for PLACE and `fields`, in text format."""
        columns = sql.SQL(", ").join(map(sql.Identifier, (*PLACE, *fields)))
        return cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.SQL(self.table), columns))

    def write(self, fields: Sequence[str], rows: Iterable[Row]) -> None:
        """Land rows of PLACE and `fields`, counting each before it is written."""
        with self.connection.cursor() as cursor, self.copy(cursor, fields) as copy:
            put: Callable[[Row], None] = copy.write_row
            looks, wants = self.looks, self.looks.wants
            for row in rows:
                self.delivered += 1
                put(row)
                if wants(self.delivered):
                    looks.see(fields, row[len(PLACE) :])
                if self.delivered % _EVERY == 0:
                    self.progress(self.delivered)
        self.progress(self.delivered)
