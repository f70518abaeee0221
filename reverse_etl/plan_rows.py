"""The rows of a plan: the difference written to ``weft.sync_rows``, as SQL over whole tables."""

from collections.abc import Set

from reverse_etl.diff import DIFFERENCE, Scope
from reverse_etl.mapping import Mapping
from reverse_etl.payload import key_text, payload
from warehouse.engines import Warehouse
from warehouse.system_tables import SYNC_ROWS, SYNC_SNAPSHOT

NULL_KEY = "null key"
"""Stands among the operations for rows of the model that have no key."""


def store_rows(warehouse: Warehouse, mapping: Mapping, scope: Scope, operations: Set[str]) -> None:
    """Write the difference to ``weft.sync_rows``, the operations that occur in it.

    Rows to send have positions without gaps from 1 on, removals first, and are stored in that
    order, so that a page of them is a short read.
    """
    # Only what occurs: after an insert of no rows DuckDB 2.0.0 hides a large one that follows in
    # the same transaction from every query until the next checkpoint.
    removed = _store_removals(warehouse, scope) if "remove" in operations else 0
    if operations & {"add", "change"}:
        _store_sends(warehouse, mapping, scope, first=removed + 1)
    if "invalid" in operations:
        _store_invalid(warehouse, mapping, scope)
    if NULL_KEY in operations:
        _store_null_keys(warehouse, mapping, scope)
    if "leave" in operations:
        _store_leavers(warehouse, scope)


def _store_removals(warehouse: Warehouse, scope: Scope) -> int:
    return warehouse.execute(
        f"""
        insert into {SYNC_ROWS}
            (plan_id, sync, position, key, operation, payload, row_hash, version)
        select ?, ?, row_number() over (order by difference.key), difference.key, operation,
            coalesce(snapshot.payload, sent.payload), difference.row_hash, difference.version
        from {DIFFERENCE} as difference
        left join (
            select key, payload from {SYNC_SNAPSHOT}
            where sync = ? and account = ? and not removed
        ) as snapshot on snapshot.key = difference.key
        left join (
            select plan_id, key, payload from {SYNC_ROWS}
            where sync = ? and plan_id in (select open_plan_id from {DIFFERENCE})
        ) as sent on sent.plan_id = difference.open_plan_id and sent.key = difference.key
        where operation = 'remove'
        """,
        [scope.plan_id, scope.sync, scope.sync, scope.account, scope.sync],
    )


def _store_sends(warehouse: Warehouse, mapping: Mapping, scope: Scope, first: int) -> None:
    warehouse.execute(
        f"""
        insert into {SYNC_ROWS}
            (plan_id, sync, position, key, operation, payload, row_hash, version)
        select ?, ?, row_number() over (order by difference.key) + {first - 1}, difference.key,
            difference.operation, {payload(mapping, "source")}, difference.row_hash,
            difference.version
        from {mapping.relation} as source
        join {DIFFERENCE} as difference on difference.key = {key_text(mapping, "source")}
        where difference.operation in ('add', 'change')
        """,
        [scope.plan_id, scope.sync],
    )


def _store_invalid(warehouse: Warehouse, mapping: Mapping, scope: Scope) -> None:
    warehouse.execute(
        f"""
        insert into {SYNC_ROWS} (plan_id, sync, key, operation, payload, reason)
        select ?, ?, difference.key, 'invalid', {payload(mapping, "source")}, difference.reason
        from {mapping.relation} as source
        join {DIFFERENCE} as difference on difference.key = {key_text(mapping, "source")}
        where difference.operation = 'invalid'
        """,
        [scope.plan_id, scope.sync],
    )


def _store_null_keys(warehouse: Warehouse, mapping: Mapping, scope: Scope) -> None:
    warehouse.execute(
        f"""
        insert into {SYNC_ROWS} (plan_id, sync, operation, payload, reason)
        select ?, ?, 'invalid', {payload(mapping, "source")}, 'invalid_null_key'
        from {mapping.relation} as source
        where {key_text(mapping, "source")} is null
        """,
        [scope.plan_id, scope.sync],
    )


def _store_leavers(warehouse: Warehouse, scope: Scope) -> None:
    warehouse.execute(
        f"""
        insert into {SYNC_ROWS} (plan_id, sync, key, operation, version)
        select ?, ?, key, operation, version from {DIFFERENCE} where operation = 'leave'
        """,
        [scope.plan_id, scope.sync],
    )
