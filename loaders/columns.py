"""Columns of landed tables: the type a new one gets, and which values fit an existing one."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from loaders.catalog import BIGINT, BOOLEAN, DOUBLE, LARGEST_EXACT, TIMESTAMP, VARCHAR
from loaders.structure import NULL, OBJECT

_INTEGERS = frozenset(("UBIGINT", "BIGINT"))
_NUMBERS = _INTEGERS | {"DOUBLE"}
_PLAIN = {BOOLEAN: frozenset({"BOOLEAN"}), BIGINT: _INTEGERS, DOUBLE: _NUMBERS}
_SURVEY_COLUMNS = 200
_STRICT_TIMESTAMP = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_TIMESTAMP = re.compile(_STRICT_TIMESTAMP)


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
    """A column that values of a batch land in. ``misfits`` is how many do not fit its type.

    ``is_plain`` says that JSON gave all values the kind of the type: only its range is in question.
    """

    name: str
    type: str
    text: str
    misfits: int = 0
    is_plain: bool = False

    @property
    def is_misfit(self) -> str:
        """SQL that tells whether there is a value and it does not fit the type."""
        fits = _fits_plain if self.is_plain else _fits
        return f"{self.text} is not null and not ({fits(self.type, self.text)})"

    @property
    def never_misfits(self) -> bool:
        """Whether any value fits, whatever it is."""
        return self.type == VARCHAR or (self.is_plain and self.type == BOOLEAN)

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


def widen(
    parser: duckdb.DuckDBPyConnection,
    batch: str,
    columns: Sequence[Column],
    may_widen: Callable[[str], bool],
) -> list[Column]:
    """Columns, those of integers made to hold numbers where that makes fewer values misfits.

    ``may_widen`` is asked for such a column, by name, and brings the table along if it can.
    """
    narrow = [one for one in columns if one.type == BIGINT and one.misfits]
    wide = [replace(one, type=DOUBLE) for one in narrow]
    counts = _survey(parser, batch, wide, [False] * len(wide)) if wide else []
    widened = {
        after.name: replace(after, misfits=count.misfits)
        for before, after, count in zip(narrow, wide, counts, strict=True)
        if count.misfits < before.misfits and may_widen(after.name)
    }
    return [widened.get(one.name, one) for one in columns]


def _settle(
    parser: duckdb.DuckDBPyConnection,
    batch: str,
    candidates: Sequence[Candidate],
    existing: Mapping[str, str],
) -> list[Column]:
    columns = [_column(one, existing.get(one.name)) for one in candidates]
    counts = _survey(parser, batch, columns, [one.name not in existing for one in candidates])
    settled, perhaps_times = [], []
    for candidate, column, count in zip(candidates, columns, counts, strict=True):
        if candidate.name in existing:
            settled.append(replace(column, misfits=count.misfits))
        elif count.some is None:
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
    beyond_exact: int
    some: str | None


def _survey(
    parser: duckdb.DuckDBPyConnection,
    batch: str,
    columns: Sequence[Column],
    are_new: Sequence[bool],
) -> list[_Count]:
    """What the values of columns are like, in one pass over the batch."""
    aggregates: list[str] = []
    for column, is_new in zip(columns, are_new, strict=True):
        text = column.text
        aggregates += [
            "0" if column.never_misfits else f"count_if({column.is_misfit})",
            f"count(*) filter (where {_beyond_exact(text)})"
            if is_new and column.type == DOUBLE
            else "0",
            f"any_value({text})" if is_new else "null",
        ]
    if all(aggregate in ("0", "null") for aggregate in aggregates):
        return [_Count(0, 0, None)] * len(columns)
    (row,) = parser.execute(f"select {', '.join(aggregates)} from {batch}").fetchall()
    return [_Count(*row[start : start + 3]) for start in range(0, len(row), 3)]


def _column(candidate: Candidate, existing: str | None) -> Column:
    type_ = existing or _widest(candidate.kinds)
    is_plain = candidate.kinds - {NULL, OBJECT} <= _PLAIN.get(type_, frozenset())
    return Column(candidate.name, type_, candidate.text, is_plain=is_plain)


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
    """Whether all values may be timestamps. Any one of them decides cheaply for most columns."""
    return (
        candidate.kinds - {NULL, OBJECT} == {"VARCHAR"}
        and _TIMESTAMP.fullmatch(count.some or "") is not None
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
        is_finite = f"coalesce(isfinite(try_cast({text} as double)), false)"
        return f"{is_number} and {is_finite} and not ({_beyond_exact(text)})"
    if type_ == TIMESTAMP:
        is_strict = f"regexp_full_match({text}, '{_STRICT_TIMESTAMP}') and {text} >= '0001'"
        return f"{is_strict} and {_cast(TIMESTAMP, text)} is not null"
    return f"try_cast({text} as {type_}) is not null"


def _fits_plain(type_: str, text: str) -> str:
    """As ``_fits``, for what JSON calls a value of the type. Patterns cost as much as all else."""
    if type_ == BIGINT:
        return f"try_cast({text} as bigint) is not null"
    if type_ == DOUBLE:
        return (
            f"coalesce(isfinite(try_cast({text} as double)), false) and not ({_beyond_exact(text)})"
        )
    return f"{text} is not null"


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
        f"length({text}) > 15 and not contains({text}, '.') and not contains(lower({text}), 'e')"
        f" and coalesce(abs(try_cast({text} as hugeint)) > {LARGEST_EXACT}, true)"
    )
