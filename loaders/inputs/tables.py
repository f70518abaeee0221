"""A Parquet or CSV file as events: each row by a mapping of its columns to an event's fields."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from loaders.inputs.formats import DOCUMENTS, Column, Format, Input
from warehouse.engines import quote
from warehouse.errors import UnknownNameError, WeftError

Texts = tuple[pa.Array, str | None]
"""Texts of rows, and the fault that all of them have."""

_ROWS = 50_000
_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"


def read(
    path: Path, format: Format, input: Input, name: str, fault: str | None = None
) -> Iterator[Texts]:
    """The rows of a file in order as texts of JSON; what is no row is a fault.

    A null is left out: a trait that has no value is not one to be removed. Text of a CSV file
    stays text unless its mapping says otherwise. ``name`` is what messages call the file. Raises
    WeftError when it lacks a mapped column.
    """
    engine = duckdb.connect()
    engine.execute("set TimeZone = 'UTC'")
    try:
        rows = _rows(path, format)
        is_empty = format == "csv" and path.stat().st_size == 0
        try:
            types = {} if is_empty else _column_types(engine, rows)
        except duckdb.Error as error:
            yield pa.array([""], pa.large_string()), fault or _cause(format, error)
            return
        for column in input.columns.values():
            if types and column.column not in types:
                unknown = UnknownNameError("column", column.column, types, name)
                raise WeftError(str(unknown))  # others have landed: not a matter of exit code 2
        if types:
            yield from _events(engine, rows, types, input, format)
        if format == "csv" and types:
            yield from _rejects(engine)
        if fault:
            yield pa.array([""], pa.large_string()), fault
    finally:
        engine.close()


def _rows(path: Path, format: Format) -> str:
    name = "'" + str(path).replace("'", "''") + "'"
    if format == "parquet":
        return f"read_parquet({name})"
    return (
        f"read_csv({name}, header = true, skip = 0, all_varchar = true, store_rejects = true, "
        "rejects_limit = 0, compression = 'none', strict_mode = true)"
    )


def _column_types(engine: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    return {row[0]: row[1] for row in engine.execute(f"describe from {rows}").fetchall()}


def _events(
    engine: duckdb.DuckDBPyConnection,
    rows: str,
    types: Mapping[str, str],
    input: Input,
    format: Format,
) -> Iterator[Texts]:
    try:
        reader = engine.sql(f"select {_event(types, input)}::varchar from {rows}")
        for batch in reader.to_arrow_reader(_ROWS):
            yield batch.column(0).cast(pa.large_string()), None
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        yield pa.array([""], pa.large_string()), _cause(format, error)


def _rejects(engine: duckdb.DuckDBPyConnection) -> Iterator[Texts]:
    """Rows that are none, after all that are: a row may have more than one mistake."""
    rows = engine.execute("""
        select line, any_value(csv_line), any_value(error_message)
        from reject_errors group by line order by line
    """).fetchall()
    for line, text, cause in rows:
        first = str(cause).splitlines()[0].rstrip(".")
        yield pa.array([text], pa.large_string()), f"not valid CSV in line {line}: {first}"


def _event(types: Mapping[str, str], input: Input) -> str:
    """SQL for a row as the JSON of an event."""
    tree: dict[str, Any] = {}
    for field, text in input.constants.items():
        _plant(tree, field.split("."), f"to_json({_literal(text)})")
    for field, column in input.columns.items():
        _plant(tree, field.split("."), _value(field, column, types[column.column]))
    return f"json_strip_nulls({_object(tree)})"


def _plant(tree: dict[str, Any], keys: Sequence[str], value: str) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = value


def _object(tree: Mapping[str, Any]) -> str:
    members = (
        f"{_literal(key)}, {_object(value) if isinstance(value, dict) else value}"
        for key, value in tree.items()
    )
    return f"json_object({', '.join(members)})"


def _value(field: str, column: Column, type_: str) -> str:
    """SQL for the JSON of a column's value, null where there is none."""
    name = quote(column.column)
    if type_ in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        # With the zone in the form that every reader of times takes.
        return f"to_json(strftime({name}::timestamptz, '%Y-%m-%dT%H:%M:%S.%fZ'))"
    if type_ in ("FLOAT", "DOUBLE"):
        return f"case when isfinite({name}) then to_json({name}) else to_json({name}::varchar) end"
    is_json = column.type == "json" or (field in DOCUMENTS and column.type is None)
    if type_ == "VARCHAR" and (is_json or column.type in ("number", "boolean")):
        test = "json_valid({0})" if is_json else _TESTS[str(column.type)]
        return f"case when {test.format(name)} then {name}::json else to_json({name}) end"
    return f"to_json({name})"


_TESTS = {
    "number": f"regexp_full_match({{0}}, '{_NUMBER}')",
    "boolean": "{0} in ('true', 'false')",
}


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _cause(format: Format, error: Exception) -> str:
    """What is wrong with a file, without the name of its copy."""
    kind = "Parquet" if format == "parquet" else "CSV"
    return f"the file is damaged: it is no readable {kind} ({type(error).__name__})"
