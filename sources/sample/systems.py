"""Writes every system of one source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from sources.registry import Source
from sources.sample.styles import STYLES
from sources.sample.truth import FaultLog
from sources.sample.writers import rest
from sources.sample.writers.delimited import write_csv
from sources.sample.writers.manifest import write_manifest
from sources.sample.writers.relational import write_postgres, write_sqlite
from sources.sample.writers.shaping import Shaped, shape
from sources.sample.writers.workbook import Layout, write_workbook

#: Sources whose databases are PostgreSQL; without a server they are written as SQLite files.
POSTGRES = ("01", "25", "38", "40", "75", "79", "T2", "T5")
#: Deliveries that a careful gate refuses: control total that does not match, sender who is somebody else.
WRONG_TOTAL = ("46", "headcount")
WRONG_SENDER = ("T3", "staffing_quota", "T4")
_WITH_BOM = ("68",)


@dataclass(frozen=True)
class Target:
    """Where a world is written, for which day, from which seed; databases go to `server_url` if there is one."""

    out: Path
    as_of: date
    seed: int
    server_url: str | None = None


@dataclass
class Written:
    """What came of one source: environment, services to be served, rows written by record."""

    environment: dict[str, str] = field(default_factory=dict)
    services: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


def write_source(source: Source, said: Mapping[str, pl.DataFrame], target: Target, log: FaultLog) -> Written:
    """Write all systems of `source`; `said` holds its rows by record."""
    folder = target.out / "sources" / source.code
    folder.mkdir(parents=True, exist_ok=True)
    written = Written()
    prefix = f"LIENTHONG_SOURCE_{source.code}_"
    shaped = [shape(source, record, said[record], target.seed, log) for record in source.records]
    for name, system in source.systems.items():
        mine = [s for s in shaped if s.mapping.system == name]
        written.rows |= {s.record: len(s.frame) for s in mine}
        if system.connector == "database":
            written.environment[f"{prefix}URL"] = _database(source, mine, folder, target.server_url)
        elif system.connector == "rest":
            for s in mine:
                rest.write_rest(folder / "rest", s)
            written.services = rest.description(mine)
        else:
            (folder / "files").mkdir(exist_ok=True)
            for s in mine:
                _files(s, folder / "files", target.as_of, log)
            if "HOST_KEY" not in str(system.options.get("host_key", "")):
                written.environment[f"{prefix}FILES"] = str((folder / "files").resolve())
    return written


def _database(source: Source, mine: list[Shaped], folder: Path, server_url: str | None) -> str:
    if server_url and source.code in POSTGRES:
        return write_postgres(server_url, f"sample_{source.code.lower()}", mine)
    path = folder / "party.sqlite"
    write_sqlite(path, mine)
    return f"sqlite:///{path.resolve()}"


def _files(shaped: Shaped, folder: Path, as_of: date, log: FaultLog) -> None:
    source, system = shaped.source, shaped.source.systems[shaped.mapping.system]
    if system.connector == "csv":
        files = write_csv(folder, shaped, source.code in _WITH_BOM)
    else:
        wrong = "wrong_totals" in STYLES[source.code].tags and shaped.record in ("headcount", "staffing_quota")
        layout = Layout(source.name, f"Danh sách {shaped.title}", as_of, 25, wrong)
        files = write_workbook(folder, shaped, layout)
        for fault in ("DQ06", "DQ22", *(["DQ20"] if wrong else [])):
            log.delivery(source.code, shaped.record, fault)
    if system.manifest:
        refused = (source.code, shaped.record)
        sender = WRONG_SENDER[2] if refused == WRONG_SENDER[:2] else source.code
        for path, part in files:
            write_manifest(path, shaped, part, sender, off_by=7 if refused == WRONG_TOTAL else 0)
        if refused in (WRONG_TOTAL, WRONG_SENDER[:2]):
            log.delivery(source.code, shaped.record, "refused delivery")
