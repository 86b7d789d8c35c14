"""Definitions of forms: rows, columns and filters as data, read from `definitions/<form>.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.forms.period import FormError

DEFINITIONS = Path(__file__).parent / "definitions"
RELATIONS = Path(__file__).parent / "relations"

LINE_KEYS = {
    *("code", "label", "rows", "columns", "from", "where", "measure", "ratio", "period"),
    *("missing", "evidence", "without", "history", "sensitive", "heading"),
}
LINE_INHERITED = ("from", "measure", "missing", "evidence", "without", "history", "sensitive")
#: Columns of forms that compare a period with the same one of the year before; the third is 1 * 100 / 2.
COMPARISON: list[dict[str, Any]] = [
    {"code": "1", "label": "Kỳ này"},
    {"code": "2", "label": "Cùng kỳ năm trước", "period": 2},
    {"code": "3", "label": "Tỷ lệ (%)", "ratio": ["1", "2"]},
]


@dataclass(frozen=True)
class Line:
    """A row or a column. `where` holds what its ancestors demand too; `relation` None means that of the other axis.

    `missing` says why no figure can be given; `evidence` is SQL that must be true for the figure to mean anything, and
    `without` what is lacking where it is not; `history` is SQL for the year before only. `sensitive` figures are
    never listed and suppressed when small.
    """

    code: str
    label: str
    level: int
    relation: str | None
    where: tuple[str, ...]
    measure: str | None
    missing: str | None
    evidence: str | None
    without: str | None
    history: str | None
    sensitive: bool
    heading: bool
    period: int
    ratio: tuple[str, str] | None
    path: tuple[str, ...]


@dataclass(frozen=True)
class Identity:
    """`left = right` over codes of lines with + and -; `root_only` holds for committees under the Centre alone."""

    text: str
    axis: str
    root_only: bool

    @property
    def sides(self) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
        """The signed codes on both sides."""
        left, right = self.text.split(" = ")
        return _terms(left), _terms(right)


@dataclass(frozen=True)
class FormDefinition:
    """One form in one version."""

    form: str
    number: str
    title: str
    version: str
    valid_from: date
    legal_basis: str
    confidence: str
    layout_confirmed: bool
    unit: str
    notes: tuple[str, ...]
    rows: tuple[Line, ...]
    columns: tuple[Line, ...]
    identities: tuple[Identity, ...]
    compares: bool

    def row(self, code: str) -> Line:
        """The row of a code. Raises FormError."""
        return _find(self.rows, code, f"Biểu {self.form} không có dòng")

    def column(self, code: str) -> Line:
        """The column of a code. Raises FormError."""
        return _find(self.columns, code, f"Biểu {self.form} không có cột")

    def relation(self, row: Line, column: Line) -> str | None:
        """Name of the relation that a cell counts; None where nothing is counted."""
        return column.relation or row.relation


def form_codes() -> list[str]:
    """Codes of all forms in the order of their numbers."""
    return sorted((p.stem for p in DEFINITIONS.glob("*.yml")), key=lambda c: (int(re.sub(r"\D", "", c)), c))


@cache
def load_form(code: str) -> FormDefinition:
    """The definition of a form, such as `1` or `8A`. Raises FormError."""
    name = code.strip().upper()
    if name not in form_codes():
        raise FormError(f"Không có biểu {code!r}: chọn một trong các biểu {', '.join(form_codes())}.")
    content = _read(name)
    columns = content.get("columns", COMPARISON)
    if isinstance(columns, str):
        columns = _read(f"shared/{columns}")
    identities = [
        Identity(text, axis, root_only)
        for key, axis, root_only in (
            ("identities", "rows", False),
            ("root_identities", "rows", True),
            ("column_identities", "columns", False),
        )
        for text in content.get(key, [])
    ]
    definition = FormDefinition(
        content["form"],
        content["number"],
        content["title"],
        str(content["version"]),
        content["valid_from"],
        content["legal_basis"],
        content["confidence"],
        content["layout_confirmed"],
        content["unit"],
        tuple(content.get("notes", [])),
        tuple(_lines(content["rows"], content | {"conditions": [content["where"]] if "where" in content else []})),
        tuple(_lines(columns, {})),
        tuple(identities),
        "columns" not in content,
    )
    _check(definition)
    return definition


def _read(name: str) -> Any:
    return yaml.safe_load((DEFINITIONS / f"{name}.yml").read_text(encoding="utf-8"))


def _lines(
    items: list[dict[str, Any]], inherited: dict[str, Any], level: int = 0, path: tuple[str, ...] = ()
) -> Iterator[Line]:
    for item in items:
        if strange := set(item) - LINE_KEYS:
            raise FormError(
                f"A line of the form cannot have {sorted(map(str, strange))[0]!r}: quote labels with commas."
            )
        known = {k: inherited.get(k) for k in LINE_INHERITED}
        own = {k: v for k, v in item.items() if v is not None}
        merged = {**known, **own}
        where = (*inherited.get("conditions", ()), *([own["where"]] if "where" in own else []))
        ratio = own.get("ratio")
        children = own.get("rows") or own.get("columns")
        is_leaf = not own.get("columns")
        labels = (*path, own["label"])
        if is_leaf:
            yield Line(
                str(own.get("code", "")),
                own["label"],
                level,
                merged["from"],
                where,
                merged["measure"],
                merged["missing"],
                merged["evidence"],
                merged["without"],
                merged["history"],
                bool(merged["sensitive"]),
                bool(own.get("heading", False)),
                int(own.get("period", 1)),
                (ratio[0], ratio[1]) if ratio else None,
                labels,
            )
        if children:
            yield from _lines(children, {**merged, "conditions": where}, level + 1, labels)


def _terms(side: str) -> list[tuple[int, str]]:
    terms, sign = [], 1
    for word in side.split():
        if word in {"+", "-"}:
            sign = 1 if word == "+" else -1
        else:
            terms.append((sign, word))
    return terms


def _find(lines: tuple[Line, ...], code: str, problem: str) -> Line:
    for line in lines:
        if line.code == code and not line.heading:
            return line
    known = ", ".join(line.code for line in lines if not line.heading)
    raise FormError(f"{problem} {code!r}: chọn một trong {known}.")


def _check(definition: FormDefinition) -> None:
    """A definition that contradicts itself is a mistake of whoever changed it: say it at once."""
    for lines in (definition.rows, definition.columns):
        codes = [line.code for line in lines if not line.heading]
        twice = {c for c in codes if codes.count(c) > 1 or not c}
        if twice:
            raise FormError(f"Form {definition.form} uses the code {sorted(twice)[0]!r} twice or leaves one empty.")
    for identity in definition.identities:
        find = definition.row if identity.axis == "rows" else definition.column
        for _, code in (*identity.sides[0], *identity.sides[1]):
            find(code)
    for row in definition.rows:
        for column in definition.columns:
            relation = definition.relation(row, column)
            counted = not (row.heading or row.missing or column.missing or column.ratio)
            if counted and (relation is None or not (RELATIONS / f"{relation}.sql").exists()):
                raise FormError(f"Form {definition.form}, line {row.code}: no relation {relation!r} to count.")
