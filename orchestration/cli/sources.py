"""`lienthong sources`, `batch` and `quarantine`: what arrived, what was held back, what was decided."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import Json, show
from orchestration.settings import settings

if TYPE_CHECKING:
    import psycopg

sources = typer.Typer(help="The registered sources.", no_args_is_help=True)
batch = typer.Typer(help="Deliveries and their verdicts.", no_args_is_help=True)
quarantine = typer.Typer(help="Rows held back at intake.", no_args_is_help=True)

Code = Annotated[str, typer.Argument(help="Two digits of the province, or T1 to T6.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]
Source = Annotated[str | None, typer.Option("--source", help="Only this source.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many rows, newest first.")]


@contextmanager
def _warehouse() -> Iterator[psycopg.Connection]:
    from orchestration.warehouse import connect, prepare, warehouse_url

    with connect(warehouse_url(settings())) as connection:
        prepare(connection)
        yield connection


def _query(statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    from psycopg.rows import dict_row

    with _warehouse() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def _registered(code: str) -> Path:
    path = settings().registry / f"{code}.yml"
    if not path.exists():
        raise typer.BadParameter(f"no source {code} in {path.parent}; `lienthong sources list` shows all")
    return path


@sources.command("list")
def list_sources(as_json: Json = False) -> None:
    """List the registered sources with their systems and records."""
    from sources.registry import load_sources

    rows = [
        {
            "code": s.code,
            "name": s.name,
            "systems": ", ".join(f"{name}: {system.connector}" for name, system in s.systems.items()),
            "records": len(s.records),
            "fresh for": f"{s.freshness_hours:g} h",
        }
        for s in load_sources(settings().registry).values()
    ]
    show(rows, as_json=as_json)


@sources.command()
def check(code: Code, as_json: Json = False) -> None:
    """Connect, read 100 rows of each record, show what would become of them; writes nothing.

    Example: lienthong sources check 38
    """
    from orchestration.check_source import check_source
    from orchestration.resources import source_environment
    from orchestration.warehouse import warehouse_url
    from sources.registry import load_source

    source, configuration = load_source(_registered(code)), settings()
    with _warehouse():
        url = warehouse_url(configuration)
    with source_environment(configuration) as environment:
        report = check_source(source, warehouse_url=url, environment=environment)
    report.show(as_json=as_json)
    if not report.good:
        sys.exit(1)


@batch.command("list")
def list_batches(source: Source = None, limit: Limit = 40, as_json: Json = False) -> None:
    """List the newest batches."""
    rows = _query(
        """
        select batch_id, source, record, business_date, status, delivered, accepted, unchanged, quarantined, closed,
            reason
        from ops.batch where %(source)s::text is null or source = %(source)s order by batch_id desc limit %(limit)s
        """,
        {"source": source, "limit": limit},
    )
    show(rows, as_json=as_json)


@batch.command()
def accept(batch_id: int, reason: Reason) -> None:
    """Accept a refused batch although its delivery broke a batch rule.

    Example: lienthong batch accept 512 --reason "The province confirmed the smaller list by letter"
    """
    from orchestration.decisions import accept_batch

    print(_decide(accept_batch, batch_id, reason))


@batch.command()
def withdraw(batch_id: int, reason: Reason) -> None:
    """Withdraw the newest accepted batch of a record: raw goes back to what it held before."""
    from orchestration.decisions import withdraw_batch

    print(_decide(withdraw_batch, batch_id, reason))


def _decide(decision: Any, subject: int, reason: str) -> str:
    with _warehouse() as connection:
        return str(decision(connection, subject, reason, getpass.getuser()))


@quarantine.command("list")
def list_quarantine(source: Source = None, limit: Limit = 40, as_json: Json = False) -> None:
    """Count the open faults by source, record and rule; no value is shown."""
    rows = _query(
        """
        select r.source, r.record, f.rule_id, count(*) as rows, max(r.row_id) as newest_row_id,
            max(u.sentence) as sentence
        from quarantine.row as r
        inner join quarantine.fault as f on r.row_id = f.row_id
        left join ops.rule as u on f.rule_id = u.rule_id
        where r.state = 'open' and (%(source)s::text is null or r.source = %(source)s)
        group by r.source, r.record, f.rule_id
        order by rows desc, r.source, r.record, f.rule_id
        limit %(limit)s
        """,
        {"source": source, "limit": limit},
    )
    show(rows, as_json=as_json)


@quarantine.command()
def export(code: Code, out: Annotated[Path | None, typer.Option(help="Workbook to write.")] = None) -> None:
    """Write the return-to-source workbook: one row a fault, where it is in their file and what is expected.

    Example: lienthong quarantine export 38 --out tra-lai-38.xlsx
    """
    from expectations.return_workbook import write_return_workbook

    _registered(code)
    file = out or Path(f"tra-lai-{code}.xlsx")
    with _warehouse() as connection:
        faults = write_return_workbook(connection, code, file)
    print(f"{file}: {faults} faults")


@quarantine.command()
def waive(row_id: int, reason: Reason) -> None:
    """Accept a held row although it breaks its rules; it enters raw when its source delivers again."""
    from orchestration.decisions import waive as waive_row

    print(_decide(waive_row, row_id, reason))


def mount(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(sources, name="sources")
    app.add_typer(batch, name="batch")
    app.add_typer(quarantine, name="quarantine")
