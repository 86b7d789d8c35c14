"""What the night says while it runs: a moving picture on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol


class Progress(Protocol):
    """Where a running night reports to."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage of the night begins, with so many steps if that is known."""

    def step(self, text: str, *, good: bool = True) -> None:
        """One step of the stage is done; a step that is not good stays on the screen."""


@dataclass
class PlainProgress:
    """One line a stage and one for everything that went wrong."""

    started: float = field(default_factory=time.monotonic)

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self.started:6.1f}s  {text}", file=sys.stderr, flush=True)  # noqa: T201

    def stage(self, name: str, total: int | None = None) -> None:
        """Print the stage's name."""
        self._say(f"{name} ({total})" if total else name)

    def step(self, text: str, *, good: bool = True) -> None:
        """Print only what went wrong."""
        if not good:
            self._say(f"  ✗ {text}")


class RichProgress:
    """A bar for the running stage; what went wrong is printed above it."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task: Any = None

    def stage(self, name: str, total: int | None = None) -> None:
        """Close the bar of the stage before and open the next."""
        if self._task is not None:
            done = self._bar.tasks[-1]
            self._bar.update(self._task, total=done.completed or 1, completed=done.completed or 1, detail="")
        self._task = self._bar.add_task(name, total=total, detail="")

    def step(self, text: str, *, good: bool = True) -> None:
        """Move the bar by one."""
        if self._task is None:
            return
        self._bar.update(self._task, advance=1, detail=text)
        if not good:
            self._bar.console.print(f"[red]✗[/red] {text}", highlight=False)


class Silent:
    """Nobody is looking."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Say nothing."""

    def step(self, text: str, *, good: bool = True) -> None:
        """Say nothing."""


_current: Progress = Silent()


def progress() -> Progress:
    """Where the night of this process reports to."""
    return _current


@contextmanager
def shown(stream: Any = None) -> Iterator[None]:
    """Show progress until the block ends, on standard error as it is by then."""
    global _current  # noqa: PLW0603  assets are called by Dagster, which hands no reporter on
    stream = stream or sys.stderr
    before = _current
    try:
        if not stream.isatty():
            _current = PlainProgress()
            yield
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Bar(
            *columns, TimeElapsedColumn(), TextColumn("[dim]{task.fields[detail]}"), console=Console(file=stream)
        ) as bar:
            _current = RichProgress(bar)
            yield
    finally:
        _current = before
