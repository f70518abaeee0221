"""Columns of landed tables: the type a new one gets, and which values fit an existing one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import duckdb
from sqlglot import exp

from loaders.structure import NULL, OBJECT
from warehouse.engines import Table, Warehouse, quote

VARCHAR, BOOLEAN, BIGINT, DOUBLE, TIMESTAMP = "varchar", "boolean", "bigint", "double", "timestamp"
"""The types of a landed column, in sqlglot's generic dialect."""

_INTEGERS = frozenset(("UBIGINT", "BIGINT"))
_NUMBERS = _INTEGERS | {"DOUBLE"}
_SURVEY_COLUMNS = 200
_STRICT_TIMESTAMP = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_TIMESTAMP = re.compile(_STRICT_TIMESTAMP)
_LARGEST_EXACT = 2**53

_FAMILIES = (
    (VARCHAR, exp.DataType.TEXT_TYPES),
    (BOOLEAN, {exp.DataType.Type.BOOLEAN}),
    (BIGINT, exp.DataType.INTEGER_TYPES),
    (DOUBLE, exp.DataType.FLOAT_TYPES),
    (TIMESTAMP, exp.DataType.TEMPORAL_TYPES - {exp.DataType.Type.DATE}),
)


@dataclass(frozen=True)
class Candidate:
    """A column that values of a batch ask for.

    ``text`` is SQL over the batch for the values as text; ``kinds`` are the kinds of JSON value
    that stand behind them.
    """

    name: str
    text: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Column:
    """A column that values of a batch land in. ``misfits`` is how many do not fit its type."""

    name: str
    type: str
    text: str
    misfits: int = 0

    @property
    def is_misfit(self) -> str:
        """SQL that tells whether there is a value and it does not fit the type."""
        return f"{self.text} is not null and not ({_fits(self.type, self.text)})"

    @property
    def value(self) -> str:
        """SQL for the values as they land; a misfit is null."""
        value = _cast(self.type, self.text)
        return f"case when not ({self.is_misfit}) then {value} end" if self.misfits else value


def settle(
    parser: duckdb.DuckDBPyConnection,
    batch: str,
    candidates: Sequence[Candidate],
    existing: Mapping[str, str],
) -> list[Column]:
    """The columns of a batch.

    ``existing`` gives the types of the table's columns. A column that exists keeps its type; a
    new one gets the narrowest that holds every value of the batch, and none without a value.
    """
    columns: list[Column] = []
    for start in range(0, len(candidates), _SURVEY_COLUMNS):
        columns += _settle(parser, batch, candidates[start : start + _SURVEY_COLUMNS], existing)
    return columns


def evolve(
    warehouse: Warehouse, table: Table, columns: Iterable[tuple[str, str]], existing: Iterable[str]
) -> None:
    """Bring a table to have the columns, given by name and type; make it where there is none."""
    present = set(existing)
    missing = [
        f"{quote(name)} {_native(type_, warehouse.dialect)}"
        for name, type_ in columns
        if name not in present
    ]
    if present:
        for column in missing:
            warehouse.execute(f"alter table {table} add column {column}")
    else:
        warehouse.execute(f"create table {table} ({', '.join(missing)})")


@cache
def family(native: str, dialect: str) -> str:
    """The landed type that a warehouse's type stands for; types of other kinds as they are."""
    type_ = exp.DataType.build(native, dialect=dialect)
    for name, members in _FAMILIES:
        if type_.this in members:
            return name
    return type_.sql(dialect="duckdb").lower()


@cache
def _native(type_: str, dialect: str) -> str:
    return exp.DataType.build(type_).sql(dialect=dialect)


def _settle(
    parser: duckdb.DuckDBPyConnection,
    batch: str,
    candidates: Sequence[Candidate],
    existing: Mapping[str, str],
) -> list[Column]:
    columns = [
        Column(one.name, existing.get(one.name) or _widest(one.kinds), one.text)
        for one in candidates
    ]
    counts = _survey(parser, batch, columns, [one.name not in existing for one in candidates])
    settled, perhaps_times = [], []
    for candidate, column, count in zip(candidates, columns, counts, strict=True):
        if candidate.name in existing:
            settled.append(replace(column, misfits=count.misfits))
        elif count.values == 0:
            continue
        elif _holds_times(candidate, count):
            perhaps_times.append(replace(column, type=TIMESTAMP))
        else:
            settled.append(_narrow(column, count))
    for column, count in zip(
        perhaps_times,
        _survey(parser, batch, perhaps_times, [False] * len(perhaps_times)),
        strict=True,
    ):
        settled.append(replace(column, type=VARCHAR) if count.misfits else column)
    return settled


