"""What is wrong with an audience's SQL, found before it runs.

The compiled SQL is read with sqlglot: it returns the key, names only columns that are there, and
does not ask what time it is. Where the columns of a source cannot be known (a table function, a
table that is not built), nothing is said of them; the engine will say it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.scope import Scope, build_scope

from explore.audiences.lines import source_line
from warehouse.engines import Table
from warehouse.errors import ConfigurationError, UnknownNameError

ColumnsOf = Callable[[Table], Mapping[str, str]]
"""The columns of a table, empty when there is no such table."""

_CLOCKS = (
    exp.CurrentDate,
    exp.CurrentDatetime,
    exp.CurrentTime,
    exp.CurrentTimestamp,
    exp.Localtime,
    exp.Localtimestamp,
)
_CLOCK_NAMES = frozenset(
    ("now", "today", "get_current_timestamp", "get_current_time", "transaction_timestamp")
)
# Every table has them, and no list of columns shows them.
_PSEUDO_COLUMNS = frozenset(("rowid",))


@dataclass(frozen=True)
class Source:
    """An audience's SQL as its author wrote it, and where."""

    name: str
    path: str
    text: str


def check_sql(
    compiled: str, source: Source, *, key: str, dialect: str, columns_of: ColumnsOf
) -> None:
    """Raise ConfigurationError, with file and line, for the first thing that is wrong."""

    def place(word: str, line: int) -> str:
        return f"{source.path}:{source_line(source.text, compiled, word, line)}"

    tree = _parse(compiled, dialect, place)
    for word, line in _clocks(tree):
        raise ConfigurationError(
            f"{place(word, line)}: {word} is whatever time it is when the audience is built; use"
            " {{ weft.as_of() }}, the day it is built for."
        )
    root = build_scope(tree)
    if root is None:
        raise ConfigurationError(f"{source.path}:1: an audience is a select.")
    for column, known in _unknown_columns(root, columns_of):
        word = column.name
        line = int(column.this.meta.get("line", 1))
        raise UnknownNameError("column", word, known, place(word, line))
    returned = _output_columns(root, columns_of)
    if returned is not None and key not in returned:
        raise ConfigurationError(
            f"Audience {source.name} ({source.path}) does not return {key}; it returns:"
            f" {', '.join(sorted(returned))}."
        )


def _parse(compiled: str, dialect: str, place: Callable[[str, int], str]) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(compiled, read=dialect)
    except ParseError as error:
        fault = error.errors[0]
        word, line = str(fault.get("highlight") or ""), int(fault.get("line") or 1)
        raise ConfigurationError(
            f"{place(word, line)}: near {word!r} the SQL cannot be read:"
            f" {str(fault.get('description', '')).rstrip('.')}."
        ) from None
    except SqlglotError as error:
        raise ConfigurationError(f"{place('', 1)}: the SQL cannot be read: {error}.") from None
    return tree


def _clocks(tree: exp.Expr) -> Iterator[tuple[str, int]]:
    for node in tree.walk():
        line = int(node.meta.get("line", 0))
        if isinstance(node, _CLOCKS):
            yield node.sql_name().lower(), line
        elif isinstance(node, exp.Anonymous) and node.name.lower() in _CLOCK_NAMES:
            yield node.name.lower(), line


def _unknown_columns(
    root: Scope, columns_of: ColumnsOf
) -> Iterator[tuple[exp.Column, frozenset[str]]]:
    for scope in root.traverse():
        outer = _outer_columns(scope, columns_of)
        sources = {
            alias.lower(): _source_columns(source, columns_of)
            for alias, (_, source) in scope.selected_sources.items()
        }
        everything = _union(sources.values())
        for column in scope.columns:
            if column.find_ancestor(exp.Select) is not scope.expression or column.is_star:
                continue
            if column.table:
                known = sources.get(column.table.lower())
            elif everything is None or outer is None:
                known = None
            else:
                known = everything | outer | _named(scope)
            if known is not None and column.name.lower() not in known | _PSEUDO_COLUMNS:
                yield column, everything or known


def _named(scope: Scope) -> frozenset[str]:
    """The names that a query gives to what it selects; order by and having may use them."""
    if not isinstance(scope.expression, exp.Select):
        return frozenset()
    return frozenset(
        selected.alias.lower()
        for selected in scope.expression.selects
        if isinstance(selected, exp.Alias)
    )


def _outer_columns(scope: Scope, columns_of: ColumnsOf) -> frozenset[str] | None:
    """What a subquery may name of the queries around it."""
    parent = scope.parent
    if scope.lateral_sources:
        return None
    if parent is None or not scope.is_subquery:
        return frozenset()
    return _union(
        [
            *(_source_columns(one, columns_of) for _, one in parent.selected_sources.values()),
            _outer_columns(parent, columns_of),
        ]
    )


def _source_columns(source: exp.Expr | Scope, columns_of: ColumnsOf) -> frozenset[str] | None:
    if isinstance(source, Scope):
        return _output_columns(source, columns_of)
    if not isinstance(source, exp.Table) or not source.db:
        return None
    if source.args.get("alias") and source.args["alias"].args.get("columns"):
        return None
    columns = columns_of(Table(source.db, source.name))
    return frozenset(name.lower() for name in columns) or None


def _output_columns(scope: Scope, columns_of: ColumnsOf) -> frozenset[str] | None:
    """The names that a query returns, None where they cannot be known."""
    if scope.set_operation_scopes:
        return _output_columns(scope.set_operation_scopes[0], columns_of)
    if not isinstance(scope.expression, exp.Select):
        return None
    names: frozenset[str] = frozenset()
    for selected in scope.expression.selects:
        if not selected.is_star:
            names |= {selected.alias_or_name.lower()}
            continue
        table = selected.table.lower() if isinstance(selected, exp.Column) else ""
        found = _union(
            _source_columns(source, columns_of)
            for alias, (_, source) in scope.selected_sources.items()
            if table in ("", alias.lower())
        )
        if found is None:
            return None
        names |= found
    return names


def _union(sets: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    names: frozenset[str] = frozenset()
    for one in sets:
        if one is None:
            return None
        names |= one
    return names
