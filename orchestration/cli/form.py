"""`lienthong form`: official statistical forms."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.output import Json, show


def form(
    number: Annotated[str, typer.Argument(metavar="FORM", help="Number of the form: 1, 2, 3, 5, 6A to 13.")],
    organisation: Annotated[str, typer.Option(help="Organisation code, or two digits of its province.")],
    period: Annotated[str, typer.Option(help="Year, half-year or quarter: 2026, 2026-H1, 2026-Q1.")],
    *,
    out: Annotated[Path | None, typer.Option(help="Write the printed sheet (.xlsx) here.")] = None,
    cell: Annotated[str | None, typer.Option(help="List the records behind one figure: line.column, as B2.1.")] = None,
    release: Annotated[int | None, typer.Option(min=1, help="Take the figures of this release.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when an identity does not hold.")] = False,
    as_json: Json = False,
) -> None:
    """Make an official statistical form of one party organisation and period.

    Without --out the figures are printed: a table on a terminal, CSV anywhere else.

    Examples:

    lienthong form 1 --organisation 38 --period 2026-H1 --out f.xlsx

    lienthong form 1 --organisation 38 --period 2026-H1 --cell B2.1
    """
    from orchestration.cli.release import warehouse
    from orchestration.forms.period import FormError
    from orchestration.forms.report import list_records, make_report

    if cell is not None:
        if out is not None:
            raise typer.BadParameter("--cell lists records and --out writes the sheet: give one of them.")
        records = list_records(warehouse(), number, organisation, period, cell=cell, release=release)
        _print([{k: "" if v is None else str(v) for k, v in r.items()} for r in records], as_json=as_json)
        return
    report = make_report(warehouse(), number, organisation, period, release)
    if out is not None:
        from orchestration.forms.workbook import write_workbook

        if not out.resolve().parent.is_dir():
            raise FormError(f"Không có thư mục {out.parent} để ghi biểu: tạo thư mục hoặc chọn nơi khác.")
        write_workbook(report, out)
        if not as_json:
            print(f"{report.definition.number}, {report.unit.name}, {report.period.label}: {out}", file=sys.stderr)
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    elif out is None:
        _print(report.as_table(), as_json=False)
    if report.is_blank:
        print(f"{report.definition.number} chưa có số liệu: {'; '.join(report.reasons)}.", file=sys.stderr)
    for mismatch in report.mismatches:
        print(mismatch.sentence, file=sys.stderr)
    if strict and report.mismatches:
        raise typer.Exit(1)


def _print(rows: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json or sys.stdout.isatty():
        show(rows, as_json=as_json, empty="No record stands behind this figure.")
    elif rows:
        writer = csv.DictWriter(sys.stdout, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def mount(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command()(form)
