"""Relational systems: SQLite files, and PostgreSQL databases filled by COPY."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import polars as pl

from sources.sample.writers.shaping import Shaped


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _typed(shaped: Shaped) -> tuple[pl.DataFrame, dict[str, str]]:
    """Columns whose every value fits get their type; a column with one odd value stays text, as in real systems."""
    frame, types = shaped.frame, {}
    for column in frame.columns:
        wanted, types[column] = shaped.type_of(column), "text"
        text = frame[column]
        if wanted == "date" and shaped.style_dates == "native":
            value = text.str.to_date("%Y-%m-%d", strict=False)
        elif wanted in ("integer", "numeric"):
            value = text.cast(pl.Int64 if wanted == "integer" else pl.Float64, strict=False)
        else:
            continue
        if value.null_count() == text.null_count():
            frame, types[column] = frame.with_columns(value.alias(column)), wanted
    return frame, types


def write_sqlite(path: Path, records: Iterable[Shaped]) -> None:
    """Write all records of one system into a new SQLite file."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("pragma journal_mode=off; pragma synchronous=off; begin")
    for shaped in records:
        frame, types = _typed(shaped)
        table = _quoted(str(shaped.mapping.options["table"]))
        columns = ", ".join(f"{_quoted(c)} {'real' if t == 'numeric' else t}" for c, t in types.items())
        connection.execute(f"create table {table} ({columns})")
        frame = frame.with_columns(pl.col(pl.Date).dt.strftime("%Y-%m-%d"))
        places = ", ".join("?" * frame.width)
        connection.executemany(f"insert into {table} values ({places})", frame.iter_rows())
    connection.execute("commit")
    connection.close()


def write_postgres(server_url: str, database: str, records: Iterable[Shaped]) -> str:
    """Write all records of one system into a new database of the server; returns its URL."""
    import psycopg
    from psycopg import sql
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))
        server.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    info = conninfo_to_dict(server_url) | {"dbname": database}
    with psycopg.connect(make_conninfo("", **info)) as connection:
        for shaped in records:
            frame, types = _typed(shaped)
            table = sql.Identifier(str(shaped.mapping.options["table"]))
            columns = sql.SQL(", ").join(sql.SQL("{} " + types[c]).format(sql.Identifier(c)) for c in frame.columns)
            connection.execute(sql.SQL("create table {} ({})").format(table, columns))
            with connection.cursor().copy(sql.SQL("copy {} from stdin (format csv)").format(table)) as copy:
                copy.write(frame.write_csv(include_header=False, null_value="", quote_style="necessary"))
    return on_server(server_url, database)


def on_server(server_url: str, database: str) -> str:
    """The URL of a database on a server."""
    parts = urlsplit(server_url)
    return urlunsplit(parts._replace(path=f"/{database}"))
