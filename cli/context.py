"""What every command needs: the options before its name, and a project opened for one run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.progress import make_progress

if TYPE_CHECKING:
    from warehouse.engines import Warehouse
    from warehouse.progress import Progress
    from warehouse.project import Project
    from warehouse.runs import Run

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """The options that stand before the command."""

    project_dir: Path
    profiles_dir: Path | None
    target: str | None
    debug: bool = False

    def project(self) -> "Project":
        """The project they name. Raises ConfigurationError when there is none."""
        from warehouse.project import find_project

        return find_project(self.project_dir, self.profiles_dir, self.target)


@dataclass(frozen=True)
class Session:
    """A command at work: its project, the open warehouse, its run and its progress."""

    project: "Project"
    warehouse: "Warehouse"
    run: "Run"
    progress: "Progress"


@contextmanager
def open_session(
    project: "Project", command: str, *, as_of: date | None = None, run_id: str | None = None
) -> Iterator[Session]:
    """Open the warehouse for one run of a command, which is registered in ``weft.runs``.

    The warehouse stays open until the command ends, so that no other process can come between
    its steps.
    """
    from reverse_etl.journal import fold_journals
    from warehouse.runs import record_run

    with (
        project.open() as warehouse,
        record_run(
            warehouse,
            command=command,
            target=project.target,
            as_of=as_of or project.today(),
            run_id=run_id,
        ) as run,
        make_progress() as progress,
    ):
        # What a push that died has recorded concerns every command: some forget, some retry.
        fold_journals(warehouse)
        yield Session(project, warehouse, run, progress)


class Date(click.ParamType[date]):
    """A date such as 2026-09-30."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or a usage error that shows the form."""
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2026-09-30.", param, ctx)


def run_options(function: Function) -> Function:
    """The options of commands that schedulers call."""
    for option in (
        click.option("--as-of", type=Date(), help="The last day that counts. Default: today."),
        click.option("--run-id", help="The id to register the run under. Default: a new one."),
    ):
        function = option(function)
    return function


def json_option(function: Function) -> Function:
    """The option of commands that can print their result for a program."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print the result as one JSON document."
    )(function)


def sync_option(function: Function) -> Function:
    """The option that names syncs."""
    return click.option(
        "-s", "--sync", "syncs", multiple=True, help="A sync by its name; may be repeated."
    )(function)


def selection_options(function: Function) -> Function:
    """The options that say which rows a sync is about."""
    for option in (
        click.option(
            "--from",
            "starts_from",
            type=Date(),
            help="Append only: send rows from this day on, now and later. Default: all.",
        ),
        click.option(
            "--resync", is_flag=True, help="Send rows that have not changed, too; remove as usual."
        ),
        click.option(
            "--only-key",
            "only_keys",
            multiple=True,
            metavar="KEY",
            help="Only the row of this key; may be repeated.",
        ),
    ):
        function = option(function)
    return function
