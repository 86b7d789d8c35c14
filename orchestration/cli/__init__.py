"""The command `lienthong`. Heavy imports stay inside commands: help must answer at once."""

from __future__ import annotations

import sys

import typer

from orchestration.cli import docs, form, identity, night, release, server, sources
from sources.errors import ExplainedError

app = typer.Typer(
    name="lienthong",
    help="Liên Thông: one linked database of party organisations, members, cadres and staffing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
night.mount(app)
sources.mount(app)
release.mount(app)
identity.mount(app)
form.mount(app)
server.mount(app)
docs.mount(app)


def main() -> None:
    """Run the command line; refused input is one sentence and exit code 1, wrong usage is 2."""
    try:
        app()
    except ExplainedError as error:
        print(f"lienthong: {error}", file=sys.stderr)
        sys.exit(1)
