"""Records of a relational database: any SQLAlchemy URL, a server-side cursor, COPY into the landing table.

PostgreSQL to PostgreSQL goes block by block, without looking at a row. Every other database is read
in parts of 2,000 rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from sources.connectors import columns, postgres
from sources.connectors.base import Delivery, Job, SourceError, quoted, redact, suggest
from sources.connectors.landing import Landing, Row
from sources.connectors.values import escaped_bytes, is_true, to_text
from sources.text.decoding import ESCAPE, ESCAPES

_PART = 2000
_CUT = "hỏng hoặc chép chưa xong; đề nghị nguồn gửi lại"
#: Extra of this package that brings the driver of a dialect.
_EXTRAS = {"mssql": "mssql", "oracle": "oracle", "mysql": "mariadb", "mariadb": "mariadb"}


@dataclass(frozen=True)
class Plan:
    """What of a table or query is read: columns as the source names them, by field of the contract."""

    found: dict[str, str]
    cursor: str | None
    deleted: str | None


def match(job: Job, present: Sequence[str], delivery: Delivery) -> Plan:
    """Compare the declared columns with those that are there; fills dropped and missing columns.

    Raises SourceError when nothing declared is there, or the cursor of a delta is not.
    """
    exact = {name: name for name in present}
    folded = {name.casefold(): name for name in present}

    def find(name: str | None) -> str | None:
        return None if name is None else exact.get(name) or folded.get(name.casefold())

    found = {f: column for f, declared in job.columns.items() if (column := find(declared))}
    delivery.missing_columns = [f for f in job.columns if f not in found]
    cursor, deleted = find(job.cursor), find(job.deleted)
    for name, column in ((job.cursor, cursor), (job.deleted, deleted)):
        if name and not column:
            raise SourceError(
                f"{job.where}: không thấy cột “{name}” dùng để lấy phần thay đổi; "
                "sửa khai báo nguồn hoặc báo đơn vị gửi.",
                f"delta column {name!r} is not in the source",
            )
    if not found:
        raise SourceError(
            f"{job.where}: không có cột nào như đã khai báo; nguồn đang có {quoted(list(present))}.",
            f"none of the declared columns {sorted(job.columns.values())} is in the source",
        )
    for f in delivery.missing_columns:
        near = suggest(job.columns[f], list(present))
        delivery.warnings.append(
            f"Không thấy cột “{job.columns[f]}” ({f}) ở nguồn" + (f"; gần nhất là {near}." if near else ".")
        )
    used = {*found.values(), cursor, deleted}
    delivery.dropped_columns = [name for name in present if name not in used]
    return Plan(found, cursor, deleted)


def read(job: Job, landing: Landing) -> Delivery:
    """Land one record. Raises SourceError with where and what to do."""
    url = _url(job)
    delivery = Delivery(mode=job.mode)
    encodings = columns.declared(job)
    try:
        if url.get_backend_name() == "postgresql" and not encodings:
            return postgres.read(job, landing, url, delivery, match)
        return _read_any(job, landing, url, delivery, encodings)
    except DBAPIError as error:
        raise _failure(job, error) from None
    except SQLAlchemyError as error:
        raise SourceError(
            f"{job.where}: không đọc được cơ sở dữ liệu của nguồn; báo cán bộ kỹ thuật.", type(error).__name__
        ) from None


def _url(job: Job) -> sa.URL:
    try:
        return sa.make_url(str(job.option("url", "")))
    except ArgumentError:
        raise SourceError(
            f"{job.where}: địa chỉ cơ sở dữ liệu không đúng dạng; kiểm tra biến môi trường của nguồn.",
            f"systems.{job.system}.url is not a SQLAlchemy URL",
        ) from None


def _engine(job: Job, url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(job, url)
    arguments: dict[str, Any] = {}
    if url.get_driver_name() == "pymysql":
        arguments = {"connect_timeout": 15, "read_timeout": max(1, int(job.seconds))}
    if url.drivername in ("mysql", "mariadb"):
        url = url.set(drivername=f"{url.drivername}+pymysql")
    if url.drivername == "mssql":
        url = url.set(drivername="mssql+pymssql")
    if url.drivername == "oracle":
        url = url.set(drivername="oracle+oracledb")
    try:
        return sa.create_engine(url, poolclass=sa.NullPool, connect_args=arguments)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        extra = _EXTRAS.get(url.get_backend_name())
        way = f'cài bằng lệnh pip install "lienthong[{extra}]"' if extra else "cài trình điều khiển của hệ đó"
        raise SourceError(
            f"{job.where}: máy chủ chưa có trình điều khiển cho {url.get_backend_name()}; {way}.",
            f"driver of {url.drivername} is not installed: {getattr(error, 'name', None) or 'unknown dialect'}",
        ) from None


def _sqlite(job: Job, url: sa.URL) -> sa.Engine:
    import sqlite3

    path = Path(url.database or "")
    if not path.is_file():
        raise SourceError(
            f"{job.where}: không thấy tệp cơ sở dữ liệu “{path.name}”; kiểm tra đường dẫn của nguồn.",
            "the SQLite file does not exist",
        )

    with path.open("rb") as file:
        head = file.read(100)
    page = int.from_bytes(head[16:18]) or 512
    pages = int.from_bytes(head[28:32])
    # A file cut off reads as a smaller table, without an error.
    if head[24:28] == head[92:96] and path.stat().st_size < (65536 if page == 1 else page) * pages:
        raise SourceError(
            f"{job.where}: tệp cơ sở dữ liệu “{path.name}” {_CUT}.", "the SQLite file is shorter than it says"
        )

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
        connection.text_factory = lambda data: data.decode("utf-8", ESCAPE)
        return connection

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)


def relation(job: Job) -> sa.FromClause | sa.TextClause:
    """The declared table, or the declared query as a derived table."""
    if query := job.option("query"):
        return sa.text(f"({str(query).strip().rstrip(';')}) delivered_rows")
    table = job.option("table")
    if not table:
        raise SourceError(
            f"{job.where}: chưa khai báo bảng (table) hay câu truy vấn (query); sửa tệp nguồn.",
            "neither table nor query is declared",
        )
    schema, _, name = str(table).rpartition(".")
    return sa.table(name, schema=schema or None)


def _read_any(job: Job, landing: Landing, url: sa.URL, delivery: Delivery, encodings: dict[str, str]) -> Delivery:
    escaped = ESCAPES.count
    engine = _engine(job, url)
    with engine.connect() as connection:
        if url.get_backend_name() == "oracle":
            connection.exec_driver_sql("alter session set nls_date_format='YYYY-MM-DD HH24:MI:SS'")
        rows_of = relation(job)
        present = list(connection.execute(sa.select(sa.text("*")).select_from(rows_of).where(sa.text("1=0"))).keys())
        plan = match(job, present, delivery)
        changed: list[sa.ColumnElement[bool]] = []
        if plan.cursor:
            cursor: sa.ColumnClause[Any] = sa.column(plan.cursor)
            if job.since is not None:
                since = datetime.fromisoformat(job.since) if url.get_backend_name() == "oracle" else job.since
                # Of the watermark itself too: a row may be written in that moment after it was read.
                changed = [cursor >= since]
            latest = sa.select(sa.func.max(cursor)).select_from(rows_of).where(*changed)
            # Read before the rows: what changes meanwhile comes again next time.
            delivery.watermark = to_text(connection.execute(latest).scalar()) or job.since
        wanted = [*plan.found.values(), *([plan.deleted] if plan.deleted else [])]
        query: sa.Select[*tuple[Any, ...]] = (
            sa.select(*[sa.column(c) for c in dict.fromkeys(wanted)]).select_from(rows_of).where(*changed)
        )
        if job.limit is not None:
            query = query.limit(job.limit)
        result = connection.execution_options(stream_results=True, yield_per=_PART).execute(query)
        fields, rows = list(plan.found), _rows(result, plan, str(job.option("table", "query")))
        landing.write(fields, columns.read_by(encodings, fields, rows))
    engine.dispose()
    delivery.delivered = landing.delivered
    if ESCAPES.count > escaped:
        delivery.warnings.append(escaped_bytes(ESCAPES.count - escaped))
    return delivery


def _rows(result: sa.CursorResult[Any], plan: Plan, table: str) -> Iterator[Row]:
    position = {name: i for i, name in enumerate(result.keys())}
    places = [position[c] for c in plan.found.values()]
    gone = position[plan.deleted] if plan.deleted else None
    row_no = 0
    for part in result.partitions(_PART):
        for row in part:
            row_no += 1
            values = [v if (v := row[i]) is None else to_text(v) for i in places]
            yield (row_no, table, None, gone is not None and is_true(row[gone]), *values)


_MISSING = re.compile(r"no such table|doesn't exist|does not exist|invalid object name|ORA-00942", re.I)
_DENIED = re.compile(r"access denied|permission denied|login failed|authentication failed|ORA-01017", re.I)
_BROKEN = re.compile(r"not a database|malformed|disk image", re.I)
_SAFE = re.compile(r"can't connect|connection refused|timed out|timeout|lost connection|unable to open|locked", re.I)


def _failure(job: Job, error: DBAPIError) -> SourceError:
    text = redact(str(error.orig)).splitlines()[0] if str(error.orig) else ""
    kind = type(error.orig).__name__
    table = str(job.option("table", "câu truy vấn"))
    for pattern, sentence in (
        (_MISSING, f"không thấy bảng “{table}” ở nguồn; kiểm tra tên bảng và lược đồ"),
        (_DENIED, "nguồn từ chối tài khoản kết nối; kiểm tra tên đăng nhập, mật khẩu và quyền đọc"),
        (_BROKEN, f"tệp cơ sở dữ liệu {_CUT}"),
        (_SAFE, "không kết nối được cơ sở dữ liệu của nguồn; kiểm tra máy chủ và đường truyền rồi chạy lại"),
    ):
        if pattern.search(text):
            return SourceError(f"{job.where}: {sentence}.", f"{kind}: {text}")
    return SourceError(f"{job.where}: cơ sở dữ liệu của nguồn báo lỗi khi đọc; báo cán bộ kỹ thuật.", kind)
