"""Events that are to land: each with its table's number, and its context read."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from loaders.batches import ContextLeaf
from loaders.envelopes import ARRIVED, DUPLICATES
from loaders.naming import CALL_TABLES, column_name, snake_case, table_name
from loaders.structure import Path, extract, find_like_paths

FRESH = "weft_fresh"
"""The parser's table of valid events that have not landed before."""

CALL_TYPES = ("track", "identify", "page", "screen", "group", "alias")
"""Types of events, in the order of CALL_TABLES."""

_ROWS = f"{ARRIVED} anti join {DUPLICATES} using (number) where reason is null"


@dataclass(frozen=True)
class EventTable:
    """A landed table that fresh events have rows for. Their ``table_number`` is ``number``."""

    number: int
    name: str
    type: str


def make_fresh(
    parser: duckdb.DuckDBPyConnection,
) -> tuple[list[EventTable], list[ContextLeaf]]:
    """Fill FRESH; the tables its events go to beside ``tracks``, and the values of contexts.

    Raises DocumentTooDeepError when a document is nested deeper than 128 levels.
    """
    paths = [
        path
        for path in find_like_paths(parser, "context", _ROWS)
        if path.holds_value and column_name(path.keys)
    ]
    names, tables = _name_events(parser)
    parser.register("weft_event_names", names)
    try:
        parser.execute(_fresh_sql(paths))
    finally:
        parser.unregister("weft_event_names")
    numbers = {
        row[0] for row in parser.execute(f"select distinct table_number from {FRESH}").fetchall()
    }
    calls = [
        EventTable(number, name, type_)
        for number, (name, type_) in enumerate(zip(CALL_TABLES, CALL_TYPES, strict=True))
        if number in numbers and type_ != "track"
    ]
    return [*calls, *tables], [ContextLeaf(path, f"c{index}") for index, path in enumerate(paths)]


def _name_events(parser: duckdb.DuckDBPyConnection) -> tuple[pa.Table, list[EventTable]]:
    """What the names of track calls become. A name without a letter has no table of its own."""
    found = parser.execute(f"""
        select distinct event, json_extract_string(event, '$') as event_text
        from {ARRIVED} anti join {DUPLICATES} using (number)
        where reason is null and type = 'track'
        order by event
    """).fetchall()
    numbers: dict[str, int] = {}
    rows = []
    for event, text in found:
        table = table_name(text)
        number = numbers.setdefault(table, len(CALL_TYPES) + len(numbers)) if table else 0
        rows.append(
            {
                "event": event,
                "event_text": text,
                "event_name": snake_case(text),
                "table_number": number,
            }
        )
    schema = pa.schema(
        [
            ("event", pa.string()),
            ("event_text", pa.string()),
            ("event_name", pa.string()),
            ("table_number", pa.int32()),
        ]
    )
    tables = [EventTable(number, name, "track") for name, number in numbers.items()]
    return pa.Table.from_pylist(rows, schema=schema), tables


def _fresh_sql(paths: Sequence[Path]) -> str:
    texts, values = extract("context", paths, "leaves")
    columns = "".join(f", {value} as c{index}" for index, value in enumerate(values))
    cases = " ".join(
        f"when '{type_}' then {number}"
        for number, type_ in enumerate(CALL_TYPES)
        if type_ != "track"
    )
    return f"""
        create or replace temp table {FRESH} as
        with rows as (
            select
                arrived.*, event_text, event_name, table_number,
                {texts} as leaves
            from (select * from {_ROWS}) as arrived
            left join weft_event_names using (event)
        )
        select
            file, id, type, anonymous_id, user_id, group_id, previous_id, name, category,
            event_text, event_name, sent_at, original_timestamp, timestamp, received_at,
            case when type in ('identify', 'group', 'alias') then traits else properties end
                as document,
            case type {cases} else table_number end as table_number
            {columns}
        from rows
        order by table_number
    """
