"""Events that are to land: each with its table's number, and its context read."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from loaders.batches import ContextLeaf, Rules, has_slots
from loaders.envelopes import ARRIVED, DUPLICATES, HELD_BACK
from loaders.naming import CALL_TABLES, Naming
from loaders.shapes import find_paths
from loaders.structure import Path, extract
from loaders.values import read_slots

FRESH = "weft_fresh"
"""The parser's table of valid events that have not landed before."""

ODD_CONTEXTS, ODD_DOCUMENTS = "weft_odd_contexts", "weft_odd_documents"
"""The parser's tables of events (by ``number``) that may give a key twice."""

CALL_TYPES = ("track", "identify", "page", "screen", "group", "alias")
"""Types of events, in the order of CALL_TABLES."""

_CALLS = [
    (number, name, type_)
    for number, (name, type_) in enumerate(zip(CALL_TABLES, CALL_TYPES, strict=True))
    if type_ != "track"
]
_ROWS = (
    f"{ARRIVED} anti join {DUPLICATES} using (number) anti join {HELD_BACK} using (number)"
    " where reason is null"
)
_NAMED = f"(from {_ROWS}) as arrived left join weft_event_names using (event)"
_NUMBER = (
    " ".join(["case type", *(f"when '{type_}' then {number}" for number, _, type_ in _CALLS)])
    + " else table_number end"
)
DOCUMENT = "case when type in ('identify', 'group', 'alias') then traits else properties end"
"""SQL over ARRIVED for the document of an event: its traits or its properties."""


@dataclass(frozen=True)
class EventTable:
    """A landed table that fresh events have rows for. Their ``table_number`` is ``number``.

    ``paths`` are those of its documents.
    """

    number: int
    name: str
    type: str
    paths: Sequence[Path]


def make_fresh(
    parser: duckdb.DuckDBPyConnection, rules: Rules
) -> tuple[list[EventTable], list[ContextLeaf]]:
    """Fill FRESH; the tables its events go to beside ``tracks``, and the values of contexts.

    The values of documents are read in the same pass, into the columns ``p0`` and so on;
    where a table needs more of its documents, these are kept whole.

    Raises DocumentTooDeepError when a document is nested deeper than 128 levels.
    """
    context = [
        path
        for path in find_paths(parser, "context", f"(from {_ROWS})", "0", ODD_CONTEXTS).get(0, [])
        if path.holds_value and rules.naming.column_name(path.keys)
    ]
    names, named = _name_events(parser, rules.naming)
    parser.register("weft_event_names", names)
    documents = f"(select number, {DOCUMENT} as document, {_NUMBER} as table_number from {_NAMED})"
    paths = find_paths(parser, "document", documents, "table_number", ODD_DOCUMENTS)
    numbers = _numbers(parser)
    tables = [
        EventTable(number, name, type_, paths.get(number, []))
        for number, name, type_ in (*_CALLS, *named)
        if number in numbers
    ]
    parser.execute(_fresh_sql(context, tables, rules))
    # Not in a finally: after an error the transaction takes the names with it.
    parser.unregister("weft_event_names")
    return tables, [ContextLeaf(path, f"c{index}") for index, path in enumerate(context)]


def _numbers(parser: duckdb.DuckDBPyConnection) -> set[int]:
    found = parser.execute(f"select distinct {_NUMBER} from {_NAMED}").fetchall()
    return {row[0] for row in found}


def _name_events(
    parser: duckdb.DuckDBPyConnection, naming: Naming
) -> tuple[pa.Table, list[tuple[int, str, str]]]:
    """What the names of track calls become. A name without a letter has no table of its own."""
    found = parser.execute(f"""
        select distinct event, json_extract_string(event, '$') as event_text
        from {_ROWS} and type = 'track'
        order by event
    """).fetchall()
    numbers: dict[str, int] = {}
    rows = []
    for event, text in found:
        table = naming.table_name(text)
        number = numbers.setdefault(table, len(CALL_TYPES) + len(numbers)) if table else 0
        rows.append(
            {
                "event": event,
                "event_text": text,
                "event_name": naming.snake_case(text),
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
    tables = [(number, name, "track") for name, number in numbers.items()]
    return pa.Table.from_pylist(rows, schema=schema), tables


def _fresh_sql(context: Sequence[Path], tables: Sequence[EventTable], rules: Rules) -> str:
    texts, values = extract("context", context, "context_leaves")
    columns = "".join(f", {value} as c{index}" for index, value in enumerate(values))
    leaves, slots = read_slots(
        "document",
        {one.number: one.paths for one in tables if has_slots(one.type, one.paths, rules)},
    )
    columns += "".join(f", {value} as p{index}" for index, value in enumerate(slots))
    whole = ", ".join(
        str(one.number) for one in tables if not has_slots(one.type, one.paths, rules)
    )
    document = f"case when table_number in ({whole}) then document end" if whole else "null"
    # Rows of tracks come first: DuckDB writes the row groups of a large insert as they are, and
    # once more at the commit those that do not begin where a group of FRESH begins.
    return f"""
        create or replace temp table {FRESH} as
        with numbered as (
            select
                * exclude (table_number), {_NUMBER} as table_number, {DOCUMENT} as document
            from {_NAMED}
        ),
        rows as (
            select *, {texts} as context_leaves, {leaves} as leaves from numbered
        )
        select
            file, id, type, anonymous_id, user_id, group_id, previous_id, name, category,
            event_text, event_name, sent_at, original_timestamp, timestamp, received_at,
            {document} as document, table_number
            {columns}
        from rows
        order by type = 'track' desc, table_number
    """
