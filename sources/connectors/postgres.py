"""PostgreSQL to PostgreSQL: COPY to COPY, one snapshot of the source, no row is taken apart here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import psycopg
import sqlalchemy as sa
from psycopg import postgres, pq, sql

from sources.connectors.base import TRUE_TEXTS, Delivery, Job, SourceError
from sources.connectors.landing import Landing
from sources.connectors.values import escaped_bytes
from sources.text.decoding import ESCAPES

if TYPE_CHECKING:
    from sources.connectors.database import Plan

#: Rows of a block: some hundred kB of usual rows, few enough for wide ones.
_ROWS = 1000
_END = (-1, b"")
#: Types whose text in a COPY is the one that a cast would give, so that nothing needs to be cast.
_AS_TEXT = frozenset(
    postgres.types[name].oid
    for name in ("date", "int2", "int4", "int8", "numeric", "text", "timestamp", "timestamptz", "varchar")
)
#: Types whose texts are dates as ISO says, and digits with at most a minus sign.
_NATIVE = {
    postgres.types[name].oid: said for name, said in (("date", "date"), *((f"int{n}", "integer") for n in (2, 4, 8)))
}
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
#: Classes of SQLSTATE whose first message line names objects, never values.
_SAFE_CLASSES = ("08", "28", "3D", "42", "53", "55", "57")
Match = Callable[[Job, Sequence[str], Delivery], "Plan"]


def read(job: Job, landing: Landing, url: sa.URL, delivery: Delivery, match: Match) -> Delivery:
    """Land one record of a PostgreSQL source. Raises SourceError with where and what to do."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(plain, connect_timeout=15, options=_options(url, job)) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            return _copy(job, landing, connection, delivery, match)
    except psycopg.Error as error:
        raise failure(job, error) from None


def _options(url: sa.URL, job: Job) -> str:
    given = url.query.get("options", "")
    ours = f"-c timezone=UTC -c datestyle=ISO -c client_encoding=UTF8 -c statement_timeout={int(job.seconds * 1000)}"
    return f"{given if isinstance(given, str) else ' '.join(given)} {ours}".strip()


def _relation(job: Job) -> sql.Composable:
    if query := job.option("query"):
        return sql.SQL("({}) delivered_rows").format(sql.SQL(str(query).strip().rstrip(";")))
    if not (table := job.option("table")):
        raise SourceError(
            f"{job.where}: chưa khai báo bảng (table) hay câu truy vấn (query); sửa tệp nguồn.",
            "neither table nor query is declared",
        )
    return sql.Identifier(*str(table).split("."))


def _copy(job: Job, landing: Landing, connection: psycopg.Connection, delivery: Delivery, match: Match) -> Delivery:
    relation = _relation(job)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT * FROM {} WHERE false").format(relation))
        types = {column.name: column.type_code for column in cursor.description or ()}
        plan = match(job, list(types), delivery)
        changed: sql.Composable = sql.SQL("")
        if plan.cursor:
            column = sql.Identifier(plan.cursor)
            if job.since is not None:
                changed = sql.SQL(" WHERE {} >= {}").format(column, sql.Literal(job.since))
            cursor.execute(sql.SQL("SELECT max({})::text FROM {}{}").format(column, relation, changed))
            latest = cursor.fetchone()
            delivery.watermark = (latest and latest[0]) or job.since
        columns = {
            field: sql.SQL("{}" if types[c] in _AS_TEXT else "{}::text").format(sql.Identifier(c))
            for field, c in plan.found.items()
        }
        if plan.deleted:
            texts = sql.SQL(", ").join(map(sql.Literal, sorted(TRUE_TEXTS)))
            said = sql.SQL("coalesce(lower({}::text) IN ({}), false)")
            columns["deleted"] = said.format(sql.Identifier(plan.deleted), texts)
        query = (
            sql.SQL("COPY (SELECT {} FROM {}{}{}) TO STDOUT")
            .format(
                sql.SQL(", ").join(columns.values()),
                relation,
                changed,
                sql.SQL("") if job.limit is None else sql.SQL(" LIMIT {}").format(sql.Literal(job.limit)),
            )
            .as_bytes(connection)
        )
        if escape := connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            # A server without an encoding: take its bytes as they are.
            cursor.execute("SET client_encoding TO 'SQL_ASCII'")
    escaped = ESCAPES.count
    delivery.native = {f: _NATIVE[types[c]] for f, c in plan.found.items() if types[c] in _NATIVE}
    landing.number(str(job.option("table", "query")))
    _pipe(landing, connection.pgconn, query, list(columns), escape)
    delivery.delivered = landing.delivered
    if ESCAPES.count > escaped:
        delivery.warnings.append(escaped_bytes(ESCAPES.count - escaped))
    return delivery


