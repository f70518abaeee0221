"""What a destination has acknowledged enters ``weft.sync_snapshot``, and nothing else does."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from reverse_etl.destinations.kit.rows import Row
from reverse_etl.payload import json_text
from reverse_etl.plan import Plan
from warehouse.engines import Warehouse
from warehouse.system_tables import SYNC_ATTEMPTS, SYNC_ROWS, SYNC_SNAPSHOT

if TYPE_CHECKING:
    import pyarrow as pa


def acknowledge(
    warehouse: Warehouse, plan: Plan, run_id: str, rows: "pa.Table", at: datetime
) -> None:
    """Take rows of a plan into the snapshot; their outcomes stand in the ledger at this moment."""
    import pyarrow.compute as pc

    if not rows.num_rows:
        return
    # Keys of version 0 have no row in the snapshot yet: appending them needs no search.
    is_new = pc.equal(rows.column("version"), 0)
    new = rows if pc.all(is_new).as_py() else rows.filter(is_new)
    if new.num_rows:
        warehouse.insert(SYNC_SNAPSHOT, _snapshot_rows(plan, new, at))
    if new.num_rows < rows.num_rows:
        bounds = pc.min_max(rows.column("position")).as_py()
        _change(warehouse, plan, run_id, bounds["min"], bounds["max"], at)


def acknowledge_all(
    warehouse: Warehouse, plan: Plan, run_id: str, first: int, last: int, at: datetime
) -> None:
    """As ``acknowledge``, for what succeeded at this moment between two positions."""
    sql, parameters = _acknowledged(plan, run_id, first, last, at)
    warehouse.execute(
        f"""
        insert into {SYNC_SNAPSHOT}
            (sync, account, key, row_hash, payload, version, removed, acknowledged_at)
        select ?, ?, key, row_hash, payload, 1, operation = 'remove', ?
        from ({sql}) as acknowledged where version = 0
        """,
        [plan.sync, plan.account, at, *parameters],
    )
    _change(warehouse, plan, run_id, first, last, at)


def rows_after(warehouse: Warehouse, plan: Plan, is_composite: bool) -> Iterator[list[Row]]:
    """Every row that the destination holds once a plan is through, by key, in pages."""
    key_json = "key" if is_composite else json_text("key")
    batches = warehouse.batches(
        f"""
        select key, {key_json} as key_json, payload, row_hash, version from (
            select key, payload, row_hash, version from {SYNC_SNAPSHOT}
            where sync = ? and account = ? and not removed and key not in (
                select key from {SYNC_ROWS} where plan_id = ? and position is not null
            )
            union all
            select key, payload, row_hash, version from {SYNC_ROWS}
            where plan_id = ? and operation in ('add', 'change')
        ) as held order by key
        """,
        [plan.sync, plan.account, plan.plan_id, plan.plan_id],
    )
    for batch in batches:
        yield [Row(0, operation="add", idempotency_key="", **row) for row in batch.to_pylist()]


def bury_leavers(warehouse: Warehouse, plan: Plan, at: datetime) -> None:
    """Make a tombstone of every key that leaves the model without a request."""
    warehouse.execute(
        f"""
        update {SYNC_SNAPSHOT} as snapshot
        set removed = true, version = snapshot.version + 1, acknowledged_at = ?
        from (
            select key from {SYNC_ROWS} where plan_id = ? and operation = 'leave'
        ) as leaving
        where snapshot.sync = ? and snapshot.account = ? and snapshot.key = leaving.key
        """,
        [at, plan.plan_id, plan.sync, plan.account],
    )


def _snapshot_rows(plan: Plan, rows: "pa.Table", at: datetime) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    size = rows.num_rows
    return pa.table(
        {
            "sync": pa.repeat(plan.sync, size),
            "account": pa.repeat(plan.account, size),
            **{name: rows.column(name) for name in ("key", "row_hash", "payload")},
            "version": pa.repeat(pa.scalar(1, pa.int64()), size),
            "removed": pc.equal(rows.column("operation"), "remove"),
            "acknowledged_at": pa.repeat(pa.scalar(at, pa.timestamp("us")), size),
        }
    )


def _change(
    warehouse: Warehouse, plan: Plan, run_id: str, first: int, last: int, at: datetime
) -> None:
    sql, parameters = _acknowledged(plan, run_id, first, last, at)
    warehouse.execute(
        f"""
        update {SYNC_SNAPSHOT} as snapshot
        set row_hash = acknowledged.row_hash, payload = acknowledged.payload,
            version = snapshot.version + 1, removed = acknowledged.operation = 'remove',
            acknowledged_at = ?
        from ({sql}) as acknowledged
        where acknowledged.version > 0 and snapshot.sync = ? and snapshot.account = ?
            and snapshot.key = acknowledged.key
        """,
        [at, *parameters, plan.sync, plan.account],
    )


def _acknowledged(
    plan: Plan, run_id: str, first: int, last: int, at: datetime
) -> tuple[str, list[object]]:
    return (
        f"""
        select sent.key, sent.row_hash, sent.payload, sent.operation, sent.version
        from (
            select * from {SYNC_ROWS} where plan_id = ? and position between ? and ?
        ) as sent
        join (
            select key from {SYNC_ATTEMPTS}
            where attempted_at = ? and plan_id = ? and run_id = ? and outcome = 'succeeded'
        ) as answered on answered.key = sent.key
        """,
        [plan.plan_id, first, last, at, plan.plan_id, run_id],
    )
