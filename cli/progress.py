"""Progress on stderr: bars on a terminal, one plain line per finished task otherwise."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from warehouse.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


@contextmanager
def make_progress() -> Iterator[Progress]:
    """Progress that fits where stderr goes."""
    if not sys.stderr.isatty():
        yield PlainProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    bars = RichProgress(
        TextColumn("{task.description:<8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}{task.fields[rows]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bars:
        yield BarProgress(bars)


class PlainProgress:
    """One line when a task is finished."""

    def __init__(self) -> None:
        self._finished: set[str] = set()

    def update(
        self, task: str, done: int, total: int | None, unit: str, rows: int | None = None
    ) -> None:
        """Write a line if nothing of the task is left."""
        if done == total and task not in self._finished:
            self._finished.add(task)
            click.echo(f"{task}: {done:,} {unit}{_also(rows)}", err=True)


class BarProgress:
    """A bar per task."""

    def __init__(self, bars: "RichProgress") -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def update(
        self, task: str, done: int, total: int | None, unit: str, rows: int | None = None
    ) -> None:
        """Move the task's bar, which appears with its first update."""
        if task not in self._tasks:
            self._tasks[task] = self._bars.add_task(task, total=total, unit=unit, rows="")
        self._bars.update(self._tasks[task], completed=done, total=total, rows=_also(rows))


def _also(rows: int | None) -> str:
    return "" if rows is None else f", {rows:,} rows"
