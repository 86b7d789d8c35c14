"""How a benchmark tells its figures: one table for people, one JSON list for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.settings import settings


@dataclass(frozen=True)
class Figure:
    """One measured value and its goal; `met` is None where there is no goal."""

    metric: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None


def at_most(metric: str, value: float, unit: str, goal: float) -> Figure:
    """A figure that must not exceed its goal."""
    return Figure(metric, round(value, 3), unit, f"≤ {goal:g}", value <= goal)


def at_least(metric: str, value: float, unit: str, goal: float) -> Figure:
    """A figure that must reach its goal."""
    return Figure(metric, round(value, 5), unit, f"≥ {goal:g}", value >= goal)


def told(metric: str, value: float, unit: str) -> Figure:
    """A figure without a goal."""
    return Figure(metric, round(value, 3), unit)


class Report:
    """Collects figures, prints each as it is known and writes all at the end."""

    def __init__(self, name: str) -> None:
        self.figures: list[Figure] = []
        self.file: Path = settings().home / "bench" / f"{name}.json"

    def add(self, *figures: Figure) -> None:
        """Note figures."""
        for figure in figures:
            self.figures.append(figure)
            mark = {True: "✓", False: "✗", None: " "}[figure.met]
            print(f"{mark} {figure.metric:<62} {figure.value:>14,} {figure.unit:<10} {figure.goal}", flush=True)

    def write(self) -> int:
        """Write the JSON list; the exit code says whether every goal was met."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(f) for f in self.figures]
        self.file.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"written to {self.file}")
        return 0 if all(f.met is not False for f in self.figures) else 1


def run(name: str, measure: Callable[[Report], None]) -> int:
    """Measure and write even when something breaks half-way."""
    report = Report(name)
    try:
        measure(report)
    finally:
        code = report.write()
    return code
