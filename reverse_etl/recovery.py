"""Runs of a sync that died: what they sent without an answer becomes ``unknown``."""

from typing import Any

from reverse_etl.journal import fold_journals
from warehouse.engines import Warehouse
from warehouse.system_tables import SYNC_ATTEMPTS, SYNC_INTENTS, SYNC_ROWS, SYNC_RUNS, utc_now

_MESSAGE = "the run ended before the answer was recorded"


def recover(warehouse: Warehouse, sync: str) -> None:
    """Close every run of a sync that has not ended.

    Only one process works on a sync at a time, so a run that is still open has died.
    """
    fold_journals(warehouse)
    runs = warehouse.rows(
        f"select run_id, plan_id from {SYNC_RUNS} where sync = ? and state = 'running'", [sync]
    )
    for run in runs:
        close_run(warehouse, run["run_id"], run["plan_id"])


def close_run(warehouse: Warehouse, run_id: str, plan_id: str) -> None:
    """Record intents without outcome as unknown, and the figures of an interrupted run."""
    with warehouse.transaction():
        warehouse.execute(
            f"""
            insert into {SYNC_ATTEMPTS}
                (run_id, plan_id, sync, key, operation, attempt, outcome, code, message,
                 row_hash, attempted_at)
            select ?, plan_id, sync, key, operation, 1, 'unknown', 'interrupted', ?, row_hash, ?
            from {SYNC_ROWS} as sent
            where plan_id = ? and exists (
                select 1 from {SYNC_INTENTS} as intents
                where intents.run_id = ? and intents.plan_id = sent.plan_id
                    and sent.position between intents.first_position and intents.last_position
            ) and not exists (
                select 1 from {SYNC_ATTEMPTS} as answered
                where answered.run_id = ? and answered.plan_id = ? and answered.key = sent.key
            )
            """,
            [run_id, _MESSAGE, utc_now(), plan_id, run_id, run_id, plan_id],
        )
        figures = _figures(warehouse, run_id, plan_id)
        assignments = ", ".join(f"{name} = ?" for name in figures)
        warehouse.execute(
            f"update {SYNC_RUNS} set state = 'interrupted', error = ?, finished_at = ?,"
            f" {assignments} where run_id = ? and plan_id = ?",
            [_MESSAGE, utc_now(), *figures.values(), run_id, plan_id],
        )


def _figures(warehouse: Warehouse, run_id: str, plan_id: str) -> dict[str, int]:
    rows: list[dict[str, Any]] = warehouse.rows(
        f"""
        select operation, outcome = 'succeeded' as succeeded, count(*) as keys
        from (
            select key, operation, outcome,
                row_number() over (
                    partition by key order by attempted_at desc, attempt desc
                ) as recency
            from {SYNC_ATTEMPTS} where run_id = ? and plan_id = ?
        ) as ranked
        where recency = 1 and outcome <> 'aborted'
        group by all
        """,
        [run_id, plan_id],
    )
    figures: dict[str, int] = {}
    for operation, suffix in (("add", "added"), ("change", "changed"), ("remove", "removed")):
        by_result = {row["succeeded"]: row["keys"] for row in rows if row["operation"] == operation}
        succeeded, failed = by_result.get(True, 0), by_result.get(False, 0)
        figures[f"succeeded_{suffix}"] = succeeded
        figures[f"failed_{suffix}"] = failed
        figures[f"attempted_{suffix}"] = succeeded + failed
    return figures