@dataclass(frozen=True)
class _Count:
    misfits: int
    values: int
    beyond_exact: int
    least: str | None
    greatest: str | None


def _survey(
    parser: duckdb.DuckDBPyConnection,
    batch: str,
    columns: Sequence[Column],
    are_new: Sequence[bool],
) -> list[_Count]:
    """What the values of columns are like, in one pass over the batch."""
    aggregates: list[str] = []
    for column, is_new in zip(columns, are_new, strict=True):
        text, is_text = column.text, column.type == VARCHAR
        aggregates += [
            "0" if is_text else f"count(*) filter (where {column.is_misfit})",
            f"count({text})" if is_new else "0",
            f"count(*) filter (where {_beyond_exact(text)})"
            if is_new and column.type == DOUBLE
            else "0",
            f"min({text})" if is_new and is_text else "null",
            f"max({text})" if is_new and is_text else "null",
        ]
    if all(aggregate in ("0", "null") for aggregate in aggregates):
        return [_Count(0, 0, 0, None, None)] * len(columns)
    (row,) = parser.execute(f"select {', '.join(aggregates)} from {batch}").fetchall()
    return [_Count(*row[start : start + 5]) for start in range(0, len(row), 5)]


def _widest(kinds: frozenset[str]) -> str:
    kinds = kinds - {NULL, OBJECT}
    if kinds == {"BOOLEAN"}:
        return BOOLEAN
    if kinds and kinds <= _INTEGERS:
        return BIGINT
    return DOUBLE if kinds and kinds <= _NUMBERS else VARCHAR


def _narrow(column: Column, count: _Count) -> Column:
    """A new column's type, once its values are known."""
    if count.misfits if column.type == BIGINT else count.beyond_exact:
        return replace(column, type=VARCHAR)
    # What does not fit a new DOUBLE is no number (NaN, Infinity) or beyond its range.
    return replace(column, misfits=count.misfits)


def _holds_times(candidate: Candidate, count: _Count) -> bool:
    """Whether all values may be timestamps. The first and last in order decide cheaply."""
    return (
        candidate.kinds - {NULL, OBJECT} == {"VARCHAR"}
        and _TIMESTAMP.fullmatch(count.least or "") is not None
        and _TIMESTAMP.fullmatch(count.greatest or "") is not None
    )


def _fits(type_: str, text: str) -> str:
    if type_ == VARCHAR:
        return f"{text} is not null"
    if type_ == BOOLEAN:
        return f"{text} in ('true', 'false')"
    if type_ == BIGINT:
        # A cast alone would round 5.5.
        is_whole = rf"regexp_full_match({text}, '-?(0|[1-9][0-9]*)(\.0+)?')"
        return f"{is_whole} and try_cast({text} as bigint) is not null"
    if type_ == DOUBLE:
        is_number = rf"regexp_full_match({text}, '-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?')"
        is_finite = f"isfinite(try_cast({text} as double))"
        return f"{is_number} and {is_finite} and not ({_beyond_exact(text)})"
    if type_ == TIMESTAMP:
        is_strict = f"regexp_full_match({text}, '{_STRICT_TIMESTAMP}') and {text} >= '0001'"
        return f"{is_strict} and {_cast(TIMESTAMP, text)} is not null"
    return f"try_cast({text} as {type_}) is not null"


def _cast(type_: str, text: str) -> str:
    if type_ == VARCHAR:
        return text
    if type_ == TIMESTAMP:
        # A direct cast to timestamp would drop the offset.
        return f"try_cast({text} as timestamptz)::timestamp"
    return f"try_cast({text} as {type_})"


def _beyond_exact(text: str) -> str:
    """Whether a text is an integer that a DOUBLE may not hold exactly."""
    return (
        f"length({text}) > 15 and regexp_full_match({text}, '-?[0-9]+')"
        f" and coalesce(abs(try_cast({text} as hugeint)) > {_LARGEST_EXACT}, true)"
    )
