"""The structure of JSON documents: their paths, found in all of them, and what stands there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

OBJECT, ARRAY, EMPTY, NULL = "OBJECT", "ARRAY", "JSON", "NULL"
"""What stands at a path, beside the scalar types that DuckDB's json_structure names: EMPTY is an
empty object, or a key given twice."""


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


def read_paths(
    parser: duckdb.DuckDBPyConnection, document: str, rows: str, group: str = "0"
) -> dict[int, list[Path]]:
    """The paths of all documents by group, each in the order of its keys.

    Every document is taken apart; ``loaders.shapes.find_paths`` finds the same for less.
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
