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


@contextmanager
def record_run(
    warehouse: Warehouse, *, command: str, target: str, as_of: date, run_id: str | None = None
) -> Iterator[Run]:
    """Register a run; on leaving it is ``succeeded``, or ``failed`` with the error.

    Raises ConfigurationError when ``as_of`` lies before the latest one that was built: state
    only moves forward.
    """
    migrate(warehouse)
    run = Run(run_id or str(uuid.uuid4()), command, target, as_of)
    _refuse_earlier_as_of(warehouse, run)
    with warehouse.transaction():
        # A scheduler that tries a run again gives it the same id: it is one run.
        warehouse.execute(f"delete from {RUNS} where run_id = ?", [run.run_id])
        warehouse.execute(
            f"insert into {RUNS} (run_id, command, target, as_of, state, started_at)"
            " values (?, ?, ?, ?, 'running', ?)",
            [run.run_id, command, target, as_of, utc_now()],
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


def _refuse_earlier_as_of(warehouse: Warehouse, run: Run) -> None:
    latest = warehouse.value(
        f"select max(as_of) as latest from {RUNS} where target = ? and state = 'succeeded'"
        " and command in ('build', 'run', 'backfill')",
        [run.target],
    )
    if run.command in ("build", "run", "backfill") and latest is not None and run.as_of < latest:
        raise ConfigurationError(
            f"The warehouse already stands at {latest}; state only moves forward, so "
            f"--as-of {run.as_of} cannot be built on top of it."
        )


def _finish(warehouse: Warehouse, run: Run, state: str, error: str | None) -> None:
    warehouse.execute(
        f"update {RUNS} set state = ?, figures = ?, error = ?, finished_at = ? where run_id = ?",
        [state, json.dumps(run.figures, default=str), error, utc_now(), run.run_id],
    )
