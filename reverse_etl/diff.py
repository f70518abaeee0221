"""The difference between a model and what its destination has acknowledged, as SQL.

Every statement runs over whole tables in the warehouse; no row passes through Python. The
difference lies in a temporary table while a plan is made: one row per key that is to be sent, is
invalid, was rejected before with the same values, or leaves without a request.
"""

from dataclasses import dataclass

from reverse_etl.destinations.kit.purpose import Mode
from reverse_etl.mapping import Mapping
from reverse_etl.modes import operation_of
from reverse_etl.payload import key_text, row_hash
from reverse_etl.selection import EVERYTHING, Selection
from reverse_etl.troubled import TROUBLED, find_troubled
from warehouse.engines import Warehouse, literal, quote
from warehouse.system_tables import SYNC_SNAPSHOT

DIFFERENCE = quote("weft_difference")
_DIFFERING = quote("weft_differing")
_DUPLICATES = quote("weft_duplicates")


@dataclass(frozen=True)
class Scope:
    """Which part of the ledger and the snapshot belongs to a plan."""

    plan_id: str
    sync: str
    account: str


@dataclass(frozen=True)
class SourceCounts:
    """What a plan compared: rows of the model, those with a key, and keys acknowledged."""

    rows: int
    keyed: int
    acknowledged: int


def compute_difference(
    warehouse: Warehouse,
    mapping: Mapping,
    mode: Mode,
    scope: Scope,
    selection: Selection = EVERYTHING,
    *,
    never_repeats: bool = False,
) -> SourceCounts:
    """Fill the temporary table with one row per key that differs; how many rows were compared.

    With ``never_repeats`` a key that was sent without a known outcome counts as rejected.

    Columns: key, operation, reason, row_hash, version, in_source, open_plan_id (the plan in which
    the key was last sent without a known outcome).
    """
    troubled = find_troubled(warehouse, scope.sync, scope.account)
    _join(warehouse, mapping, scope, selection, troubled=troubled, duplicates=False)
    counts = _count_joined(warehouse, mapping, scope, selection)
    if not selection.resync and counts["hides_duplicates"]:
        warehouse.execute(
            f"create or replace temporary table {_DUPLICATES} as"
            f" select {key_text(mapping, 'source')} as key from {mapping.relation} as source"
            " group by 1 having count(*) > 1"
        )
        _join(warehouse, mapping, scope, selection, troubled=troubled, duplicates=True)
        warehouse.execute(f"drop table {_DUPLICATES}")
    warehouse.execute(
        f"create or replace temporary table {DIFFERENCE} as"
        f" {_difference(mode, selection, never_repeats=never_repeats)}"
    )
    for table in (_DIFFERING, TROUBLED):
        warehouse.execute(f"drop table {table}")
    return SourceCounts(counts["source_rows"], counts["source_keys"], counts["acknowledged"])


def drop_difference(warehouse: Warehouse) -> None:
    """Remove the temporary table."""
    warehouse.execute(f"drop table {DIFFERENCE}")


def count_difference(warehouse: Warehouse) -> dict[tuple[str, bool], int]:
    """How many keys there are of each operation, in the model and not (or not once) in it."""
    rows = warehouse.rows(
        f"select operation, in_source, count(*) as keys from {DIFFERENCE} group by all"
    )
    return {(row["operation"], row["in_source"]): row["keys"] for row in rows}


def source_rows(mapping: Mapping, selection: Selection, columns: str) -> str:
    """The rows of the model that a plan looks at, as SQL to stand after ``from``."""
    rows = f"select {columns} from {mapping.relation} as source"
    if selection.keys is not None:
        rows += f" where {_among(key_text(mapping, 'source'), selection)}"
    return f"({rows})"


