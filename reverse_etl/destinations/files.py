"""files: CSV, JSON lines or Parquet in a folder.

With ``contents: changes`` (the default) each run leaves a file of its own,
``<folder>/<sync>/<run id>.<format>``, with the rows it added, changed and removed; the first two
columns are operation and key. With ``contents: snapshot`` there is one file,
``<folder>/<sync>.<format>``, that always holds every row, by key; a run with changes replaces it.

Values are byte-identical: a text that begins with ``=`` is not disarmed, since the file is for
programs; take care before opening it in a spreadsheet. JSON lines are
``{"operation": …, "key": …, "fields": {…}}``, in a snapshot without the operation.
"""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import ClassVar, Literal

from reverse_etl.destinations.kit.encoders import (
    CsvEncoder,
    JsonLinesEncoder,
    ParquetEncoder,
    json_lines,
)
from reverse_etl.destinations.kit.file_base import Encoder, FileDestination
from reverse_etl.destinations.kit.purpose import Purpose

__all__ = ["Files", "file_name", "json_lines"]


class Files(FileDestination):
    """A folder in the project, or an absolute one, that receives files."""

    account_settings: ClassVar[tuple[str, ...]] = ("folder",)

    type: Literal["files"]
    folder: str
    format: Literal["csv", "jsonl", "parquet"] = "csv"
    contents: Literal["changes", "snapshot"] = "changes"

    def account(self) -> str:
        """The folder as it is configured, the same on every machine."""
        return self.folder

    @property
    def holds_snapshot(self) -> bool:
        """As the setting ``contents`` says."""
        return self.contents == "snapshot"

    def path(self, sync: str, run_id: str) -> PurePath:
        """``<folder>/<sync>/<run id>.<format>``, of a snapshot ``<folder>/<sync>.<format>``."""
        if self.holds_snapshot:
            return PurePath(self.folder, f"{file_name(sync)}.{self.format}")
        return PurePath(self.folder, file_name(sync), f"{file_name(run_id)}.{self.format}")

    def check(self, purpose: Purpose) -> None:
        """Raise ValueError when a field has the name of one of the file's own columns."""
        super().check(purpose)
        own = ("key",) if self.holds_snapshot else ("operation", "key")
        if self.format != "jsonl":
            for name in own:
                if name in purpose.fields:
                    raise ValueError(f"the file has a column {name!r} of its own")

    def encoder(self, types: Mapping[str, str]) -> Encoder:
        """What turns rows into the bytes of the file."""
        operation = not self.holds_snapshot
        if self.format == "csv":
            return CsvEncoder(tuple(types), operation=operation)
        if self.format == "jsonl":
            return JsonLinesEncoder(operation=operation)
        return ParquetEncoder(types, operation=operation)


def file_name(name: str) -> str:
    """A name that is a single safe part of a path, whatever characters the given one holds."""
    return re.sub(r"[^A-Za-z0-9._=@+:-]", "_", name).lstrip(".") or "_"
