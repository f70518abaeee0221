"""Every row of the warehouse that tells of a person: found, counted, deleted.

Landed tables are looked at by event id and by their columns of identifiers; tables of the dbt
project by profile id, identifier id, event id and identifier; weft's own tables by key and by what
their payloads quote.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reverse_etl.forget.person import PERSON
from warehouse.engines import Table, Warehouse, literal, quote
from warehouse.manifest import Manifest
from warehouse.system_tables import (
    BLOCKED,
    DISCARDS,
    LOADS,
    REJECTS,
    RUNS,
    SYNC_ATTEMPTS,
    SYNC_PLANS,
    SYNC_ROWS,
    SYNC_SNAPSHOT,
    VIOLATIONS,
)

_NO_TABLES = frozenset({"view", "ephemeral"})
_EVENT_COLUMNS = frozenset({"event_id", "message_id"})
_CLEARED = {RUNS: "figures", SYNC_PLANS: "selection"}
_ID_ENDINGS = ("_id", "_1", "_2", "merged_into")
_VALUE_COLUMNS = frozenset({"identifier_value", "value"})
_HUNG_TOGETHER = frozenset(
    {"tree_id", "piece_id", "cut_from_id", "profile_id", "previous_profile_id"}
)


@dataclass(frozen=True)
class Trace:
    """Rows of a table that tell of the person, as a condition in SQL."""

    table: Table
    condition: str


def find_traces(
    warehouse: Warehouse, manifest: Manifest, types: tuple[str, ...]
) -> Iterator[Trace]:
    """Where the person in the temporary table may have left traces, weft's ledgers aside."""
    rows = warehouse.rows(f"select distinct source from {LOADS} order by source")
    for row in rows:
        yield from _landed(warehouse, row["source"], types)
    yield from _modelled(warehouse, manifest, types)
    yield Trace(REJECTS, quotes("raw"))
    yield Trace(DISCARDS, f"row_id in {_events()} or lower(trim(column_value)) in {_values(None)}")
    yield Trace(VIOLATIONS, f"event_id in {_events()}")
    yield Trace(BLOCKED, f"event_id in {_events()} or {quotes('payload')}")
    for table, column in _CLEARED.items():
        yield Trace(table, quotes(column))


def ledger_traces(sync_keys: Mapping[str, str]) -> Iterator[Trace]:
    """The same in what syncs keep; ``sync_keys`` gives each sync the condition on its keys."""
    for table in (SYNC_SNAPSHOT, SYNC_ROWS):
        yield Trace(table, f"{_by_sync(sync_keys)} or {quotes('payload')}")
    yield Trace(SYNC_ATTEMPTS, f"{_by_sync(sync_keys)} or {quotes('message')}")


def key_condition(key: tuple[str, ...]) -> str:
    """SQL that is true for keys of the person, given the columns that make the key of a sync."""
    if len(key) > 1:
        return quotes("key")
    column = key[0]
    if column.endswith("profile_id"):
        return f"key in {_ids()}"
    return f"(lower(trim(key)) in {_values(column)} or key in {_ids()} or {_is_address('key')})"


def count(warehouse: Warehouse, trace: Trace) -> int:
    """How many rows a trace has."""
    sql = f"select count(*) as rows from {trace.table} where {trace.condition}"
    return int(warehouse.value(sql))


def delete(warehouse: Warehouse, trace: Trace) -> int:
    """Delete a trace; how many rows it had. Of runs and plans only what quotes the person goes."""
    if trace.table in _CLEARED:
        column = _CLEARED[trace.table]
        return warehouse.execute(
            f"update {trace.table} set {column} = null where {trace.condition}"
        )
    return warehouse.execute(f"delete from {trace.table} where {trace.condition}")


def _landed(warehouse: Warehouse, source: str, types: tuple[str, ...]) -> Iterator[Trace]:
    views = {row["name"] for row in _views(warehouse, source)}
    for name, columns in warehouse.schema_columns(source).items():
        if name in views:
            continue
        conditions = []
        if "id" in columns:
            conditions.append(f"id in {_events(source)}")
        if name == "users":
            conditions.append(f"lower(trim(cast(id as varchar))) in {_values('user_id')}")
        conditions += _identifier_columns(columns, types)
        if conditions:
            yield Trace(Table(source, name), " or ".join(conditions))


