"""Intake of one million members, PostgreSQL to accepted raw, against dlt on the same table."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial

import psycopg
from psycopg import sql

from benchmarks.member_source import bench_home, database, make_members, member_source, warehouse
from benchmarks.report import Report, at_least, told
from expectations import faults
from orchestration.server import ensure_server, stop_server
from orchestration.warehouse import connect
from sources import landing, partitions
from sources.accept import accept
from sources.contract import load_contracts
from sources.extract import ExtractRequest, extract
from sources.landing import BatchTables

ROWS = int(1_000_000 * float(os.environ.get("SCALE", "1")))
ROUNDS = 3
#: Of one round; what is short is measured on both sides of what is long, as a machine is slower at times.
ORDER = ("gated", "bare", "dlt", "bare", "gated")


def _gated(source_url: str, server_url: str, name: str) -> float:
    """Seconds of a whole intake."""
    from orchestration.intake import take_in

    url = warehouse(server_url, name)
    started = time.monotonic()
    (outcome,) = take_in(
        member_source(),
        "member",
        warehouse_url=url,
        run_id="bench",
        business_date=date(2026, 11, 22),
        environment={"LIENTHONG_SOURCE_38_URL": source_url},
    )
    seconds = time.monotonic() - started
    if outcome.status != "accepted" or outcome.accepted + outcome.quarantined != ROWS:
        raise SystemExit(f"the measured intake was {outcome.status}: {outcome.reason}")
    return seconds


def _bare(source_url: str, server_url: str, name: str) -> float:
    """Seconds of the same with no rule to judge: landed, typed, accepted."""
    url = warehouse(server_url, name)
    source, contract = member_source(), replace(load_contracts()["member"], rules=())
    mapping, tables = source.records["member"], BatchTables.of("member", 1)
    environment = {"LIENTHONG_SOURCE_38_URL": source_url}
    started = time.monotonic()
    with connect(url, autocommit=True) as connection:
        landing.create_landing(connection, contract, tables)
        request = ExtractRequest(source, "member", url, landing.table_name(tables.landing), environment=environment)
        delivery = extract(request)
        statement = landing.typing_statement(connection, contract, mapping, tables, delivery.native)
        typed = partitions.type_rows(connection, contract, statement, tables, source=source.code, batch_id=1)
        faults.find(connection, contract, mapping, tables, source.code)
        with connection.transaction():
            accept(
                connection,
                contract,
                tables,
                source=source.code,
                batch_id=1,
                mode="snapshot",
                delivered=ROWS,
                typed=typed,
            )
            partitions.attach(connection, contract, tables, source.code)
        landing.drop(connection, tables)
    return time.monotonic() - started


def _dlt(folder: str, source_url: str, server_url: str, name: str) -> float:
    command = [sys.executable, "-m", "benchmarks.dlt_load", source_url, database(server_url, name), folder]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def measure_intake(report: Report) -> None:
    """Rounds of runs, ours and dlt's in turn; the ratio is taken round by round and its median told."""
    with tempfile.TemporaryDirectory() as folder:
        home = bench_home(folder)
        server_url = ensure_server(home)
        try:
            source_url = make_members(server_url, "bench_source", ROWS)
            import great_expectations  # noqa: F401  imports are not what is measured, ours as little as dlt's

            rounds = [_round(source_url, server_url, folder, number) for number in range(ROUNDS)]
            report.add(
                told("intake: rows a second, with the gate", _rate(rounds, "gated"), "rows/s"),
                told("intake: rows a second, without the gate", _rate(rounds, "bare"), "rows/s"),
                told("intake: rows a second of dlt sql_database, pyarrow", _rate(rounds, "dlt"), "rows/s"),
                at_least("intake against dlt, with the gate", _ratio(rounds, "gated"), "times", 2.5),
                at_least("intake against dlt, without the gate", _ratio(rounds, "bare"), "times", 5),
            )
        finally:
            stop_server(home)


def _round(source_url: str, server_url: str, folder: str, number: int) -> dict[str, float]:
    """Mean seconds of each way; its database goes with it, so that no vacuum of one burdens the next."""
    seconds: dict[str, list[float]] = {"gated": [], "bare": [], "dlt": []}
    runs: dict[str, Callable[[str, str, str], float]] = {
        "gated": _gated,
        "bare": _bare,
        "dlt": partial(_dlt, f"{folder}/dlt{number}"),
    }
    for place, name in enumerate(ORDER):
        with _fleeting(server_url, f"bench_{name}_{number}_{place}") as database_name:
            seconds[name].append(runs[name](source_url, server_url, database_name))
    return {name: statistics.mean(measured) for name, measured in seconds.items()}


@contextmanager
def _fleeting(server_url: str, name: str) -> Iterator[str]:
    yield name
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _rate(rounds: list[dict[str, float]], name: str) -> float:
    return ROWS / statistics.median(seconds[name] for seconds in rounds)


def _ratio(rounds: list[dict[str, float]], name: str) -> float:
    return statistics.median(seconds["dlt"] / seconds[name] for seconds in rounds)