def _join(
    warehouse: Warehouse,
    mapping: Mapping,
    scope: Scope,
    selection: Selection,
    *,
    troubled: bool,
    duplicates: bool,
) -> None:
    """Fill the table of rows that differ: one per row of the model, and one per key that left."""
    source = source_rows(
        mapping,
        selection,
        f"{key_text(mapping, 'source')} as key, {row_hash(mapping, 'source')} as row_hash",
    )
    conditions = [
        "source.row_hash is distinct from snapshot.row_hash",
        "snapshot.removed",
        "snapshot.key is null",
    ]
    # Named only where there are any: a look-up per row of the model costs.
    if duplicates:
        conditions.append(f"source.key in (select key from {_DUPLICATES})")
    if troubled:
        conditions.append(f"coalesce(source.key, snapshot.key) in (select key from {TROUBLED})")
    warehouse.execute(
        f"""
        create or replace temporary table {_DIFFERING} as
        select coalesce(source.key, snapshot.key) as key, source.key is not null as in_source,
            source.row_hash as source_hash, snapshot.row_hash as acknowledged_hash,
            snapshot.version, snapshot.removed
        from {source} as source
        full outer join (
            select key, row_hash, version, removed from {SYNC_SNAPSHOT}
            where sync = ? and account = ? and {_among("key", selection)}
        ) as snapshot on snapshot.key = source.key
        where {"true" if selection.resync or selection.withdraws else " or ".join(conditions)}
        """,
        [scope.sync, scope.account],
    )


def _count_joined(
    warehouse: Warehouse, mapping: Mapping, scope: Scope, selection: Selection
) -> dict[str, int]:
    """What was compared, and whether ``hides_duplicates``.

    It does when a key with several rows was left out because one of them is as acknowledged: of
    keys that occur once, as many rows of the model as of the snapshot were left out.
    """
    source = source_rows(mapping, selection, f"{key_text(mapping, 'source')} as key")
    [counts] = warehouse.rows(
        f"""
        select source_rows, source_keys, acknowledged,
            source_keys - differing_rows <> snapshot_rows - differing_keys as hides_duplicates
        from (select count(*) as source_rows, count(key) as source_keys from {source} as source)
        cross join (
            select count(case when {_among("key", selection)} then 1 end) as snapshot_rows,
                count(case when not removed then 1 end) as acknowledged
            from {SYNC_SNAPSHOT} where sync = ? and account = ?
        )
        cross join (
            select count(case when in_source then key end) as differing_rows,
                count(distinct case when version is not null then key end) as differing_keys
            from {_DIFFERING}
        )
        """,
        [scope.sync, scope.account],
    )
    return counts


def _among(expression: str, selection: Selection) -> str:
    if selection.keys is None:
        return "true"
    keys = ", ".join(literal(key) for key in selection.keys)
    return f"{expression} in ({keys})" if keys else "false"


def _difference(mode: Mode, selection: Selection, *, never_repeats: bool) -> str:
    held = "open_operation is not null" if never_repeats else "false"
    return f"""
    with gathered as (
        select key, sum(case when in_source then 1 else 0 end) as copies,
            max(source_hash) as source_hash, max(acknowledged_hash) as acknowledged_hash,
            coalesce(max(version), 0) as version,
            count(version) > 0 and not bool_or(removed) as acknowledged,
            coalesce(bool_or(removed), false) as tombstone
        from {_DIFFERING}
        where key is not null
        group by key
    ),
    known as (
        select gathered.*, rejected_operation, rejected_hash, open_operation, open_hash,
            open_plan_id
        from gathered left join {TROUBLED} as troubled on troubled.key = gathered.key
        union all
        -- sent without a known outcome, then gone from the model before it was ever acknowledged
        select troubled.key, 0, null, null, 0, false, false, rejected_operation, rejected_hash,
            open_operation, open_hash, open_plan_id
        from {TROUBLED} as troubled left join gathered on gathered.key = troubled.key
        where gathered.key is null and open_operation is not null
            and {_among("troubled.key", selection)}
    ),
    decided as (
        select *, {operation_of(mode, selection)} as operation,
            case when copies > 0 then source_hash when acknowledged then acknowledged_hash
                else open_hash end as row_hash
        from known
    ),
    judged as (
        select *, coalesce(operation = rejected_operation and row_hash = rejected_hash, false)
            or {held} as was_rejected
        from decided where operation is not null
    )
    select key, copies = 1 as in_source, version, row_hash,
        open_plan_id,
        case when copies > 1 then 'invalid_duplicate_key'
            when operation = 'invalid' then 'invalid_mapping' end as reason,
        case when was_rejected and not {_retries(selection)} then 'rejected'
            else operation end as operation
    from judged
    where {"was_rejected" if selection.retry_rejected else "true"}
    """


def _retries(selection: Selection) -> str:
    return "true" if selection.retry_rejected or selection.resync else "false"
