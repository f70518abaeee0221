"""What weft and dbt ask of DuckDB, kept as it is sent."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from warehouse.engines.duckdb import DuckDBWarehouse

if TYPE_CHECKING:
    import pyarrow as pa

ROOT = Path(__file__).parents[1]
Statements = dict[str, list[str]]
"""By the text of a statement the places in the code it came from: ``path:line``, or ``dbt``."""

DBT = "dbt"

_kept: list[Statements] = []


class RecordingWarehouse(DuckDBWarehouse):
    """DuckDB, which keeps what it is asked."""

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        _keep(sql)
        return super().execute(sql, parameters)

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> "pa.Table":
        _keep(sql)
        return super().arrow(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        _keep(sql)
        return super().rows(sql, parameters)

    def batches(
        self, sql: str, parameters: Sequence[object] = (), rows: int = 10_000
    ) -> Iterator["pa.RecordBatch"]:
        _keep(sql)
        return super().batches(sql, parameters, rows)


def _keep(sql: str) -> None:
    """Note a statement of weft's own. What an engine asks for its own ends is the engine's."""
    frame = sys._getframe(2)
    while frame.f_code.co_filename.endswith(("engines/base.py", "contextlib.py")):
        assert frame.f_back is not None
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    if path.is_relative_to(ROOT) and path.parent.name != "engines":
        _note(sql, f"{path.relative_to(ROOT)}:{frame.f_lineno}")


def _note(sql: str, place: str) -> None:
    for kept in _kept:
        places = kept.setdefault(sql, [])
        if place not in places:
            places.append(place)


@contextmanager
def recorded(path: Path) -> Iterator[None]:
    """Within, statements are kept; then they are in the file, one JSON object by their texts."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    ask = DuckDBCursorWrapper.execute

    def execute(self: Any, sql: str, bindings: Any = None) -> Any:
        _note(sql, DBT)
        return ask(self, sql, bindings)  # type: ignore[no-untyped-call]

    kept: Statements = {}
    _kept.append(kept)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.engines.duckdb.DuckDBWarehouse", RecordingWarehouse)
        patch.setattr(DuckDBCursorWrapper, "execute", execute)
        try:
            yield
        finally:
            _kept.pop()
    path.write_text(json.dumps(kept, indent=0), "utf-8")


def statements(*paths: Path) -> Statements:
    """What ``recorded`` has written: of statements that differ in names and values alone, one.

    Without what the adapter of DuckDB asks for its own ends: each adapter has its own.
    """
    found: Statements = {}
    shapes: set[str] = set()
    for path in paths:
        for sql, places in json.loads(path.read_text("utf-8")).items():
            shape = _shape(sql)
            if shape not in shapes and not (DBT in places and _ADAPTERS_OWN.search(shape)):
                shapes.add(shape)
                found[sql] = places
    return found


_ADAPTERS_OWN = re.compile(r"duckdb_\w+\(|describe |version\(\)|system\.information_schema")
_VALUES = re.compile(r"/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'|\d+", re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def _shape(sql: str) -> str:
    return " ".join(_QUOTED.sub('"', _VALUES.sub("0", sql)).lower().split())