def _views(warehouse: Warehouse, schema: str) -> list[dict[str, str]]:
    return warehouse.rows(
        "select table_name as name from information_schema.tables"
        " where table_schema = ? and table_type = 'VIEW' order by table_name",
        [schema],
    )


def _modelled(warehouse: Warehouse, manifest: Manifest, types: tuple[str, ...]) -> Iterator[Trace]:
    """Tables of dbt models: an id that is a hash is no one else's, in whatever column it stands."""
    models = [model.table for model in manifest.models() if model.materialization not in _NO_TABLES]
    for schema in sorted({table.schema for table in models}):
        names = {table.name for table in models if table.schema == schema}
        views = {row["name"] for row in _views(warehouse, schema)}
        for name, columns in sorted(warehouse.schema_columns(schema).items()):
            # What a model keeps beside its table bears its name too: cells, conditions, leftovers.
            parts = name.split("__")
            owners = {"__".join(parts[: end + 1]) for end in range(len(parts))}
            if name in views or not names & owners:
                continue
            conditions = [*_own_columns(columns), *_identifier_columns(columns, types)]
            if conditions:
                yield Trace(Table(schema, name), " or ".join(conditions))


def _own_columns(columns: Mapping[str, str]) -> Iterator[str]:
    """Conditions on the ids of a model's table.

    A row of one identifier tells of that one: other ids in it say what it hangs together with, and
    a profile id that someone else bears after a split would be lost with it.
    """
    if "identifier_id" in columns:
        columns = {name: columns[name] for name in columns if name not in _HUNG_TOGETHER}
    for name, data_type in columns.items():
        column = f"cast({quote(name)} as varchar)"
        if name in _EVENT_COLUMNS:
            yield _is_event(column, columns)
        elif name in _VALUE_COLUMNS and "identifier_type" in columns:
            yield (
                f"exists (select 1 from {PERSON} as person where person.kind = 'value'"
                f" and person.type = identifier_type and person.value = lower(trim({column})))"
            )
        elif data_type in ("VARCHAR", "UUID", "HUGEINT") and name.endswith(_ID_ENDINGS):
            yield f"{column} in {_ids()}"
        elif data_type == "VARCHAR" and "identifier_id" not in columns:
            yield _is_address(quote(name))


def _is_event(column: str, columns: Mapping[str, str]) -> str:
    """Message ids tell events of one source apart, and rows of a model are numbered anyhow."""
    if "source" not in columns:
        return f"{column} in {_events()}"
    return (
        f"exists (select 1 from {PERSON} as person where person.kind = 'event'"
        f" and person.type = source and person.value = {column})"
    )


def _identifier_columns(columns: Mapping[str, str], types: tuple[str, ...]) -> Iterator[str]:
    for kind in types:
        for name in (kind, f"traits_{kind}", f"context_traits_{kind}"):
            if name in columns:
                yield f"lower(trim(cast({quote(name)} as varchar))) in {_values(kind)}"
    if "previous_id" in columns:
        yield f"lower(trim(cast(previous_id as varchar))) in {_values(None)}"


def _by_sync(sync_keys: Mapping[str, str]) -> str:
    branches = " ".join(
        f"when {literal(sync)} then {condition}" for sync, condition in sync_keys.items()
    )
    other = f"({_is_address('key')} or key in {_ids()})"
    return f"(case sync {branches} else {other} end)" if branches else other


def quotes(column: str) -> str:
    """Whether a JSON text holds one of the person's identifiers or profile ids as a value."""
    return (
        f"exists (select 1 from {PERSON} as person where person.kind in ('value', 'id')"
        f" and contains(lower({column}), '\"' || lower(person.value) || '\"'))"
    )


def _is_address(column: str) -> str:
    """Whether a text is one of the person's e-mail addresses, which are nobody else's."""
    return (
        f"lower(trim({column})) in"
        f" (select value from {PERSON} where kind = 'value' and contains(value, '@'))"
    )


def _ids() -> str:
    return f"(select value from {PERSON} where kind = 'id')"


def _events(source: str | None = None) -> str:
    of_source = f" and type = {literal(source)}" if source else ""
    return f"(select value from {PERSON} where kind = 'event'{of_source})"


def _values(kind: str | None) -> str:
    of_type = f" and type = {literal(kind)}" if kind else ""
    return f"(select value from {PERSON} where kind = 'value'{of_type})"
