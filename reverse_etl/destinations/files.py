r"""files: the changes of a run as one CSV or JSONL file, ``<folder>/<sync>/<run id>.<format>``.

CSV has the columns operation, key and one per field. Every text is in quotes and nothing else
is, so a missing value (nothing) and an empty text (``""``) stay apart; quotes inside are doubled,
lines end in ``\n``, line breaks inside a text stay as they are. Values are byte-identical: a text
that begins with ``=`` is not disarmed, since the file is for programs; take care before opening it
in a spreadsheet. Nested values are JSON, as text. JSONL has one object per row:
``{"operation": …, "key": …, "fields": {…}}``.
"""

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import ClassVar, Literal

from reverse_etl.destinations.base import FileDestination, Row
from reverse_etl.values import fragments, plain

_OWN_COLUMNS = ("operation", "key")


class Files(FileDestination):
    """A folder in the project, or an absolute one, that receives a file per run."""

    account_settings: ClassVar[tuple[str, ...]] = ("folder",)

    type: Literal["files"]
    folder: str
    format: Literal["csv", "jsonl"] = "csv"

    def account(self) -> str:
        """The folder as it is configured, the same on every machine."""
        return self.folder

    def path(self, sync: str, run_id: str) -> PurePath:
        """``<folder>/<sync>/<run id>.<format>``."""
        return PurePath(self.folder, file_name(sync), f"{file_name(run_id)}.{self.format}")

    def check_fields(self, fields: Sequence[str]) -> None:
        """Raise ValueError when a field has the name of one of the CSV's own columns."""
        if self.format == "csv":
            for name in _OWN_COLUMNS:
                if name in fields:
                    raise ValueError(f"a CSV file has a column {name!r} of its own")

    def header(self, fields: Sequence[str]) -> bytes:
        """The names of the columns; JSONL has none."""
        if self.format == "jsonl":
            return b""
        return _line([_quoted(name) for name in (*_OWN_COLUMNS, *fields)])

    def lines(self, rows: Sequence[Row], fields: Sequence[str]) -> bytes:
        """One line per row."""
        if self.format == "jsonl":
            return json_lines(rows)
        return b"".join(_csv_row(row, fields) for row in rows)


def json_lines(rows: Sequence[Row]) -> bytes:
    """Rows as lines of JSON, payloads as they are."""
    return "".join(
        f'{{"operation":"{row.operation}","key":{row.key_json},"fields":{row.payload}}}\n'
        for row in rows
    ).encode()


def file_name(name: str) -> str:
    """A name that is a single safe part of a path, whatever characters the given one holds."""
    return re.sub(r"[^A-Za-z0-9._=@+:-]", "_", name).lstrip(".") or "_"


def _csv_row(row: Row, fields: Sequence[str]) -> bytes:
    found = fragments(row.payload)
    values = [_value(found.get(name)) for name in fields]
    return _line([_quoted(row.operation), _quoted(row.key), *values])


def _value(fragment: str | None) -> str:
    text = plain(fragment)
    if text is None or fragment is None:
        return ""
    return _quoted(text) if fragment[0] in '"[{' else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _line(values: Sequence[str]) -> bytes:
    return (",".join(values) + "\n").encode()
