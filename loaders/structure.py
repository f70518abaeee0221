"""The structure of JSON documents: their paths, found in all of them, and what stands there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

OBJECT, ARRAY, EMPTY, NULL = "OBJECT", "ARRAY", "JSON", "NULL"
"""What stands at a path, beside the scalar types that DuckDB's json_structure names: EMPTY is an
empty object, or a key given twice."""


_FIRST_ROWS = 10_000


class DocumentTooDeepError(Exception):
    """A document is nested deeper than DuckDB's JSON functions go."""


@dataclass(frozen=True)
class Path:
    """A path of keys and the kinds of value that stand there in any document."""

    keys: tuple[str, ...]
    kinds: frozenset[str]

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901)."""
        return pointer(self.keys)

    @property
    def holds_value(self) -> bool:
        """Whether anything but nothing, or an object that has paths of its own, stands here."""
        return bool(self.kinds - {OBJECT, NULL})


def find_paths(
    parser: duckdb.DuckDBPyConnection, document: str, rows: str, group: str = "0"
) -> dict[int, list[Path]]:
    """The paths of all documents by group, each in the order of its keys.

    ``document``, ``rows`` and ``group`` are SQL: an expression for the document, the rows to take
    (what follows ``from``), and an integer expression that tells the groups apart.

    Raises DocumentTooDeepError when a document is nested deeper than 128 levels.
    """
    try:
        found = parser.execute(_paths_sql(document, rows, group)).fetchall()
    except duckdb.InvalidInputException as error:
        if "recursion depth" in str(error):
            raise DocumentTooDeepError from None
        raise
    paths: dict[int, list[Path]] = {}
    for number, keys, kinds in found:
        paths.setdefault(number, []).append(Path(tuple(keys), frozenset(kinds)))
    return paths


def find_like_paths(parser: duckdb.DuckDBPyConnection, document: str, rows: str) -> list[Path]:
    """The paths of documents that are much alike, as contexts are.

    Same result as ``find_paths``, in less than half the time: the paths of the first rows are
    checked against the keys of all, and only if these know more is everything looked at.
    """
    first = find_paths(parser, document, f"(from {rows} limit {_FIRST_ROWS})").get(0, [])
    objects = [(), *(path.keys for path in first if path.kinds & {OBJECT, EMPTY})]
    known = {path.keys: set(path.kinds) for path in first}
    for place, key in parser.execute(_keys_sql(document, rows, objects)).fetchall():
        if (*objects[place - 1], key) not in known:
            return find_paths(parser, document, rows).get(0, [])
    for place, kind in parser.execute(_kinds_sql(document, rows, first)).fetchall():
        keys = first[place - 1].keys
        if kind == OBJECT and keys not in objects:
            return find_paths(parser, document, rows).get(0, [])
        known[keys].add(kind)
    return [Path(keys, frozenset(kinds)) for keys, kinds in known.items()]


def extract(document: str, paths: Sequence[Path], as_list: str) -> tuple[str, list[str]]:
    """SQL that reads values as text: one list for all paths, and an expression over it per path.

    The list parses a document once. ``as_list`` names it in the expressions. Objects and empty
    arrays are read as null.
    """
    pointers = ", ".join(literal(path.pointer) for path in paths)
    texts = f"json_extract_string({document}, [{pointers}]::varchar[])"
    return texts, [
        _value(f"{as_list}[{index}]", document, path) for index, path in enumerate(paths, start=1)
    ]


def pointer(keys: Iterable[str]) -> str:
    """Keys as a JSON pointer."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def literal(text: str) -> str:
    """Text as an SQL literal, safe whatever characters it holds."""
    return "'" + text.replace("'", "''") + "'"


def _value(text: str, document: str, path: Path) -> str:
    if path.kinds & {OBJECT, EMPTY} or {ARRAY, "VARCHAR"} <= path.kinds:
        # A text that begins with a brace may be a string: ask, but only then.
        value = f"json_extract({document}, {literal(path.pointer)})::varchar"
        is_nothing = (
            f"left({text}, 1) in ('{{', '[') and (left({value}, 1) = '{{' or {value} = '[]')"
        )
        return f"case when {is_nothing} then null else {text} end"
    return f"nullif({text}, '[]')" if ARRAY in path.kinds else text


def _keys_sql(document: str, rows: str, objects: Sequence[tuple[str, ...]]) -> str:
    """The keys that stand in each of some objects, in any row."""
    # The root has no pointer that json_keys takes.
    inner = ", ".join(literal(pointer(keys)) for keys in objects[1:])
    return f"""
        with shapes as (
            select distinct
                [json_keys({document})] || json_keys({document}, [{inner}]::varchar[]) as keys
            from {rows}
        ),
        places as (
            select distinct generate_subscripts(keys, 1) as place, unnest(keys) as key_list
            from shapes
        )
        select distinct place, unnest(key_list) as key from places
    """


def _kinds_sql(document: str, rows: str, paths: Sequence[Path]) -> str:
    """The kinds of value that stand at each of some paths, in any row."""
    pointers = ", ".join(literal(path.pointer) for path in paths)
    return f"""
        with shapes as (
            select distinct json_type({document}, [{pointers}]::varchar[]) as kinds from {rows}
        ),
        places as (
            select distinct generate_subscripts(kinds, 1) as place, unnest(kinds) as kind
            from shapes
        )
        select place, kind from places where kind is not null
    """


def _paths_sql(document: str, rows: str, group: str) -> str:
    # Distinct structures first; then level by level, so that equal parts are looked at once.
    return f"""
        with recursive structures as materialized (
            select distinct {group} as number, json_structure({document}) as structure
            from {rows}
        ),
        nodes(number, keys, node) as (
            select number, []::varchar[], structure from structures where structure is not null
            union
            select
                nodes.number,
                list_append(nodes.keys, child.key),
                child.value::json
            from nodes, json_each(nodes.node) as child
            where json_type(nodes.node) = 'OBJECT'
        ),
        kinds as (
            select
                number,
                keys,
                case json_type(node)
                    when 'VARCHAR' then json_extract_string(node, '$')
                    else json_type(node)
                end as kind
            from nodes
        )
        select number, keys, list_sort(list_distinct(list(kind))) as kinds
        from kinds
        where len(keys) > 0
        group by number, keys
        order by number, keys
    """
