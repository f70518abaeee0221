"""How long weft keeps what it noted about its own work: ``keep:`` in weft.yml, in days.

What the next plan needs is kept however old it is: the snapshot, attempts that were refused or are
in doubt with their plans, the plan pushed last, and the last build.
"""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from warehouse.documents import validate
from warehouse.engines import Warehouse
from warehouse.project import Project
from warehouse.system_tables import (
    RUNS,
    SYNC_ATTEMPTS,
    SYNC_INTENTS,
    SYNC_PLANS,
    SYNC_ROWS,
    SYNC_RUNS,
    utc_now,
)

_IN_DOUBT = "(outcome = 'unknown' or coalesce(http_status, 0) >= 500)"


class Keep(BaseModel):
    """Days for which runs (with their plans), rows of plans and attempts are kept; None: always."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: int | None = Field(default=None, ge=1)
    rows: int | None = Field(default=None, ge=1)
    attempts: int | None = Field(default=None, ge=1)


def read_keep(project: Project) -> Keep:
    """The section ``keep:`` of weft.yml. Raises ConfigurationError."""
    return validate(Keep, dict(project.section("keep")), project.settings, ("keep",))


def discard_old(warehouse: Warehouse, keep: Keep) -> dict[str, int]:
    """Delete what is older than is kept; rows deleted by what they are."""
    deleted = {}
    with warehouse.transaction():
        if keep.attempts is not None:
            deleted["attempts"] = _discard_attempts(warehouse, keep.attempts)
        if keep.rows is not None:
            deleted["rows"] = _discard_rows(warehouse, keep.rows)
        if keep.runs is not None:
            deleted["runs"] = _discard_runs(warehouse, keep.runs)
    return deleted


def _discard_attempts(warehouse: Warehouse, days: int) -> int:
    """Attempts that a later success of the key has settled, and those that settled nothing."""
    return warehouse.execute(
        f"""
        delete from {SYNC_ATTEMPTS} as old
        where attempted_at < ? and (
            not (outcome in ('rejected', 'unknown') or {_IN_DOUBT})
            or exists (
                select 1 from {SYNC_ATTEMPTS} as later
                where later.sync = old.sync and later.key = old.key
                    and later.outcome = 'succeeded' and later.attempted_at > old.attempted_at
            )
        ) and not (outcome = 'succeeded' and exists (
            select 1 from {SYNC_ATTEMPTS} as doubted
            where doubted.sync = old.sync and doubted.key = old.key
                and doubted.outcome in ('rejected', 'unknown', 'retry')
        ))
        """,
        [_cutoff(days)],
    )


def _discard_rows(warehouse: Warehouse, days: int) -> int:
    return warehouse.execute(
        f"""
        delete from {SYNC_ROWS} as old
        where plan_id in (select plan_id from {SYNC_PLANS} where planned_at < ?)
            and not exists (
                select 1 from {SYNC_ATTEMPTS} as attempts
                where attempts.plan_id = old.plan_id and attempts.key = old.key
                    and (outcome = 'rejected' or {_IN_DOUBT})
            )
            and plan_id not in (select plan_id from {SYNC_RUNS} where state = 'running')
        """,
        [_cutoff(days)],
    )


def _discard_runs(warehouse: Warehouse, days: int) -> int:
    cutoff = _cutoff(days)
    warehouse.execute(
        f"""
        delete from {SYNC_PLANS} as old
        where planned_at < ?
            and not exists (select 1 from {SYNC_ATTEMPTS} where plan_id = old.plan_id)
            and not exists (select 1 from {SYNC_ROWS} where plan_id = old.plan_id)
            and plan_id not in (
                select max_by(plan_id, planned_at) from {SYNC_PLANS}
                where state = 'pushed' group by sync, account
            )
        """,
        [cutoff],
    )
    warehouse.execute(
        f"delete from {SYNC_INTENTS} where plan_id not in (select plan_id from {SYNC_PLANS})"
    )
    warehouse.execute(
        f"delete from {SYNC_RUNS} where finished_at < ?"
        f" and plan_id not in (select plan_id from {SYNC_PLANS})",
        [cutoff],
    )
    return warehouse.execute(
        f"""
        delete from {RUNS}
        where finished_at < ? and run_id not in (select run_id from {SYNC_RUNS})
            and run_id not in (
                select max_by(run_id, finished_at) from {RUNS}
                where command in ('build', 'run', 'backfill') group by target, state
            )
        """,
        [cutoff],
    )


def _cutoff(days: int) -> object:
    return utc_now() - timedelta(days=days)
