"""`lienthong docs`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def docs(
    out: Annotated[Path | None, typer.Option(help="Folder to write; LIENTHONG_HOME/docs when not given.")] = None,
) -> None:
    """Write the documentation site: dictionary, sources, rules, lineage and quality as pages that work offline.

    Example: lienthong docs --out /tmp/lienthong-docs
    """
    from orchestration.documentation.site import build_site
    from orchestration.settings import settings

    configuration = settings()
    folder = (out or configuration.home / "docs").resolve()
    site = build_site(configuration, folder)
    if site.note:
        print(site.note, file=sys.stderr)
    print(folder / "index.html")


def mount(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command()(docs)
