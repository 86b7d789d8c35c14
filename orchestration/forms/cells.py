"""What a cell of a form shows: a figure, or why there is none; and whether the figures agree with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from orchestration.forms.definition import FormDefinition, Line
from orchestration.forms.query import CellKey, counted_periods

#: Figures about ethnicity below this are not shown: they would point at persons.
SMALL = 5


class State(StrEnum):
    """What a cell shows."""

    FIGURE = "figure"
    NOT_COLLECTED = "not_collected"
    SUPPRESSED = "suppressed"
    EMPTY = "empty"


@dataclass(frozen=True)
class Cell:
    """A figure, or why there is none. Ratios and means have one decimal."""

    value: Decimal | None
    state: State

    @property
    def text(self) -> str:
        """The cell in words for listings."""
        if self.state is State.NOT_COLLECTED:
            return "chưa thu thập"
        if self.state is State.SUPPRESSED:
            return f"<{SMALL}"
        return "" if self.value is None else str(self.value)


@dataclass(frozen=True)
class Mismatch:
    """An identity that does not hold in one column (or one row): both sides."""

    identity: str
    at: str
    left: Decimal
    right: Decimal

    @property
    def sentence(self) -> str:
        """What is wrong, for the face of the sheet."""
        return f"{self.identity} không khớp ở {self.at}: {self.left} ≠ {self.right}"


def make_cells(
    definition: FormDefinition, figures: Mapping[CellKey, Decimal], unknown: set[tuple[str, int]], minority: bool
) -> dict[tuple[str, str], Cell]:
    """Every cell of a form by the codes of its row and column, with small figures about ethnicity suppressed."""
    cells: dict[tuple[str, str], Cell] = {}
    for row in definition.rows:
        for column in definition.columns:
            cells[row.code, column.code] = _cell(definition, (row, column), figures, unknown, minority)
        for column in definition.columns:
            if column.ratio and not row.heading:
                part, whole = (cells[row.code, code] for code in column.ratio)
                cells[row.code, column.code] = _ratio(part, whole)
    _protect(definition, cells)
    return cells


def _protect(definition: FormDefinition, cells: dict[tuple[str, str], Cell]) -> None:
    """Where one suppressed figure could be had by subtracting the others from their total, hide a second one."""
    for identity in definition.identities:
        by_row = identity.axis == "rows"
        for other in definition.columns if by_row else definition.rows:
            terms = [(c, other.code) if by_row else (other.code, c) for side in identity.sides for _, c in side]
            hidden = [at for at in terms if cells[at].state is State.SUPPRESSED]
            shown = [at for at in terms[1:] if cells[at].value]
            if len(hidden) == 1 and shown:
                least = min(shown, key=lambda at: cells[at].value or 0)
                cells[least] = Cell(None, State.SUPPRESSED)


def _cell(
    definition: FormDefinition,
    at: tuple[Line, Line],
    figures: Mapping[CellKey, Decimal],
    unknown: set[tuple[str, int]],
    minority: bool,
) -> Cell:
    row, column = at
    if row.heading or column.ratio:
        return Cell(None, State.EMPTY)
    if not counted_periods(definition, row, column):
        return Cell(None, State.NOT_COLLECTED)
    sensitive = row.sensitive or column.sensitive
    needed = {row.evidence, column.evidence} | ({row.history} if column.period > 1 else set())
    if any(e and (e, column.period) in unknown for e in needed) or (sensitive and not minority):
        return Cell(None, State.NOT_COLLECTED)
    measured = row.measure or column.measure
    value = figures.get((row.code, column.code, column.period), None if measured else Decimal(0))
    if sensitive and value is not None and 0 < value < SMALL:
        return Cell(None, State.SUPPRESSED)
    return Cell(
        value.quantize(Decimal("0.1"), ROUND_HALF_UP) if value is not None and measured else value, State.FIGURE
    )


def _ratio(part: Cell, whole: Cell) -> Cell:
    if part.value is None or not whole.value:
        return Cell(None, State.EMPTY)
    return Cell((part.value * 100 / whole.value).quantize(Decimal("0.1"), ROUND_HALF_UP), State.FIGURE)


def find_mismatches(
    definition: FormDefinition, cells: Mapping[tuple[str, str], Cell], depth: int
) -> tuple[Mismatch, ...]:
    """Identities that do not hold wherever both sides are figures; `depth` is 1 for a committee under the Centre."""
    found = []
    for identity in definition.identities:
        if identity.root_only and depth > 1:
            continue
        by_row = identity.axis == "rows"
        others = definition.columns if by_row else tuple(r for r in definition.rows if not r.heading and not r.measure)
        for other in others:
            if other.ratio:
                continue
            left, right = (_side(side, other.code, by_row, cells) for side in identity.sides)
            if left is not None and right is not None and left != right:
                found.append(Mismatch(identity.text, f"{'cột' if by_row else 'dòng'} {other.code}", left, right))
    return tuple(found)


def _side(
    terms: Sequence[tuple[int, str]], other: str, by_row: bool, cells: Mapping[tuple[str, str], Cell]
) -> Decimal | None:
    values = [(sign, cells[(code, other) if by_row else (other, code)].value) for sign, code in terms]
    if any(v is None for _, v in values):
        return None
    return sum((sign * v for sign, v in values if v is not None), Decimal(0))
