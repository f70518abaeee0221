"""Keys that an object gives twice: the first value lands, the others become discards."""

from collections.abc import Sequence

import pyarrow as pa

from loaders.envelopes import ARRIVED
from loaders.fresh import DOCUMENT, FRESH, ODD_CONTEXTS, ODD_DOCUMENTS, EventTable
from loaders.landing import Load, keep_discards
from loaders.naming import Naming
from loaders.structure import literal

REASON = "given twice"
"""The reason of such a discard."""

REPEATED = "weft_repeated"
"""The parser's table of values that stand where an earlier one does: ``number``, ``in_context``,
``keys``, ``value``."""

_NAMES = "weft_repeated_names"
_TABLES = "weft_numbered_tables"


def discard_repeated(load: Load, tables: Sequence[EventTable]) -> None:
    """Keep the later values of repeated keys, of events that land, in ``weft.discards``.

    Needs ARRIVED, FRESH and what finding paths leaves: only documents with more keys than paths
    can have any.
    """
    parser = load.warehouse.parser
    parser.execute(_repeated_sql())
    found = parser.execute(f"select distinct in_context, keys from {REPEATED}").fetchall()
    if not found:
        return
    parser.register(_NAMES, _name_columns(found, load.rules.naming))
    parser.register(_TABLES, _name_tables(tables))
    keep_discards(
        load,
        ("coalesce(table_name, 'tracks')", "column_name", "value", "id", literal(REASON)),
        f"""
        {REPEATED} as repeated
        join {_NAMES} using (in_context, keys)
        join (select number, id from {ARRIVED}) as arrived using (number)
        join (select id, file, table_number from {FRESH}) as fresh using (id)
        left join {_TABLES} using (table_number)
        """,
    )
    parser.unregister(_NAMES)
    parser.unregister(_TABLES)


def _repeated_sql() -> str:
    contexts = f"select number, true as in_context, context from {ARRIVED} semi join {ODD_CONTEXTS}"
    documents = f"select number, false, {DOCUMENT} from {ARRIVED} semi join {ODD_DOCUMENTS}"
    # A value's place is the position of each of its keys; what stands inside a repeated object
    # is told with that object.
    return f"""
        create or replace temp table {REPEATED} as
        with recursive nodes(number, in_context, keys, place, node) as (
            select number, in_context, []::varchar[], []::ubigint[], context::json
            from ({contexts} using (number) union all {documents} using (number))
            union all
            select
                nodes.number,
                nodes.in_context,
                list_append(nodes.keys, child.key),
                list_append(nodes.place, child.id::ubigint),
                child.value::json
            from nodes, json_each(nodes.node) as child
            where json_type(nodes.node) = 'OBJECT'
        ),
        ranked as (
            select
                *,
                row_number() over (partition by number, in_context, keys order by place) as rank
            from nodes
        ),
        repeated as (
            select * from ranked where rank > 1 and len(keys) > 0 and json_type(node) <> 'NULL'
        )
        select
            number,
            in_context,
            keys,
            case
                when json_type(node) = 'VARCHAR' then json_extract_string(node, '$')
                else node::varchar
            end as value
        from repeated
        where not exists (
            select 1
            from repeated as outside
            where
                outside.number = repeated.number
                and outside.in_context = repeated.in_context
                and len(outside.place) < len(repeated.place)
                and outside.place = repeated.place[:len(outside.place)]
        )
    """


def _name_columns(found: Sequence[tuple[bool, list[str]]], naming: Naming) -> pa.Table:
    rows = [
        {
            "in_context": in_context,
            "keys": keys,
            "column_name": naming.column_name(("context", *keys) if in_context else tuple(keys)),
        }
        for in_context, keys in found
    ]
    schema = {"in_context": pa.bool_(), "keys": pa.list_(pa.string()), "column_name": pa.string()}
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def _name_tables(tables: Sequence[EventTable]) -> pa.Table:
    return pa.table(
        {
            "table_number": pa.array([one.number for one in tables], pa.int32()),
            "table_name": pa.array([one.name for one in tables], pa.string()),
        }
    )
