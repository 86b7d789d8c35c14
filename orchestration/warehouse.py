"""Connections to the warehouse, and the parts of it that exist before any model is built."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from orchestration.server import ensure_server
from orchestration.settings import Settings
from sources.contract import Contract, load_contracts
from sources.errors import ExplainedError

SCHEMA_SCRIPTS = Path(__file__).parent / "schema"
MINIMUM_VERSION = 160000


class WarehouseError(ExplainedError):
    """The warehouse cannot be used as it is; the message says what to do."""


def warehouse_url(configuration: Settings) -> str:
    """The configured PostgreSQL, or the embedded one, started if need be."""
    return configuration.database_url or ensure_server(configuration.home)


def connect(url: str, *, autocommit: bool = False) -> psycopg.Connection:
    """A connection on which hashes and texts do not depend on the session's zone or date style."""
    options = "-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=postgres"
    try:
        return psycopg.connect(url, autocommit=autocommit, options=options, application_name="lienthong")
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise WarehouseError(f"The warehouse does not answer ({reason}): check LIENTHONG_DATABASE_URL.") from None


def prepare(connection: psycopg.Connection) -> None:
    """Bring schemas, functions, operational tables and raw tables up to date; safe to repeat."""
    if connection.info.server_version < MINIMUM_VERSION:
        raise WarehouseError(f"PostgreSQL 16 or newer is needed, this is {connection.info.server_version // 10000}.")
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtext('lienthong prepare'))")
        connection.execute("set local client_min_messages = warning")
        schemas, *scripts = sorted(SCHEMA_SCRIPTS.glob("*.sql"))
        connection.execute(schemas.read_text(encoding="utf-8"))
        for contract in load_contracts().values():  # before the scripts, whose functions read raw
            _ensure_raw_table(connection, contract)
        for script in scripts:
            connection.execute(script.read_text(encoding="utf-8"))


def _ensure_raw_table(connection: psycopg.Connection, contract: Contract) -> None:
    table = sql.Identifier("raw", contract.record)
    connection.execute(
        sql.SQL(
            """
            create table if not exists {table} (
                source text not null, source_key text not null, file text, sheet text, row_no bigint,
                repairs text [], row_hash bigint not null, first_batch bigint not null, last_batch bigint
            ) partition by list (source)
            """
        ).format(table=table)
    )
    for name, physical_type in contract.columns():
        if name != "source_key":
            connection.execute(
                sql.SQL("alter table {table} add column if not exists {column} {type}").format(
                    table=table, column=sql.Identifier(name), type=sql.SQL(physical_type)
                )
            )
    connection.execute(
        sql.SQL(
            "create unique index if not exists {name} on {table} (source_key, source) where last_batch is null"
        ).format(name=sql.Identifier(f"{contract.record}_open"), table=table)
    )
    connection.execute(
        sql.SQL("comment on table {table} is {text}").format(
            table=table, text=sql.Literal(f"{contract.business_name}: what every source said and when")
        )
    )
    for p in contract.properties:
        connection.execute(
            sql.SQL("comment on column {table}.{column} is {text}").format(
                table=table, column=sql.Identifier(p.name), text=sql.Literal(p.business_name)
            )
        )
