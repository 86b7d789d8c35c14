"""How listings are shown: a table to a person, JSON to a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str = "Nothing to list.") -> None:
    """Print rows that share their keys."""
    if as_json:
        print(json.dumps(list(rows), ensure_ascii=False, default=str, indent=2))
        return
    if not rows:
        print(empty, file=sys.stderr)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in rows[0]:
        numeric = all(isinstance(r[name], int | float) for r in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if v is None else str(v) for v in row.values()))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
