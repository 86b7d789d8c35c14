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
    except Exception as error:
        sentence = explained(error)
        if sentence is None:
            raise
        print(f"lienthong: {sentence}", file=sys.stderr)
        sys.exit(1)


def explained(error: Exception) -> str | None:
    """One sentence on what the surroundings did; None for an error of ours, whose traceback is wanted."""
    import psycopg

    if isinstance(error, ExplainedError):
        return str(error)
    if isinstance(error, psycopg.OperationalError):
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        return f"The warehouse stopped answering ({said}): try again, or look with `lienthong doctor`."
    if isinstance(error, psycopg.Error):
        # What PostgreSQL says of data it cannot read quotes that data.
        primary = None if isinstance(error, psycopg.DataError) else error.diag.message_primary
        return f"The warehouse refused ({primary or type(error).__name__}): look with `lienthong doctor`."
    # xlsxwriter wraps what the file system said.
    cause = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
    if isinstance(cause, OSError):
        where = f"{cause.filename}: " if cause.filename else ""
        return f"{where}{cause.strerror or cause}: check the path, its rights and the space left."
    return None
