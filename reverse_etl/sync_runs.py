"""The register of syncs: one row in ``weft.sync_runs`` per run of one sync."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from reverse_etl.bindings import bind
from reverse_etl.plan import Plan
from reverse_etl.report import Counts, SyncReport
from warehouse.engines import Warehouse
from warehouse.runs import Run
from warehouse.system_tables import SYNC_PLANS, SYNC_RUNS, utc_now


def start_sync_run(warehouse: Warehouse, plan: Plan, run: Run) -> None:
    """Register a run that is about to send; if it dies it is found by its state."""
    starts_from = plan.selection.starts_from
    bind(warehouse, plan.sync, plan.account, plan.destination, starts_from)
    _insert(warehouse, plan, run, {"state": "running", "started_at": utc_now()})


def finish_sync_run(warehouse: Warehouse, report: SyncReport) -> None:
    """Record what a run did; its plan is then used up."""
    values: dict[str, Any] = {
        "state": report.state,
        "error": report.error,
        "finished_at": utc_now(),
        **dict(_figures("attempted", report.attempted)),
        **dict(_figures("succeeded", report.succeeded)),
        **dict(_figures("failed", report.failed)),
    }
    assignments = ", ".join(f"{name} = ?" for name in values)
    with warehouse.transaction():
        warehouse.execute(
            f"update {SYNC_RUNS} set {assignments} where run_id = ? and plan_id = ?",
            [*values.values(), report.run_id, report.plan_id],
        )
        warehouse.execute(
            f"update {SYNC_PLANS} set state = 'pushed' where plan_id = ?", [report.plan_id]
        )


def record_idle_sync_run(
    warehouse: Warehouse, plan: Plan, run: Run, state: str, error: str | None = None
) -> None:
    """Register a run that sends nothing to its destination: blocked or diverted."""
    now = utc_now()
    values: dict[str, Any] = {
        "state": state,
        "error": error,
        "started_at": now,
        "finished_at": now,
    }
    for name in ("attempted", "succeeded", "failed"):
        values.update(_figures(name, Counts()))
    _insert(warehouse, plan, run, values)


def record_failed_sync_run(
    warehouse: Warehouse, sync: str, run: Run, state: str, error: str
) -> None:
    """Register a run that ended before it had a plan, unless it is registered already."""
    known = warehouse.value(
        f"select count(*) as runs from {SYNC_RUNS} where run_id = ? and sync = ?",
        [run.run_id, sync],
    )
    if known:
        return
    now = utc_now()
    warehouse.execute(
        f"insert into {SYNC_RUNS} (run_id, sync, state, error, started_at, finished_at)"
        " values (?, ?, ?, ?, ?, ?)",
        [run.run_id, sync, state, error, now, now],
    )


def _insert(warehouse: Warehouse, plan: Plan, run: Run, values: dict[str, Any]) -> None:
    row = {
        "run_id": run.run_id,
        "sync": plan.sync,
        "plan_id": plan.plan_id,
        **dict(_figures("planned", Counts(plan.added, plan.changed, plan.removed))),
        "unchanged": plan.unchanged,
        "invalid": plan.invalid,
        "rejected_earlier": plan.rejected_earlier,
        **values,
    }
    marks = ", ".join("?" for _ in row)
    warehouse.execute(
        f"insert into {SYNC_RUNS} ({', '.join(row)}) values ({marks})", list(row.values())
    )


def _figures(name: str, counts: Counts) -> Iterator[tuple[str, int]]:
    for operation, rows in asdict(counts).items():
        yield f"{name}_{operation}", rows
