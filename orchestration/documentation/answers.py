"""The figures that people ask for: questions and official forms, traced to the published columns that they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from orchestration.documentation.lineage import Column
from orchestration.documentation.reading import Reading, columns_named, read_statement
from orchestration.forms.definition import FormDefinition, Line, form_codes, load_form
from orchestration.forms.period import parse_period
from orchestration.forms.query import counted_periods, relation_sql, with_scope
from orchestration.questions import Question, read_questions

Known = Mapping[str, Iterable[str]]
#: What a form reads does not depend on whom and when it is made for.
NOBODY, ANY_PERIOD = "00000000-0000-0000-0000-000000000000", parse_period("2026")


@dataclass(frozen=True)
class Answer:
    """A question or a form with all that its SQL reads; `name` is what people call it, `path` is its page."""

    name: str
    title: str
    path: str
    statements: tuple[str, ...]
    reading: Reading


@dataclass(frozen=True)
class QuestionAnswer(Answer):
    """The answer of one question."""

    question: Question


class TracedLine(NamedTuple):
    """A row or a column of a form: what it demands beyond the line above it, the sets of records it counts, and the
    published columns on which it depends what it counts."""

    line: Line
    demands: tuple[str, ...]
    counts: tuple[str, ...]
    columns: frozenset[Column]


@dataclass(frozen=True)
class FormAnswer(Answer):
    """One official form."""

    form: FormDefinition
    rows: tuple[TracedLine, ...]
    columns: tuple[TracedLine, ...]


def read_answers(known: Known) -> tuple[Answer, ...]:
    """Questions, then forms, over relations whose columns are `known`. Raises SqlglotError, FormError."""
    counted: dict[str, Reading] = {}
    return (
        *(_question(question, known) for question in read_questions()),
        *(_form(load_form(code), known, counted) for code in form_codes()),
    )


def _question(question: Question, known: Known) -> QuestionAnswer:
    n, statement = question.number, question.statement
    reading = read_statement(statement, known)
    return QuestionAnswer(f"Câu {n}", question.title, f"question/{n}.html", (statement,), reading, question)


def _form(form: FormDefinition, known: Known, counted: dict[str, Reading]) -> FormAnswer:
    """One form; `counted` keeps the readings of sets of records, since many forms count the same."""
    lines = {"row": form.rows, "column": form.columns}
    by_line: dict[tuple[str, str], set[str]] = {}
    by_relation: dict[str, set[Line]] = {}
    for row in form.rows:
        for column in form.columns:
            relation = form.relation(row, column)
            if relation and counted_periods(form, row, column):
                by_line.setdefault(("row", row.code), set()).add(relation)
                by_line.setdefault(("column", column.code), set()).add(relation)
                by_relation.setdefault(relation, set()).update((row, column))

    def traced(axis: str, line: Line) -> TracedLine:
        relations = tuple(sorted(by_line.get((axis, line.code), ())))
        above = max((o.where for o in lines[axis] if o.path == line.path[:-1]), key=len, default=())
        deciding = _deciding(line, [counted[r] for r in relations])
        return TracedLine(line, line.where[len(above) :], relations, deciding)

    for name in by_relation:
        if name not in counted:
            counted[name] = read_statement(_scoped(relation_sql(name)), known)
    evidences = {e for asking in by_relation.values() for line in asking for e in (line.evidence, line.history) if e}
    statements = (
        *(_scoped(_figures(name, by_relation[name])) for name in sorted(by_relation)),
        *(_scoped(f"select {evidence} from period") for evidence in sorted(evidences)),
    )
    return FormAnswer(
        f"Biểu {form.form}",
        form.title,
        f"form/{form.form}.html",
        statements,
        Reading({}, frozenset().union(*(read_statement(s, known).columns for s in statements))),
        form,
        tuple(traced("row", row) for row in form.rows),
        tuple(traced("column", column) for column in form.columns),
    )


def _deciding(line: Line, counted: Iterable[Reading]) -> frozenset[Column]:
    texts = (*line.where, line.measure) if line.measure else line.where
    names = {name for text in texts for name in columns_named(text)}
    return frozenset(c for reading in counted for name in names for c in reading.outputs.get(name, ()))


def _figures(relation: str, lines: Iterable[Line]) -> str:
    """One statement that asks of a set of records all that any of the lines asks."""
    figures = {
        f"{line.measure or 'count(*)'} filter (where {' and '.join(f'({w})' for w in line.where) or 'true'})"
        for line in lines
    }
    return f"select {', '.join(sorted(figures))} from ({relation_sql(relation)}) as counted"


def _scoped(statement: str) -> str:
    return with_scope(NOBODY, [ANY_PERIOD], statement, minority=True)
