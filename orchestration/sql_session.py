"""SQL for engineers: one reading statement in a read-only transaction under a role that may only read."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import psycopg
from psycopg import sql

from orchestration.warehouse import connect
from sources.errors import ExplainedError

ENGINEER = "lienthong_engineer"
STAFF = "lienthong_staff"
READING = ("select", "with", "values", "table", "show", "explain")
LEADING = re.compile(r"\A(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)
SHOWN_ON_TERMINAL = 1000


class SqlError(ExplainedError):
    """A statement that was not run or did not succeed."""


def run_sql(
    url: str,
    text: str,
    release: int | None = None,
    *,
    role: str = ENGINEER,
    timeout_seconds: float = 600,
    out: TextIO | None = None,
) -> int:
    """Run one statement and write its rows: a table to a terminal, CSV with a header anywhere else.

    `release` makes published views show that release. Returns the number of rows written. Raises SqlError
    with one sentence.
    """
    statement = check_statement(text)
    try:
        with reading_session(url, role, release, timeout_seconds) as connection, connection.cursor() as cursor:
            names = _columns(connection, statement)
            return _show(names, cursor.stream(statement, size=1000), out or sys.stdout)
    except psycopg.errors.QueryCanceled:
        raise SqlError("The statement took too long and was stopped: ask for less, or give it more time.") from None
    except psycopg.Error as error:
        raise SqlError(_sentence(error)) from None


def check_statement(text: str) -> str:
    """The statement without its trailing semicolon. Raises SqlError when it is not one that reads."""
    statement = text.strip().rstrip(";").rstrip()
    word = re.match(r"[a-z]*", statement[LEADING.match(statement).end() :].lower())  # type: ignore[union-attr]
    if not statement:
        raise SqlError("There is no statement: give one, such as `select count(*) from published.person`.")
    if word is None or word.group() not in READING:
        raise SqlError(f"Only statements that read are run here: they begin with {', '.join(READING)}.")
    return statement


@contextmanager
def reading_session(
    url: str, role: str, release: int | None, timeout_seconds: float = 600
) -> Iterator[psycopg.Connection]:
    """A read-only transaction under a role that may only read, published relations as of a release."""
    with connect(url) as connection:
        connection.read_only = True
        connection.execute(
            sql.SQL("set local statement_timeout = {}").format(sql.Literal(f"{int(timeout_seconds * 1000)}ms"))
        )
        if release is not None:
            if connection.execute("select from ops.release where release_no = %s", [release]).fetchone() is None:
                raise SqlError(f"There is no release {release}: see `lienthong release list`.")
            connection.execute("select set_config('lienthong.release', %s, true)", [str(release)])
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        yield connection
        connection.rollback()


def _columns(connection: psycopg.Connection, statement: str) -> list[str]:
    """Names of the columns of one statement, which is parsed and not run; two statements are an error."""
    encoding, pg = connection.info.encoding, connection.pgconn
    for result in (pg.prepare(b"", statement.encode(encoding)), pg.describe_prepared(b"")):
        if result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result, encoding)
    return [(result.fname(i) or b"").decode(encoding) for i in range(result.nfields)]


def _show(names: Sequence[str], rows: Iterator[Sequence[Any]], stream: TextIO) -> int:
    if stream.isatty():
        return _table(names, rows, stream)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    count = 0
    for row in rows:
        writer.writerow([_text(v) for v in row])
        count += 1
    return count


def _table(names: Sequence[str], rows: Iterator[Sequence[Any]], stream: TextIO) -> int:
    from rich.console import Console
    from rich.table import Table

    table = Table(header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    count = 0
    for row in rows:
        count += 1
        if count <= SHOWN_ON_TERMINAL:
            table.add_row(*("" if v is None else _text(v) for v in row))
    console = Console(file=stream)
    console.print(table)
    more = f", the first {SHOWN_ON_TERMINAL} shown" if count > SHOWN_ON_TERMINAL else ""
    console.print(f"[dim]{count} rows{more}[/dim]")
    return count


def _text(value: object) -> str:
    """A value as PostgreSQL would write it; NULL is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def _sentence(error: psycopg.Error) -> str:
    text = (error.diag.message_primary or str(error)).strip().splitlines()[0].rstrip(".")
    if "multiple commands" in text:
        return "Give one statement at a time."
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return "Nothing can be written here: statements run in a read-only transaction."
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return f"{text[:1].upper()}{text[1:]}: ask with a role that may read it."
    hint = f" ({error.diag.message_hint.rstrip('.')})" if error.diag.message_hint else ""
    return f"{text[:1].upper()}{text[1:]}{hint}."


def prompt(url: str, release: int | None = None, *, role: str = ENGINEER) -> None:
    """Ask for statements until the end of input; each ends with a semicolon and runs on its own."""
    with _history():
        lines: list[str] = []
        while True:
            try:
                lines.append(input("       -> " if lines else "lienthong> "))
            except KeyboardInterrupt:
                lines = []
                print()  # noqa: T201
                continue
            except EOFError:
                print()  # noqa: T201
                return
            text = "\n".join(lines).strip()
            if text in {"", "\\q", "exit", "quit"}:
                if text:
                    return
                lines = []
            elif text.endswith(";"):
                lines = []
                _answer(url, text, release, role)


def _answer(url: str, text: str, release: int | None, role: str) -> None:
    try:
        run_sql(url, text, release, role=role)
    except ExplainedError as error:
        print(error, file=sys.stderr)  # noqa: T201


@contextmanager
def _history() -> Iterator[None]:
    """Line editing where the platform has it; nothing typed is kept on disk."""
    try:
        import readline
    except ImportError:
        yield
        return
    readline.parse_and_bind("tab: complete")
    yield
