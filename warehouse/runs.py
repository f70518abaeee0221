"""The register of commands: one row in ``weft.runs`` per execution."""

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from warehouse.engines import Warehouse
from warehouse.errors import ConfigurationError
from warehouse.system_tables import RUNS, migrate, utc_now


@dataclass
class Run:
    """One execution of a command. ``figures`` is what it did, as the command adds to it."""

    run_id: str
    command: str
    target: str
    as_of: date
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def is_aside(self) -> bool:
        """Whether it builds an earlier as-of date, which leaves the warehouse where it stands."""
        return self.command == ASIDE


ASIDE = "build aside"
"""The command as which a ``build`` is registered whose as-of date lies before the latest one."""


@contextmanager
def record_run(
    warehouse: Warehouse, *, command: str, target: str, as_of: date, run_id: str | None = None
) -> Iterator[Run]:
    """Register a run; on leaving it is ``succeeded``, or ``failed`` with the error.

    State only moves forward: a ``build`` whose ``as_of`` lies before the latest one that was built
    is one aside. Raises ConfigurationError for other commands that build.
    """
    migrate(warehouse)
    run = Run(run_id or str(uuid.uuid4()), command, target, as_of)
    _stay_forward(warehouse, run)
    with warehouse.transaction():
        # A scheduler that tries a run again gives it the same id: it is one run.
        warehouse.execute(f"delete from {RUNS} where run_id = ?", [run.run_id])
        warehouse.execute(
            f"insert into {RUNS} (run_id, command, target, as_of, state, started_at)"
            " values (?, ?, ?, ?, 'running', ?)",
            [run.run_id, run.command, target, as_of, utc_now()],
        )
    try:
        yield run
    except BaseException as error:
        _finish(warehouse, run, "failed", f"{type(error).__name__}: {error}")
        raise
    _finish(warehouse, run, "succeeded", None)


def latest_run(warehouse: Warehouse, target: str, commands: Sequence[str]) -> dict[str, Any] | None:
    """The latest finished run of certain commands: run_id, as_of, state, finished_at."""
    marks = ", ".join("?" for _ in commands)
    rows = warehouse.rows(
        f"select run_id, as_of, state, finished_at from {RUNS}"
        f" where target = ? and command in ({marks}) and finished_at is not null"
        " order by finished_at desc limit 1",
        [target, *commands],
    )
    return rows[0] if rows else None


def _stay_forward(warehouse: Warehouse, run: Run) -> None:
    latest = warehouse.value(
        f"select max(as_of) as latest from {RUNS} where target = ? and state = 'succeeded'"
        " and command in ('build', 'run', 'backfill')",
        [run.target],
    )
    if run.command not in ("build", "run", "backfill") or latest is None or run.as_of >= latest:
        return
    if run.command != "build":
        raise ConfigurationError(
            f"The warehouse already stands at {latest}, and state only moves forward: look at"
            f" {run.as_of} with `weft build --as-of {run.as_of}`, which builds it aside."
        )
    run.command = ASIDE


def _finish(warehouse: Warehouse, run: Run, state: str, error: str | None) -> None:
    warehouse.execute(
        f"update {RUNS} set state = ?, figures = ?, error = ?, finished_at = ? where run_id = ?",
        [state, json.dumps(run.figures, default=str), error, utc_now(), run.run_id],
    )
