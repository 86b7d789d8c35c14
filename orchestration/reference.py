"""Reference data: dbt's seeds, loaded by COPY.

dbt loads a seed by batches of INSERT and needs half a minute for the administrative units. This loads
the same files into the same relations with the same types in a second, and only those that changed.
`dbt seed` stays possible for anybody who works on a seed.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import yaml
from psycopg import sql

from orchestration.dbt import DBT_PROJECT

SEEDS = DBT_PROJECT / "seeds"


@dataclass(frozen=True)
class LoadedSeed:
    """One reference table and whether its file had changed since it was loaded last."""

    name: str
    rows: int
    loaded: bool


def _column_types() -> Mapping[str, Mapping[str, str]]:
    declared = yaml.safe_load((SEEDS / "_seeds.yml").read_text(encoding="utf-8"))
    return {seed["name"]: seed["config"]["column_types"] for seed in declared["seeds"]}


def load_reference(connection: psycopg.Connection) -> Iterator[LoadedSeed]:
    """Bring schema `reference` up to date with the seed files, one transaction a seed."""
    for name, types in _column_types().items():
        with connection.transaction():
            yield _load(connection, name, SEEDS / f"{name}.csv", types)


def _load(connection: psycopg.Connection, name: str, file: Path, types: Mapping[str, str]) -> LoadedSeed:
    content = file.read_bytes()
    digest = hashlib.sha256(content + repr(types).encode()).hexdigest()
    table = sql.Identifier("reference", name)
    known = connection.execute(
        "select digest, row_count from ops.seed where seed = %s and to_regclass(%s) is not null",
        [name, f"reference.{name}"],
    ).fetchone()
    if known and known[0] == digest:
        return LoadedSeed(name, known[1], loaded=False)
    header = next(csv.reader([content.decode("utf-8").split("\n", 1)[0]]))
    columns = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(types[c])) for c in header)
    exists = connection.execute("select to_regclass(%s)::text", [f"reference.{name}"]).fetchone()
    if exists and exists[0] and _columns(connection, name) == header:
        connection.execute(sql.SQL("truncate {}").format(table))  # views and keys that refer to it stay
    else:
        connection.execute(sql.SQL("drop table if exists {} cascade").format(table))
        connection.execute(sql.SQL("create table {} ({})").format(table, columns))
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("copy {} from stdin (format csv, header true)").format(table)) as copy:
            copy.write(content)
        rows = cursor.rowcount
    connection.execute(sql.SQL("analyze {}").format(table))
    connection.execute(
        """
        insert into ops.seed (seed, digest, row_count) values (%s, %s, %s)
        on conflict (seed) do update set digest = excluded.digest, row_count = excluded.row_count, loaded_at = now()
        """,
        [name, digest, rows],
    )
    return LoadedSeed(name, rows, loaded=True)


def _columns(connection: psycopg.Connection, name: str) -> list[str]:
    found = connection.execute(
        "select column_name from information_schema.columns where table_schema = 'reference' and table_name = %s"
        " order by ordinal_position",
        [name],
    )
    return [row[0] for row in found]
