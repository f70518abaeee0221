"""Landed rows as the events they were, as far as their columns tell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loaders.catalog import BOOLEAN, TIMESTAMP, VARCHAR, family
from loaders.naming import SEGMENT, Naming
from loaders.structure import literal
from loaders.tracking_plans.plan import Plan, Schema
from loaders.tracking_plans.schema import DOCUMENTS, document_of
from loaders.tracking_plans.values import Keys
from warehouse.engines import Table, Warehouse, quote

CALLS = {
    "identify": "identifies",
    "group": "groups",
    "page": "pages",
    "screen": "screens",
    "alias": "aliases",
}
"""Types of events, but for track, with the tables of their calls."""

_ENVELOPE = {
    "messageId": "id",
    "anonymousId": "anonymous_id",
    "userId": "user_id",
    "groupId": "group_id",
    "previousId": "previous_id",
    "name": "name",
    "category": "category",
    "event": "event_text",
}
_OWN = frozenset(
    (
        *("id", "anonymous_id", "user_id", "group_id", "previous_id", "name", "category"),
        *("event", "event_text", "received_at", "sent_at", "original_timestamp", "timestamp"),
        *("load_id", "uuid_ts", "loaded_at", "null_traits"),
    )
)


@dataclass(frozen=True)
class LandedEvents:
    """The landed rows of one kind of event. ``columns`` have landed types, by name.

    ``naming`` is the rule by which they got their names.
    """

    call: str
    event: str | None
    table: Table
    columns: Mapping[str, str]
    naming: Naming

    @property
    def rows(self) -> str:
        """SQL for the rows (what follows ``from``), with one parameter if there is an event."""
        return f"{self.table} where event_text = ?" if self.event is not None else str(self.table)

    @property
    def parameters(self) -> list[str]:
        """The parameters of ``rows``."""
        return [] if self.event is None else [self.event]

    @property
    def values(self) -> dict[str, str]:
        """The columns of properties or traits, with their landed types."""
        return {
            name: type_
            for name, type_ in self.columns.items()
            if name not in _OWN and not name.startswith("context_")
        }


def landed_events(
    warehouse: Warehouse, source: str, naming: Naming = SEGMENT
) -> list[LandedEvents]:
    """What has landed of a source: each event name that has a table, then the other calls.

    ``naming`` is the source's rule for names.
    """
    naming = naming.within(warehouse.limits)
    found: list[tuple[str, str | None, str]] = []
    tracks = Table(source, "tracks")
    if warehouse.exists(tracks):
        names = warehouse.rows(f"select distinct event_text from {tracks} order by event_text")
        texts = [row["event_text"] for row in names]
        found += [("track", text, naming.table_name(text) or "tracks") for text in texts if text]
    found += [(call, None, table) for call, table in CALLS.items()]
    return [
        LandedEvents(call, event, table, columns, naming)
        for call, event, name in found
        for table in (Table(source, name),)
        for columns in (_types(warehouse, table),)
        if columns
    ]


def as_arrived(events: LandedEvents, plan: Plan, rows: str, first_number: int) -> str:
    """SQL that makes landed rows the events they were, with the columns that ``judge`` reads.

    ``rows`` is SQL for the rows, in the parser. A planned property is read from the column that
    its path lands in; a column that no planned property has stands for a property of its name.
    """
    numbers = [*plan.versions(events.call, events.event), *plan.common]
    schemas = [plan.rules[number].schema for number in numbers]
    document = document_of(events.call.upper())
    documents = {part: _document(events, schemas, part, part == document) for part in DOCUMENTS}
    envelope = {
        key: f"to_json({quote(column)})"
        for key, column in _ENVELOPE.items()
        if column in events.columns
    }
    message = envelope | {"type": f"to_json({literal(events.call)})"} | documents
    selected = ", ".join(f"{value}::varchar as {name}" for name, value in documents.items())
    event = f"to_json({literal(events.event)})::varchar" if events.event is not None else "null"
    return f"""
        select
            {first_number} + row_number() over () as number, id,
            {literal(events.call)} as type, {event}::varchar as event,
            {selected}, {_object(message)}::varchar as raw
        from {rows}
    """


def _types(warehouse: Warehouse, table: Table) -> dict[str, str]:
    columns = warehouse.columns(table)
    return {name: family(type_) for name, type_ in columns.items()}


def _document(events: LandedEvents, schemas: Sequence[Schema], part: str, is_own: bool) -> str:
    """SQL for a document, null where nothing of it has landed."""
    prefix = ("context",) if part == "context" else ()
    if not (is_own or prefix):
        return "null::json"
    leaves: dict[Keys, Any] = {}
    for schema in schemas:
        leaves |= dict(_leaves((schema.get("properties") or {}).get(part), ()))
    if part == "context":
        leaves.setdefault(("protocols", "event_version"), {})
    tree: dict[str, Any] = {}
    taken: set[str] = set()
    for keys, schema in leaves.items():
        column = events.naming.column_name((*prefix, *keys))
        # The column of a reserved word gets an underscore, those inside the object do not.
        stem = events.naming.snake_case("_".join((*prefix, *keys)))
        below = [name for name in events.columns if name.startswith(f"{stem}_")]
        if column in events.columns:
            taken.add(column)
            _put(tree, keys, _value(column, events.columns[column], _types_of(schema)))
        elif below and "object" in _types_of(schema):
            taken |= set(below)
            inner = {name[len(stem) + 1 :]: _value(name, events.columns[name]) for name in below}
            _put(tree, keys, _object(inner))
    if is_own:
        for name, type_ in events.values.items():
            if name not in taken:
                tree.setdefault(name, _value(name, type_))
    return _nested(tree)


def _leaves(schema: Any, keys: Keys) -> Iterator[tuple[Keys, Any]]:
    """The planned paths that land in columns, with what their schemas say."""
    named = schema.get("properties") if isinstance(schema, dict) else None
    if named:
        for name, inner in named.items():
            yield from _leaves(inner, (*keys, name))
    elif keys:
        yield keys, schema


def _types_of(schema: Any) -> Sequence[str]:
    types = schema.get("type", ()) if isinstance(schema, dict) else ()
    return (types,) if isinstance(types, str) else types


def _value(column: str, type_: str, planned: Sequence[str] = ()) -> str:
    """SQL for the value of a column as JSON. Text may stand for what did not fit another type."""
    name = quote(column)
    if type_ == TIMESTAMP:
        return f"to_json(strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ'))"
    if type_ != VARCHAR or "string" in planned:
        return f"to_json({name})"
    conditions = {
        "array": f"left({name}, 1) = '['",
        "number": f"regexp_full_match({name}, '-?[0-9.]+([eE][+-]?[0-9]+)?')",
        "integer": f"regexp_full_match({name}, '-?[0-9]+')",
        BOOLEAN: f"{name} in ('true', 'false')",
    }
    likely = [condition for kind, condition in conditions.items() if kind in planned]
    if not likely:
        return f"to_json({name})"
    is_json = f"({' or '.join(likely)}) and json_valid({name})"
    return f"case when {is_json} then {name}::json else to_json({name}) end"


def _put(tree: dict[str, Any], keys: Keys, value: str) -> None:
    for key in keys[:-1]:
        inner = tree.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree.setdefault(keys[-1], value)


def _nested(tree: Mapping[str, Any]) -> str:
    return _object(
        {key: value if isinstance(value, str) else _nested(value) for key, value in tree.items()}
    )


def _object(values: Mapping[str, str]) -> str:
    """SQL for a JSON object of the values that are not null, null if there is none."""
    if not values:
        return "null::json"
    pairs = ", ".join(f"{literal(key)}, {value}" for key, value in values.items())
    # A merge patch takes away what is null.
    return f"nullif(json_merge_patch('{{}}', json_object({pairs}))::varchar, '{{}}')::json"
