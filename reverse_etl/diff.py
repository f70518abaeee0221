"""The difference between a model and what its destination has acknowledged, as SQL.

Every statement runs over whole tables in the warehouse; no row passes through Python. The
difference lies in a temporary table while a plan is made: one row per key that is to be sent, is
invalid, was rejected before with the same values, or leaves without a request.
"""

from dataclasses import dataclass

from reverse_etl.mapping import Mapping
from reverse_etl.payload import key_text, row_hash
from reverse_etl.syncs import Mode
from warehouse.engines import Warehouse, quote
from warehouse.system_tables import SYNC_ATTEMPTS, SYNC_PLANS, SYNC_SNAPSHOT

DIFFERENCE = quote("weft_difference")

# An error of the server may come after it has applied the request.
_IN_DOUBT = "(outcome = 'unknown' or coalesce(http_status, 0) >= 500)"
_REMOVING = ("mirror", "audience")
# What a key of the source becomes, by mode: when it is new, when its values differ.
_OPERATIONS: dict[Mode, tuple[str, str | None]] = {
    "upsert": ("add", "change"),
    "mirror": ("add", "change"),
    "update": ("change", "change"),
    "create": ("add", None),
    "audience": ("add", None),
    "append": ("add", None),
}


@dataclass(frozen=True)
class Scope:
    """Which part of the ledger and the snapshot belongs to a plan."""

    plan_id: str
    sync: str
    account: str


def compute_difference(warehouse: Warehouse, mapping: Mapping, mode: Mode, scope: Scope) -> None:
    """Fill the temporary table with one row per key that differs.

    Columns: key, operation, reason, row_hash, version, in_source, open_plan_id (the plan in which
    the key was last sent without a known outcome).
    """
    warehouse.execute(
        f"create or replace temporary table {DIFFERENCE} as {_difference(mapping, mode)}",
        [
            *(scope.sync, scope.account, scope.sync),
            *(scope.sync, scope.account),
        ],
    )


def drop_difference(warehouse: Warehouse) -> None:
    """Remove the temporary table."""
    warehouse.execute(f"drop table {DIFFERENCE}")


def count_difference(warehouse: Warehouse) -> dict[tuple[str, bool], int]:
    """How many keys there are of each operation, in the model and not (or not once) in it."""
    rows = warehouse.rows(
        f"select operation, in_source, count(*) as keys from {DIFFERENCE} group by all"
    )
    return {(row["operation"], row["in_source"]): row["keys"] for row in rows}


def _difference(mapping: Mapping, mode: Mode) -> str:
    return f"""
    with troubled as ({_troubled()}),
    -- looked for apart, so that only the few keys that differ are gathered below
    duplicates as (
        select {key_text(mapping, "source")} as key from {mapping.table} as source
        group by 1 having count(*) > 1
    ),
    differing as (
        select coalesce(source.key, snapshot.key) as key, source.key is not null as in_source,
            source.row_hash as source_hash, snapshot.row_hash as acknowledged_hash,
            snapshot.version, snapshot.removed
        from (
            select {key_text(mapping, "source")} as key, {row_hash(mapping, "source")} as row_hash
            from {mapping.table} as source
        ) as source
        full outer join (
            select key, row_hash, version, removed from {SYNC_SNAPSHOT}
            where sync = ? and account = ?
        ) as snapshot on snapshot.key = source.key
        where source.row_hash is distinct from snapshot.row_hash
            or snapshot.removed
            or snapshot.key is null
            or source.key in (select key from duplicates)
            or coalesce(source.key, snapshot.key) in (select key from troubled)
    ),
    gathered as (
        select key, sum(case when in_source then 1 else 0 end) as copies,
            max(source_hash) as source_hash, max(acknowledged_hash) as acknowledged_hash,
            coalesce(max(version), 0) as version,
            count(version) > 0 and not bool_or(removed) as acknowledged,
            coalesce(bool_or(removed), false) as tombstone
        from differing
        where key is not null
        group by key
    ),
    known as (
        select gathered.*, rejected_operation, rejected_hash, open_operation, open_hash,
            open_plan_id
        from gathered left join troubled on troubled.key = gathered.key
        union all
        -- sent without a known outcome, then gone from the model before it was ever acknowledged
        select troubled.key, 0, null, null, 0, false, false, rejected_operation, rejected_hash,
            open_operation, open_hash, open_plan_id
        from troubled left join gathered on gathered.key = troubled.key
        where gathered.key is null and open_operation is not null
    ),
    decided as (
        select *, {_operation(mode)} as operation,
            case when copies > 0 then source_hash when acknowledged then acknowledged_hash
                else open_hash end as row_hash
        from known
    )
    select key, copies = 1 as in_source, version, row_hash,
        open_plan_id,
        case when copies > 1 then 'invalid_duplicate_key'
            when operation = 'invalid' then 'invalid_mapping' end as reason,
        case when operation = rejected_operation and row_hash = rejected_hash then 'rejected'
            else operation end as operation
    from decided
    where operation is not null
    """


