"""`lienthong server`, `doctor` and `dev`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from orchestration.cli.output import Json, show
from orchestration.settings import PROJECT, settings

server = typer.Typer(help="The embedded PostgreSQL under LIENTHONG_HOME.", no_args_is_help=True)


@server.command()
def start() -> None:
    """Start the embedded server; says where it listens."""
    from orchestration.server import ensure_server, server_status

    ensure_server(settings().home)
    status = server_status(settings().home)
    print(f"PostgreSQL listens on 127.0.0.1:{status['port']}; data in {status['data']}")


@server.command()
def stop() -> None:
    """Stop the embedded server cleanly."""
    from orchestration.server import stop_server

    print("Stopped." if stop_server(settings().home) else "It was not running.")


@server.command()
def status(as_json: Json = False) -> None:
    """Say whether the embedded server runs."""
    from orchestration.server import server_status

    show([server_status(settings().home)], as_json=as_json)


def doctor(as_json: Json = False) -> None:
    """Check this installation: Python, server, schemas, contracts, sources; say what to do about what is wrong."""
    from orchestration.doctor import examine

    findings = examine(settings())
    show(findings, as_json=as_json)
    if any(f["state"] == "wrong" for f in findings):
        sys.exit(1)


def dev(port: int = typer.Option(3000, help="Port of Dagster's pages on localhost.")) -> None:
    """Open Dagster's pages on localhost."""
    from orchestration.night import prepare_dagster_home

    prepare_dagster_home(settings())
    print(f"Dagster: http://127.0.0.1:{port}", flush=True)
    dagster = str(Path(sys.executable).parent / "dagster")
    workspace = str(PROJECT / "workspace.yaml")
    os.execv(dagster, [dagster, "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)])


def mount(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(server, name="server")
    app.command()(doctor)
    app.command()(dev)
