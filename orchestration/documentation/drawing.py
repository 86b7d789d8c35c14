"""Drawings as inline SVG: the way to a relation, and bars. Every drawing repeats what a table beside it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from orchestration.documentation.lineage import Model

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 204, 26, 52, 10, 8
LONGEST_NAME = 28
#: A drawing shrinks to the width of the page, but not below this part of its size: names must stay readable.
SMALLEST = 0.8


def _depths(models: Sequence[Model]) -> dict[str, int]:
    """How many steps each model is away from what it is built from; a source stands left of all its children."""
    by_name = {m.name: m for m in models}
    found: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in found:
            found[name] = 1 + max((depth(p) for p in by_name[name].parents if p in by_name), default=-1)
        return found[name]

    for model in models:
        depth(model.name)
    return found


def _columns(models: Sequence[Model]) -> list[list[Model]]:
    """Models by depth, each column ordered by the middle of its parents so that few lines cross."""
    depths = _depths(models)
    columns: list[list[Model]] = [[] for _ in range(max(depths.values()) + 1)]
    for model in models:
        columns[depths[model.name]].append(model)
    place: dict[str, float] = {}
    for column in columns:
        column.sort(key=lambda m: (_middle(m, place), m.layer, m.name))
        place |= {m.name: i / len(column) for i, m in enumerate(column)}
    return columns


def _middle(model: Model, place: Mapping[str, float]) -> float:
    above = [place[p] for p in model.parents if p in place]
    return sum(above) / len(above) if above else 0.0


def graph(models: Sequence[Model], title: str, address: Callable[[Model], str | None]) -> str:
    """Models from left to right as boxes and lines; `address` gives the page of a model that has one.

    A line that another way already says (a to c beside a to b to c) is left out.
    """
    columns = _columns(models)
    tallest = max(len(c) for c in columns)
    height = 2 * MARGIN + tallest * (BOX_HEIGHT + GAP_Y) - GAP_Y
    width = 2 * MARGIN + len(columns) * (BOX_WIDTH + GAP_X) - GAP_X
    corner: dict[str, tuple[float, float]] = {}
    for x, column in enumerate(columns):
        top = (height - len(column) * (BOX_HEIGHT + GAP_Y) + GAP_Y) / 2
        for y, model in enumerate(column):
            corner[model.name] = (MARGIN + x * (BOX_WIDTH + GAP_X), top + y * (BOX_HEIGHT + GAP_Y))
    lines = [_line(corner[p], corner[m.name]) for m in models for p in _nearest(m, models)]
    boxes = [_box(m, corner[m.name], address(m)) for m in models]
    return (
        f'<svg class="graph" role="group" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
        f' style="min-width:{SMALLEST * width:g}px">'
        f"<title>{escape(title)}</title>{''.join(lines)}{''.join(boxes)}</svg>"
    )


def _nearest(model: Model, models: Sequence[Model]) -> list[str]:
    """Parents of a model that are not also parents, at any distance, of another of its parents."""
    by_name = {m.name: m for m in models}

    def above(name: str) -> set[str]:
        direct = {p for p in by_name[name].parents if p in by_name}
        return direct.union(*(above(p) for p in direct))

    parents = [p for p in model.parents if p in by_name]
    return [p for p in parents if not any(p in above(other) for other in parents)]


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT / 2
    x2, y2 = end[0], end[1] + BOX_HEIGHT / 2
    bend = min(GAP_X, (x2 - x1) / 2)
    return f'<path class="line" d="M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"/>'


def _box(model: Model, corner: tuple[float, float], address: str | None) -> str:
    x, y = corner
    short = model.short_name if len(model.short_name) <= LONGEST_NAME else f"{model.short_name[: LONGEST_NAME - 1]}…"
    box = (
        f'<g class="{escape(model.layer)}"><title>{escape(model.name)}</title>'
        f'<rect x="{x:g}" y="{y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="3"/>'
        f'<text x="{x + 8:g}" y="{y + 17:g}">{escape(short)}</text></g>'
    )
    return f'<a href="{escape(address)}">{box}</a>' if address else box


def bars(rows: Sequence[tuple[str, str, float, float]], title: str) -> str:
    """Horizontal bars in two parts: (label, address, first part, second part), parts in one unit."""
    most = max((a + b for _, _, a, b in rows), default=0) or 1
    label, room, step = 360, 420, 22
    drawn = []
    for i, (name, address, first, second) in enumerate(rows):
        y, one, two = i * step, room * first / most, room * second / most
        drawn.append(
            f'<a href="{escape(address)}">'
            f'<text x="{label - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text></a>'
            f'<rect class="error" x="{label}" y="{y + 3}" width="{one:.1f}" height="{step - 7}"/>'
            f'<rect class="warning" x="{label + one:.1f}" y="{y + 3}" width="{two:.1f}" height="{step - 7}"/>'
            f'<text x="{label + one + two + 6:.1f}" y="{y + 15}">{_figure(first + second)}</text>'
        )
    height = len(rows) * step
    width = label + room + 70
    return (
        f'<svg class="bars" role="group" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>{escape(title)}</title>{''.join(drawn)}</svg>"
    )


def _figure(value: float) -> str:
    return f"{value:.2f} %".replace(".", ",")
