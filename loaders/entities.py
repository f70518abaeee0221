"""``users`` and ``accounts``: per column the latest value that is not null, by time received."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from loaders.catalog import BIGINT, TIMESTAMP, VARCHAR
from loaders.columns import Column
from loaders.landing import Load
from loaders.staging import staged_ids
from loaders.values import nth_given
from warehouse.engines import Table, Warehouse, quote

_CHANGES = "weft_changes"
_LATE = "weft_late"
_STORED = "weft_stored"
_HISTORY = "weft_history"
TEMPORARY = (_CHANGES, _LATE)
"""The parser's tables that ``update`` leaves behind."""

_OWN = frozenset(("id", "received_at", "load_id", "uuid_ts", "loaded_at"))


@dataclass(frozen=True)
class Entity:
    """A table of latest values, the table of its events, and the column of these that is its id.

    ``times`` are the columns of times it keeps beside ``received_at``.
    """

    name: str
    events: str
    key: str
    times: tuple[str, ...]
    has_context: bool


USERS = Entity(
    "users", "identifies", "user_id", ("sent_at", "original_timestamp", "timestamp"), True
)
ACCOUNTS = Entity("accounts", "groups", "group_id", (), False)


ENTITIES = {one.name: one for one in (USERS, ACCOUNTS)}
"""The tables of latest values by name."""


def entity_types(entity: Entity) -> list[tuple[str, str]]:
    """Columns, by name and type, that the table has whatever lands."""
    return _all_columns([Column(name, TIMESTAMP, name) for name in entity.times])


def update(load: Load, entity: Entity, rows: str, columns: Sequence[Column]) -> None:
    """Bring the entities of a batch to their latest values.

    ``rows`` is the batch, landed already; ``columns`` its columns as they landed. Where an event
    of the batch was received before what an entity already shows, all events of that entity are
    read again, so that files may land in any order.
    """
    warehouse, parser = load.warehouse, load.warehouse.parser
    columns = [one for one in columns if entity.has_context or not _is_context(one)]
    latest = [*(Column(name, TIMESTAMP, name) for name in entity.times), *columns]
    values = {one.name: one.value for one in latest}
    parser.execute(_changes_sql(rows, entity.key, values, load.load_id))
    table = Table(load.source, entity.name)
    existing = load.catalog.columns(entity.name)
    load.catalog.evolve(entity.name, _all_columns(latest))
    # What this batch does not carry must survive with the rest of its row.
    kept = [name for name in existing if name not in values and name not in _OWN]
    names = ", ".join(map(quote, [*values, *kept]))
    stored = _take_stored(warehouse, table, names)
    parser.register(_STORED, stored)
    history = _late_history(load, entity, names)
    parser.register(_HISTORY, history)
    columns_in_order = ["id", "received_at", "load_id", *values, *kept, "uuid_ts", "loaded_at"]
    merged = _merged_sql(entity, list(values), kept, load.load_time)
    try:
        warehouse.insert_parsed(
            table,
            columns_in_order,
            _within_row(
                merged,
                columns_in_order,
                [*(one.name for one in columns), *kept],
                load.rules.most_values,
            ),
        )
    finally:
        parser.unregister(_STORED)
        parser.unregister(_HISTORY)


def _within_row(rows: str, columns: Sequence[str], values: Sequence[str], most: int) -> str:
    """Rows with no more than ``most`` values each, those of contexts last.

    The others stay where they landed with their events.
    """
    if len(values) <= most:
        return rows
    ordered = sorted(values, key=lambda name: (name.startswith("context_"), name))
    last = nth_given([quote(name) for name in ordered], most)
    held = ", ".join(
        f"case when last_held is null or last_held >= {place} then {quote(name)} end"
        f" as {quote(name)}"
        for place, name in enumerate(ordered[most:], start=most + 1)
    )
    names = ", ".join(map(quote, columns))
    return f"""
        select * exclude (last_held) replace ({held})
        from (select *, {last} as last_held from ({rows}) as merged({names}))
    """


def _is_context(column: Column) -> bool:
    return column.name.startswith("context_")


def _all_columns(latest: Sequence[Column]) -> list[tuple[str, str]]:
    return [
        ("id", VARCHAR),
        ("received_at", TIMESTAMP),
        *((one.name, one.type) for one in latest),
        ("load_id", BIGINT),
        ("uuid_ts", TIMESTAMP),
        ("loaded_at", TIMESTAMP),
    ]


def _take_stored(warehouse: Warehouse, table: Table, names: str) -> pa.Table:
    """The stored rows of the entities that change, out of their table."""
    with staged_ids(warehouse, f"select id from {_CHANGES}") as ids:
        is_changed = f"id in (select id from {ids})"
        stored = warehouse.arrow(f"select id, received_at, {names} from {table} where {is_changed}")
        warehouse.execute(f"delete from {table} where {is_changed}")
    return stored


def _late_history(load: Load, entity: Entity, names: str) -> pa.Table:
    """All events of the entities whose stored row is not older than an event of the batch."""
    warehouse, events = load.warehouse, Table(load.source, entity.events)
    warehouse.parser.execute(f"""
        create or replace temp table {_LATE} as
        select id
        from {_CHANGES} as changed join {_STORED} as stored using (id)
        where changed.first_received_at <= stored.received_at
    """)
    with staged_ids(warehouse, f"select id from {_LATE}") as ids:
        return warehouse.arrow(f"""
            select id, {entity.key}, received_at, load_id, {names}
            from {events}
            where {entity.key} in (select id from {ids})
        """)


def _changes_sql(rows: str, key: str, values: Mapping[str, str], load_id: str) -> str:
    return f"create or replace temp table {_CHANGES} as {_latest_sql(rows, key, values, load_id)}"


def _latest_sql(rows: str, key: str, values: Mapping[str, str], load_id: str) -> str:
    typed = "".join(f", {value} as {quote(name)}" for name, value in values.items())
    latest = "".join(f", arg_max({quote(name)}, place) as {quote(name)}" for name in values)
    return f"""
        with ranked as (
            select
                {key} as entity_id,
                received_at,
                {load_id} as load_id,
                row_number() over (order by received_at, id) as place
                {typed}
            from {rows}
            where {key} is not null
        )
        select
            entity_id as id,
            max(received_at) as received_at,
            min(received_at) as first_received_at,
            max(load_id) as load_id
            {latest}
        from ranked
        group by entity_id
    """


def _merged_sql(entity: Entity, changed: Sequence[str], kept: Sequence[str], load_time: str) -> str:
    merged = "".join(f", coalesce(changed.{name}, stored.{name})" for name in map(quote, changed))
    merged += "".join(f", stored.{name}" for name in map(quote, kept))
    quoted = {name: quote(name) for name in (*changed, *kept)}
    again = "".join(f", {name}" for name in quoted.values())
    history = _latest_sql(_HISTORY, entity.key, quoted, "load_id")
    return f"""
        select
            id,
            changed.received_at,
            load_id
            {merged},
            {load_time},
            {load_time}
        from {_CHANGES} as changed left join {_STORED} as stored using (id)
        where id not in (select id from {_LATE})
        union all
        select id, received_at, load_id {again}, {load_time}, {load_time} from ({history})
    """
