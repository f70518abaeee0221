"""Files read as a load reads them, without landing their events."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from loaders.files import Ledger, SourceFile, find_files
from loaders.inputs.formats import Format, Input
from loaders.inputs.places import find_local
from loaders.lines import FileFigures, LineReader
from loaders.load import load
from tests.loaders.desk import Desk
from warehouse.project import find_project
from warehouse.system_tables import LOADS, migrate

needs_wiring = pytest.mark.skipif(
    "reload" not in signature(load).parameters, reason="the load does not know formats yet"
)
"""Marks tests of the whole load that wait for it to use what this part of it offers."""


@dataclass(frozen=True)
class Line:
    """A line as the parser gets it."""

    line: int
    raw: str
    fault: str | None = None


def read(*files: SourceFile) -> tuple[list[Line], list[FileFigures]]:
    """The lines of files, and the figures."""
    reader = LineReader(files)
    rows = reader.stream().read_all().to_pylist()
    return [Line(row["line"], row["raw"], row["fault"]) for row in rows], reader.figures


def read_path(
    path: Path, format: Format = "ndjson", **options: Any
) -> tuple[list[Line], FileFigures]:
    """The lines of one file."""
    (found,) = find_local(path.parent, path.name)
    file = SourceFile(found.uri, found.size, found.place, Input(format, **options))
    lines, (figures,) = read(file)
    return lines, figures


def find(desk: Desk, input: Input | None = None, reload: bool = False) -> list[SourceFile]:
    """What of the source's files is to be read."""
    migrate(desk.warehouse)
    ledger = Ledger(desk.warehouse, "web")
    files = find_files(find_project(desk.folder), ["events/*"], input=input)
    return [rest for file in files if (rest := ledger.find(file, reload=reload))]


def read_new(desk: Desk, input: Input | None = None, reload: bool = False) -> list[Line]:
    """Read what is new in the source's files, and enter it into the ledger."""
    files = find(desk, input, reload)
    lines, figures = read(*files)
    _record(desk, files, figures)
    return lines


def _record(desk: Desk, files: Sequence[SourceFile], figures: Sequence[FileFigures]) -> None:
    rows = [
        {
            "source": "web",
            "uri": file.uri,
            "size": one.size,
            "checksum": one.checksum,
            "byte_offset": one.byte_offset,
            "state": "landed",
        }
        for file, one in zip(files, figures, strict=True)
    ]
    if rows:
        desk.warehouse.insert(LOADS, pa.Table.from_pylist(rows))