def _operation(mode: Mode) -> str:
    new, differing = _OPERATIONS[mode]
    change = f"'{differing}'" if differing else "null"
    returner = "null" if mode == "append" else f"'{new}'"
    leaver = "'remove'" if mode in _REMOVING else "null" if mode == "append" else "'leave'"
    unconfirmed = "'remove'" if mode in _REMOVING else "null"
    return f"""
        case
            when copies > 1 or (copies = 1 and source_hash is null) then 'invalid'
            when copies = 1 and tombstone then {returner}
            when copies = 1 and not acknowledged then '{new}'
            -- a removal that may have been applied is taken back
            when copies = 1 and open_operation = 'remove' then '{new}'
            when copies = 1 and source_hash <> acknowledged_hash then {change}
            -- other values may have been applied since
            when copies = 1 and open_operation is not null then {change}
            when copies = 1 then null
            when acknowledged then {leaver}
            when open_operation is not null then {unconfirmed}
        end
    """


def _troubled() -> str:
    """Keys last rejected, and keys sent without a known outcome since they last succeeded."""
    return f"""
        select key,
            max(case when recency = 1 and outcome = 'rejected' then operation end)
                as rejected_operation,
            max(case when recency = 1 and outcome = 'rejected' then row_hash end)
                as rejected_hash,
            max(case when is_open then operation end) as open_operation,
            max(case when is_open then row_hash end) as open_hash,
            max(case when is_open then plan_id end) as open_plan_id
        from (
            select *, in_doubt and recency_of_doubt = 1
                and (succeeded_at is null or succeeded_at < attempted_at) as is_open
            from (
                select attempts.key, attempts.operation, row_hash, outcome, attempted_at,
                    attempts.plan_id, {_IN_DOUBT} as in_doubt,
                    max(case when outcome = 'succeeded' then attempted_at end)
                        over (partition by attempts.key) as succeeded_at,
                    row_number() over (
                        partition by attempts.key order by attempted_at desc, attempt desc
                    ) as recency,
                    row_number() over (
                        partition by attempts.key, {_IN_DOUBT}
                        order by attempted_at desc, attempt desc
                    ) as recency_of_doubt
                from {SYNC_ATTEMPTS} as attempts
                join {SYNC_PLANS} as plans on plans.plan_id = attempts.plan_id
                where attempts.sync = ? and plans.account = ? and outcome <> 'intent'
                    and attempts.key in (
                        select key from {SYNC_ATTEMPTS}
                        where sync = ? and (outcome = 'rejected' or {_IN_DOUBT})
                    )
            ) as ranked
        ) as judged
        group by key
        having max(case when is_open or (recency = 1 and outcome = 'rejected') then 1 end) = 1
    """
