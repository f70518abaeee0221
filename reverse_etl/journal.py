"""The journal of a push, where a commit of the warehouse takes seconds.

A journal is a DuckDB file on this machine with the rows of one plan and the tables that a push
writes to: intents, outcomes and acknowledgements are committed there, and folded into the
warehouse when the push has ended, or when the next one starts. Before the first row leaves, the
warehouse itself knows that any row of the plan may: should the file be lost, all of them are
``unknown``.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.crash_points import crash_point
from warehouse.engines import Table, Warehouse, open_engine, quote
from warehouse.runs import Run
from warehouse.system_tables import (
    SCHEMA,
    SYNC_ATTEMPTS,
    SYNC_INTENTS,
    SYNC_JOBS,
    SYNC_OBJECTS,
    SYNC_ROWS,
    SYNC_SNAPSHOT,
    migrate,
    utc_now,
)

if TYPE_CHECKING:
    from reverse_etl.plan import Plan

_PUSHES = Table(SCHEMA, "journalled_pushes")
_FOLDED = quote("weft_folded")
_ROWS_AT_ONCE = 50_000


@contextmanager
def open_journal(warehouse: Warehouse, plan: "Plan", run: Run) -> Iterator[Warehouse]:
    """Where a push writes: the warehouse itself, or a journal that is folded in on leaving."""
    if warehouse.journals is None:
        yield warehouse
        return
    path = _make(warehouse, warehouse.journals, plan, run)
    try:
        with _open(path) as journal:
            yield journal
    finally:
        crash_point("before_fold")
        _fold(warehouse, path)


def fold_journals(warehouse: Warehouse) -> None:
    """Fold in what pushes that died have left; what they were still making is deleted."""
    folder = warehouse.journals
    if folder is None or not folder.exists():
        return
    for path in sorted(folder.glob("*.duckdb")):
        _fold(warehouse, path)
    for path in folder.glob("*.making*"):
        path.unlink()


def _open(path: Path) -> Warehouse:
    return open_engine({"type": "duckdb", "path": str(path)}, path.parent)


def _make(warehouse: Warehouse, folder: Path, plan: "Plan", run: Run) -> Path:
    """A journal that holds what the push reads, known to the warehouse."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{uuid.uuid4()}.duckdb"
    making, at = path.with_suffix(".making"), utc_now()
    with _open(making) as journal:
        migrate(journal)
        with journal.transaction():
            _copy_in(warehouse, journal, plan, run, at)
    making.rename(path)
    warehouse.execute(
        f"insert into {SYNC_INTENTS} (run_id, plan_id, sync, first_position, last_position,"
        " intended_at) values (?, ?, ?, 1, ?, ?)",
        [run.run_id, plan.plan_id, plan.sync, plan.planned, at],
    )
    crash_point("after_journal")
    return path


def _copy_in(
    warehouse: Warehouse, journal: Warehouse, plan: "Plan", run: Run, at: datetime
) -> None:
    journal.execute(
        f"create table {_PUSHES} as select ? as run_id, ? as plan_id, ? as sync, ? as account,"
        " cast(? as timestamp) as started_at",
        [run.run_id, plan.plan_id, plan.sync, plan.account, at],
    )
    of_plan = f"from {SYNC_ROWS} where plan_id = ?"
    _copy(warehouse, journal, SYNC_ROWS, of_plan, [plan.plan_id])
    _copy(
        warehouse,
        journal,
        SYNC_SNAPSHOT,
        f"from {SYNC_SNAPSHOT} where sync = ? and account = ? and key in (select key {of_plan})",
        [plan.sync, plan.account, plan.plan_id],
    )
    of_account = f"from {SYNC_OBJECTS} where sync = ? and account = ?"
    _copy(warehouse, journal, SYNC_OBJECTS, of_account, [plan.sync, plan.account])


def _copy(
    source: Warehouse, target: Warehouse, table: Table, rows: str, parameters: list[object]
) -> None:
    import pyarrow as pa

    for batch in source.batches(f"select * {rows}", parameters, _ROWS_AT_ONCE):
        target.insert(table, pa.Table.from_batches([batch]))


def _fold(warehouse: Warehouse, path: Path) -> None:
    """Bring a journal's rows into the warehouse, once, and delete it."""
    with _open(path) as journal:
        [push] = journal.rows(f"select * from {_PUSHES}")
        of_push = [push["run_id"], push["plan_id"], push["started_at"]]
        waiting = warehouse.value(
            f"select count(*) as intents from {SYNC_INTENTS}"
            " where run_id = ? and plan_id = ? and intended_at = ?",
            of_push,
        )
        if waiting:
            with warehouse.transaction():
                _fold_rows(warehouse, journal, push["sync"], push["account"])
                warehouse.execute(
                    f"delete from {SYNC_INTENTS}"
                    " where run_id = ? and plan_id = ? and intended_at = ?",
                    of_push,
                )
            crash_point("after_fold")
    path.unlink()


def _fold_rows(warehouse: Warehouse, journal: Warehouse, sync: str, account: str) -> None:
    for table in (SYNC_ATTEMPTS, SYNC_JOBS, SYNC_INTENTS):
        _append(warehouse, journal, table, table)
    known = warehouse.rows(
        f"select object_id from {SYNC_OBJECTS} where sync = ? and account = ?", [sync, account]
    )
    for row in known:
        journal.execute(f"delete from {SYNC_OBJECTS} where object_id = ?", [row["object_id"]])
    _append(warehouse, journal, SYNC_OBJECTS, SYNC_OBJECTS)
    warehouse.execute(
        f"create or replace temporary table {_FOLDED} as select * from {SYNC_SNAPSHOT} where false"
    )
    # Rows of the plan that no destination has acknowledged are as they were copied.
    _append(warehouse, journal, SYNC_SNAPSHOT, Table("temp", "weft_folded"))
    warehouse.execute(
        f"delete from {SYNC_SNAPSHOT} where sync = ? and account = ?"
        f" and key in (select key from {_FOLDED})",
        [sync, account],
    )
    warehouse.execute(f"insert into {SYNC_SNAPSHOT} select * from {_FOLDED}")
    warehouse.execute(f"drop table {_FOLDED}")


def _append(warehouse: Warehouse, journal: Warehouse, source: Table, target: Table) -> None:
    import pyarrow as pa

    for batch in journal.batches(f"select * from {source}", rows=_ROWS_AT_ONCE):
        warehouse.insert(target, pa.Table.from_batches([batch]))
