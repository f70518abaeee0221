"""Progress as it is written where nobody watches bars, and as a bar."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from cli.progress import BarProgress, PlainProgress


def test_a_finished_task_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    progress = PlainProgress()
    progress.update("load", 500, 1_000, "bytes", rows=1)
    progress.update("load", 1_000, 1_000, "bytes", rows=2_500)
    progress.update("build", 3, 3, "models and tests")
    progress.update("build", 3, 3, "models and tests")
    assert capsys.readouterr().err.splitlines() == [
        "load: 1,000 bytes, 2,500 rows",
        "build: 3 models and tests",
    ]


def test_a_bar_tells_the_second_figure_where_there_is_one() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    column = TextColumn("{task.completed} {task.fields[unit]}{task.fields[rows]}")
    bars = Progress(column, console=console, auto_refresh=False)
    progress = BarProgress(bars)
    progress.update("load", 500, 1_000, "bytes", rows=2_500)
    progress.update("build", 1, None, "models and tests")
    rendered = [str(column.render(task)) for task in bars.tasks]
    assert rendered == ["500 bytes, 2,500 rows", "1 models and tests"]