def _pipe(landing: Landing, source: pq.abc.PGconn, query: bytes, columns: list[str], escape: bool) -> None:
    """Move COPY data block by block, one being written while the next is read."""
    source.nonblocking = 0
    _expect(source.exec_(query), pq.ExecStatus.COPY_OUT)
    with (
        landing.connection.cursor() as cursor,
        landing.copy(cursor, columns, place=()) as copy,
        ThreadPoolExecutor(1, "landing") as writer,
    ):
        written: Future[None] | None = None
        for block in _blocks(landing, source, columns, escape):
            if written:
                written.result()
            written = writer.submit(copy.write, block)
        if written:
            written.result()
    source.get_result()
    source.nonblocking = 1
    landing.progress(landing.delivered)


def _blocks(landing: Landing, source: pq.abc.PGconn, columns: list[str], escape: bool) -> Iterator[bytearray]:
    """COPY data of the source in blocks; the server's row count is what was delivered."""
    rows = iter(partial(source.get_copy_data, 0), _END)
    first = 1
    while True:
        block = bytearray()  # thousands of rows held one by one would keep the garbage collector busy
        for _, row in islice(rows, _ROWS):
            block += _escaped(row) if escape else row
        if not block:
            break
        lines = block.count(b"\n")
        wanted = landing.looks.wanted(first, lines)
        for line in block.split(b"\n", wanted)[:wanted]:
            # Between tabs stand the texts; what COPY escapes in them are signs, never letters.
            landing.looks.see(columns, line.decode("utf-8", "replace").split("\t"))
        first += lines
        landing.progress(first - 1)
        yield block
    result = source.get_result()
    if result is None:
        raise psycopg.OperationalError("the source ended the copy without a result")
    _expect(result, pq.ExecStatus.COMMAND_OK)
    landing.delivered = result.command_tuples or 0


def _escaped(data: bytes | memoryview) -> bytes:
    """A row of a server without an encoding; COPY wants the backslash of an escape doubled."""
    text = bytes(data).decode("utf-8", "surrogateescape")
    clean, count = _NOT_UTF8.subn(lambda m: f"\\\\x{ord(m.group()) - 0xDC00:02X}", text)
    ESCAPES.count += count
    return clean.encode()


def _expect(result: pq.abc.PGresult, status: pq.ExecStatus) -> None:
    if result.status != status:
        raise psycopg.errors.error_from_result(result)


def failure(job: Job, error: psycopg.Error) -> SourceError:
    """What a clerk is told of an error of the source's server; no value of a row is in it."""
    state = error.sqlstate or ""
    first = (error.diag.message_primary or "").splitlines()[:1] if state[:2] in _SAFE_CLASSES else []
    detail = " ".join([type(error).__name__, state, *first]).strip()
    if state in ("42P01", "3F000"):
        what = f"không thấy bảng “{job.option('table', 'câu truy vấn')}” ở nguồn; kiểm tra tên bảng và lược đồ"
    elif state[:2] == "28" or state == "42501" or "password authentication failed" in str(error):
        what = "nguồn từ chối tài khoản kết nối; kiểm tra tên đăng nhập, mật khẩu và quyền đọc"
    elif state == "57014":
        what = f"nguồn trả lời quá {job.seconds:g} giây; chạy lại sau hoặc nâng giới hạn thời gian"
    elif not state or state[:2] in ("08", "53", "57", "3D"):
        what = "không kết nối được cơ sở dữ liệu của nguồn; kiểm tra máy chủ và đường truyền rồi chạy lại"
    else:
        what = "cơ sở dữ liệu của nguồn báo lỗi khi đọc; báo cán bộ kỹ thuật"
    return SourceError(f"{job.where}: {what}.", detail)
