"""`lienthong release` and `lienthong sql`."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from orchestration.cli.output import Json, show

Number = Annotated[int, typer.Argument(min=1, help="Number of a release, as in `lienthong release list`.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the release.")]

release = typer.Typer(help="Releases: what staff read, and moving back when it was wrong.", no_args_is_help=True)


def warehouse() -> str:
    """Address of a warehouse that has its operational tables; starts the embedded server when needed."""
    from orchestration.settings import settings
    from orchestration.warehouse import connect, prepare, warehouse_url

    url = warehouse_url(settings())
    with connect(url) as connection:
        row = connection.execute("select to_regclass('ops.published_view') is null").fetchone()
        if row and row[0]:
            prepare(connection)
    return url


def _show(rows: list[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    show([{k: _plain(v) for k, v in row.items()} for row in rows], as_json=as_json, empty=empty)


def _plain(value: object) -> object:
    return value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else value


@release.command("list")
def list_command(
    everything: Annotated[bool, typer.Option("--all", help="Attempts that failed too.")] = False,
    as_json: Json = False,
) -> None:
    """List releases, newest first.

    Example: lienthong release list --all
    """
    from orchestration.releases import current_hold, list_releases
    from orchestration.warehouse import connect

    with connect(warehouse()) as connection:
        rows = list_releases(connection, everything=everything)
        held = current_hold(connection)
    _show(rows, as_json=as_json, empty="Nothing has been published yet: run lienthong nightly.")
    if held:
        print(f"Publication is held by {held['placed_by']}: {held['reason']}", file=sys.stderr)


@release.command("show")
def show_command(number: Number, as_json: Json = False) -> None:
    """Show one release: figures by relation, verdicts of the gate, events.

    Example: lienthong release show 3
    """
    import json

    from orchestration.releases import show_release
    from orchestration.warehouse import connect

    with connect(warehouse()) as connection:
        detail = show_release(connection, number)
    if as_json:
        print(json.dumps(asdict(detail), ensure_ascii=False, default=str, indent=2))
        return
    for name, value in detail.release.items():
        print(f"{name:<18} {_plain(value) if value is not None else ''}")
    print()
    _show([{"relation": n, **c} for n, c in sorted(detail.counts.items())], as_json=False, empty="No figures.")
    print()
    _show(detail.checks, as_json=False, empty="No verdicts.")
    print()
    _show(detail.events, as_json=False, empty="No events.")


@release.command("diff")
def diff_command(
    a: Annotated[int, typer.Argument(min=1, help="The earlier release.")],
    b: Annotated[int, typer.Argument(min=1, help="The later release.")],
    relation: Annotated[str | None, typer.Option(help="Show the rows of this relation that differ.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 100,
    as_json: Json = False,
) -> None:
    """Compare two releases: keys added, removed and changed in each relation.

    Example: lienthong release diff 3 4 --relation party_membership --limit 20
    """
    from orchestration.publish import release_plan
    from orchestration.releases import relation_of, release_changes, release_differences
    from orchestration.warehouse import connect

    plan = release_plan()
    with connect(warehouse()) as connection:
        if relation is None:
            rows = [asdict(d) for d in release_differences(connection, a, b, plan)]
        else:
            rows = release_changes(connection, a, b, relation_of(plan, relation), limit)
    if relation and not as_json:
        rows = [_as_text(row) for row in rows]
    _show(rows, as_json=as_json, empty=f"Releases {a} and {b} do not differ here.")


def _as_text(row: dict[str, Any]) -> dict[str, str]:
    """One differing row for a table: what changed from what to what."""
    before, after = row["before"] or {}, row["after"] or {}
    changes = "; ".join(f"{c}: {before.get(c)} → {after.get(c)}" for c in row["columns"])
    return {"change": row["change"], "key": row["key"], "columns": changes}


@release.command("rollback")
def rollback_command(number: Number, reason: Reason) -> None:
    """Let staff read an earlier release again; nothing is published until `lienthong release resume`.

    Example: lienthong release rollback 3 --reason "source 38 sent last year's file"
    """
    from orchestration.releases import roll_back

    roll_back(warehouse(), number, reason, getpass.getuser())
    print(f"Release {number} is current. Publication is held: lienthong release resume.")


@release.command("hold")
def hold_command(reason: Reason) -> None:
    """Publish nothing until `lienthong release resume`.

    Example: lienthong release hold --reason "congress week"
    """
    from orchestration.releases import hold

    hold(warehouse(), reason, getpass.getuser())
    print("Publication is held.")


@release.command("resume")
def resume_command(reason: Reason = "resumed") -> None:
    """Allow publication again after a hold or a rollback.

    Example: lienthong release resume --reason "source 38 sent the right file"
    """
    from orchestration.releases import resume

    resume(warehouse(), reason, getpass.getuser())
    print("Publication is free again.")


def sql(
    command: Annotated[str | None, typer.Option("-c", help="One statement; without it, a prompt.")] = None,
    number: Annotated[int | None, typer.Option("--release", min=1, help="Read published relations as of it.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that a statement may take.")] = 600,
) -> None:
    """Run SQL that reads: a table on a terminal, CSV with a header anywhere else.

    Example: lienthong sql --release 3 -c "select count(*) from published.person"
    """
    from orchestration.sql_session import prompt, run_sql

    url = warehouse()
    if command is None and sys.stdin.isatty():
        prompt(url, number)
    else:
        run_sql(url, sys.stdin.read() if command is None else command, number, timeout_seconds=timeout)


def mount(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(release, name="release")
    app.command()(sql)
