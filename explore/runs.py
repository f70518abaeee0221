"""The register of runs: what was executed, and what each run of a sync did."""

import json
from typing import Any

from warehouse.engines import Warehouse
from warehouse.errors import UnknownNameError
from warehouse.system_tables import LOADS, RUNS, SYNC_RUNS

_SHORTEST_PREFIX = 4


def list_runs(
    warehouse: Warehouse, *, command: str | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """The latest runs, newest first.

    Each has run_id, command, target, as_of, state, error, started_at (UTC), ``seconds`` (None
    while it runs) and how many ``syncs`` it pushed.
    """
    condition = "where command = ?" if command else ""
    runs = warehouse.rows(
        f"""
        select run_id, command, target, as_of, state, error, started_at, finished_at,
            (select count(*) from {SYNC_RUNS} as pushed where pushed.run_id = runs.run_id) as syncs
        from {RUNS} as runs {condition}
        order by started_at desc, run_id limit {int(limit)}
        """,
        [command] if command else [],
    )
    for run in runs:
        finished = run.pop("finished_at")
        run["seconds"] = (finished - run["started_at"]).total_seconds() if finished else None
    return runs


def find_run(warehouse: Warehouse, run_id: str) -> str:
    """The whole id of a run, given all of it or the first characters of no other.

    Raises UnknownNameError.
    """
    rows = warehouse.rows(f"select run_id from {RUNS} order by started_at desc, run_id")
    known = [row["run_id"] for row in rows]
    if run_id in known:
        return run_id
    begins = [one for one in known if one.startswith(run_id)]
    if len(begins) == 1 and len(run_id) >= _SHORTEST_PREFIX:
        return str(begins[0])
    raise UnknownNameError("run", run_id, known)


def show_run(warehouse: Warehouse, run_id: str) -> dict[str, Any]:
    """One run: its line in the register, the files it landed, and its runs of syncs.

    Raises UnknownNameError.
    """
    found = find_run(warehouse, run_id)
    [run] = warehouse.rows(f"select * from {RUNS} where run_id = ?", [found])
    run["figures"] = json.loads(run["figures"] or "{}")
    [landed] = warehouse.rows(
        "select count(*) as files, cast(coalesce(sum(landed), 0) as bigint) as landed,"
        f" cast(coalesce(sum(rejected), 0) as bigint) as rejected from {LOADS} where run_id = ?",
        [found],
    )
    syncs = warehouse.rows(
        f"select * from {SYNC_RUNS} where run_id = ? order by started_at, sync", [found]
    )
    return {**run, **landed, "syncs": syncs}
