"""The paths of many documents that are much alike, found without taking each of them apart."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import duckdb

from loaders.structure import ARRAY, EMPTY, OBJECT, Path, literal, read_paths

_FIRST_ROWS = 10_000
_SHAPES = "weft_shapes"
# Far below what DuckDB's JSON functions refuse: 128 levels.
_MOST_BRACKETS = 100


def find_paths(
    parser: duckdb.DuckDBPyConnection, document: str, rows: str, group: str, odd_rows: str
) -> dict[int, list[Path]]:
    """The paths of all documents by group, each in the order of its keys.

    As ``read_paths``, of rows that have a ``number``. The first rows are taken apart. Of the
    others it is checked that they have as many keys as stand at these paths, and what kinds of
    value stand there; those that have more are taken apart, too.

    ``odd_rows`` names the parser's table in which the numbers of rows stay that have more keys
    than paths, or seem to: no other row gives a key twice.

    Raises DocumentTooDeepError when a document is nested deeper than 128 levels.
    """
    first = read_paths(parser, document, f"(from {rows} limit {_FIRST_ROWS})", group)
    parser.execute(_shapes_sql(first, document, rows, group))
    parser.execute(f"""
        create or replace temp table {odd_rows} as
        select odd_number as number from {_SHAPES} where odd_number is not null
    """)
    found = parser.execute(f"""
        select distinct shape_group, generate_subscripts(kinds, 1) as place, unnest(kinds) as kind
        from {_SHAPES}
    """).fetchall()
    # Not in a finally: after an error the transaction takes the table with it.
    parser.execute(f"drop table temp.{_SHAPES}")
    kinds = {(number, path.keys): set(path.kinds) for number, path in _each(first)}
    for number, place, kind in found:
        if kind is not None:
            _add_kind(kinds[number, first[number][place - 1].keys], kind)
    others = read_paths(
        parser, document, f"(from {rows} semi join {odd_rows} using (number))", group
    )
    for number, path in _each(others):
        kinds.setdefault((number, path.keys), set()).update(path.kinds)
    paths: dict[int, list[Path]] = {}
    for number, keys in sorted(kinds):
        paths.setdefault(number, []).append(Path(keys, frozenset(kinds[number, keys])))
    return paths


def _each(paths: Mapping[int, Sequence[Path]]) -> Iterable[tuple[int, Path]]:
    return ((number, path) for number, some in paths.items() for path in some)


def _add_kind(kinds: set[str], kind: str) -> None:
    # Where no object stood before, one without unknown keys has none at all.
    kinds.add(EMPTY if kind == OBJECT and OBJECT not in kinds else kind)


def _shapes_sql(known: Mapping[int, Sequence[Path]], document: str, rows: str, group: str) -> str:
    """SQL for the distinct kinds at known paths, and the numbers of rows that have other paths.

    Documents are written without blanks, so that every key comes with ``":`` once; a text that
    holds these characters makes its row odd, which costs time and nothing else. What stands in
    arrays is no path, and is not counted.
    """
    kinds = _by_group(known, _kinds_sql)
    arrays = _by_group(known, _arrays_sql)
    keys = _count("document", '":')
    return f"""
        create or replace temp table {_SHAPES} as
        with documents as (
            select {group} as shape_group, number, {document} as document from {rows}
        ),
        looked_at as (
            select
                shape_group,
                number,
                document,
                {kinds} as kinds,
                case when contains(document, '[') then coalesce({arrays}, '') end as arrays
            from documents
            where document is not null
        ),
        compared as (
            select
                *,
                coalesce(
                    case
                        when arrays is null then {keys} = list_count(kinds)
                        else
                            {keys} - {_count("arrays", '":')} = list_count(kinds)
                            and {_count("document", "[")} = {_count("arrays", "[")}
                            and {_count("arrays", "[")} + {_count("arrays", "{")} < {_MOST_BRACKETS}
                    end,
                    false
                ) as is_like
            from looked_at
        )
        select distinct
            shape_group,
            case when is_like then kinds end as kinds,
            case when not is_like then number end as odd_number
        from compared
    """


def _by_group(known: Mapping[int, Sequence[Path]], sql: Callable[[Sequence[Path]], str]) -> str:
    """One expression of those of all groups; null for a group that is not known."""
    cases = "".join(f" when {number} then {sql(paths)}" for number, paths in known.items())
    return f"case shape_group{cases} end" if cases else "null"


def _kinds_sql(paths: Sequence[Path]) -> str:
    return f"json_type(document, {_pointers(paths)})"


def _arrays_sql(paths: Sequence[Path]) -> str:
    """The text of all arrays that stand at known paths."""
    arrays = [path for path in paths if ARRAY in path.kinds]
    texts = f"json_extract(document, {_pointers(arrays)})::varchar[]"
    return f"array_to_string(list_filter({texts}, lambda one: left(one, 1) = '['), '')"


def _pointers(paths: Sequence[Path]) -> str:
    return f"[{', '.join(literal(path.pointer) for path in paths)}]::varchar[]"


def _count(text: str, part: str) -> str:
    """SQL for how often a part stands in a text."""
    return f"((strlen({text}) - strlen(replace({text}, {literal(part)}, ''))) // {len(part)})"
