"""`lienthong nightly` and `lienthong sample`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.output import Json

DATE = ["%Y-%m-%d"]


def nightly(
    date: Annotated[
        datetime | None, typer.Option(formats=DATE, help="Business date; today in Asia/Ho_Chi_Minh when not given.")
    ] = None,
    source: Annotated[list[str] | None, typer.Option(help="Take in only this source; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """Run the whole night and publish one release.

    Exit code 0 only if a release was published or nothing had changed.

    Example: lienthong nightly --date 2026-11-22 --source 38 --source T1
    """
    from orchestration.night import run_night
    from orchestration.settings import settings, today

    summary = run_night(settings(), date.date() if date else today(), tuple(source or ()))
    summary.show(as_json=as_json)
    sys.exit(0 if summary.good else 1)


sample = typer.Typer(help="Invented source systems in the shapes that real ones have.", no_args_is_help=True)


@sample.command("build")
def sample_build(
    scale: Annotated[
        float, typer.Option(min=0.0001, max=1.0, help="1.0 is the country, 0.01 is 56,000 members.")
    ] = 0.01,
    seed: Annotated[int, typer.Option(help="The same seed and date give the same world.")] = 1,
    as_of: Annotated[datetime | None, typer.Option(formats=DATE, help="Day on which the world is seen.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; LIENTHONG_HOME/sample when not given.")] = None,
) -> None:
    """Write 40 source systems; truth goes to a folder of its own that only tests read.

    Example: lienthong sample build --scale 0.01 --seed 7 --as-of 2026-11-22 --out /tmp/world
    """
    from orchestration.progress import progress, shown
    from orchestration.server import ensure_server
    from orchestration.settings import settings, today
    from sources.sample.world import build

    configuration = settings()
    folder = out or configuration.sample
    with shown():
        progress().stage("Dựng nguồn dữ liệu mẫu")
        summary = build(
            scale=scale,
            seed=seed,
            as_of=as_of.date() if as_of else today(),
            out=folder,
            server_url=ensure_server(configuration.home),
        )
    print(f"{folder}: {summary}")


def mount(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command()(nightly)
    app.add_typer(sample, name="sample")
