"""A sheet as a table: its columns by name, its rows by key, ranges in A1 notation."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

_MOST_DIGITS = 15
"""Of a number, Sheets keeps no more."""
_NUMBER = re.compile(r"-?[0-9]")


class Sheet:
    """What is known of a sheet; ``columns`` are counted from 0, rows from 1 as Sheets does."""

    def __init__(self, names: Sequence[Any]) -> None:
        self.columns = {str(name): at for at, name in reversed(list(enumerate(names))) if name}
        self._width = len(names)
        self._rows: dict[str, list[int]] = {}

    def read_keys(self, keys: Sequence[str | None]) -> None:
        """Take up the cells of the key's column, the first of which is its name."""
        for number, key in enumerate(keys[1:], start=2):
            if key:
                self._rows.setdefault(key, []).append(number)

    def rows_of(self, key: str) -> Sequence[int]:
        """The rows that have a key."""
        return self._rows.get(key, ())

    def header(self, wanted: Iterable[Mapping[str, str]]) -> list[tuple[str, str]]:
        """Ranges and values that name columns that are missing; they are known from then on."""
        missing = [name for name in _names(wanted) if name not in self.columns]
        if not missing:
            return []
        first = self._width
        for name in missing:
            self.columns[name] = self._width
            self._width += 1
        names = ",".join(_quoted(name) for name in missing)
        return [(_cells(first, self._width - 1, 1), f"[{names}]")]

    def ranges(self, number: int, cells: Mapping[str, str]) -> list[tuple[str, str]]:
        """Ranges and values of one row: columns side by side are one range."""
        placed = sorted((self.columns[name], value) for name, value in cells.items())
        runs = groupby(enumerate(placed), lambda pair: pair[1][0] - pair[0])
        found = []
        for _, run in runs:
            beside = [pair[1] for pair in run]
            values = ",".join(value for _, value in beside)
            found.append((_cells(beside[0][0], beside[-1][0], number), f"[{values}]"))
        return found

    def line(self, cells: Mapping[str, str]) -> str:
        """A new row, from the first column on; other columns are left as they are (null)."""
        placed = {self.columns[name]: value for name, value in cells.items()}
        return f"[{','.join(placed.get(at, 'null') for at in range(max(placed) + 1))}]"


def cell(fragment: str) -> str:
    """A value as a cell takes it: null empties it; nested values and long numbers are text."""
    if fragment == "null":
        return '""'
    if fragment[0] in "[{":
        return _quoted(fragment)
    digits = sum(character.isdigit() for character in fragment)
    if _NUMBER.match(fragment) and digits > _MOST_DIGITS:
        return f'"{fragment}"'
    return fragment


def column_name(place: int) -> str:
    """The name of a column: A for 0, AA for 26."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _cells(first: int, last: int, row: int) -> str:
    start = f"{column_name(first)}{row}"
    return start if first == last else f"{start}:{column_name(last)}{row}"


def _names(wanted: Iterable[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(name for cells in wanted for name in cells))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
