"""One module per engine. The only place, beside dispatched macros, that knows engines apart."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from warehouse.engines.base import Limits, Table, Warehouse, literal, quote
from warehouse.engines.compiled import COMPILED
from warehouse.errors import ConfigurationError

__all__ = [
    "Limits",
    "Table",
    "Warehouse",
    "dbt_session",
    "forget_dbt_connections",
    "literal",
    "open_engine",
    "quote",
    "refuse_compiled",
]

_RUNS_ON = "duckdb, postgres, spark"


def open_engine(output: Mapping[str, Any], project_dir: Path) -> Warehouse:
    """The warehouse that a dbt profile's output describes.

    Raises ConfigurationError for an engine weft does not have or has never run, LockedError when
    it is in use.
    """
    engine = str(output.get("type"))
    if engine == "duckdb":
        from warehouse.engines.duckdb import DuckDBWarehouse

        # dbt resolves a relative path from the project's folder, and so must we.
        path = project_dir / str(output.get("path", "warehouse.duckdb"))
        return DuckDBWarehouse(path, output.get("config_options"))
    if engine == "postgres":
        from warehouse.engines.postgres import PostgresWarehouse

        return PostgresWarehouse(output)
    if engine == "spark":
        from warehouse.engines.spark import SparkWarehouse

        return SparkWarehouse(output, project_dir)
    refuse_compiled(output)
    raise ConfigurationError(
        f"The profile's target has type {engine!r}; weft works with: {_RUNS_ON}."
    )


def refuse_compiled(output: Mapping[str, Any]) -> None:
    """Raise ConfigurationError for an engine that weft compiles for and has never run."""
    engine = COMPILED.get(str(output.get("type")))
    if engine is not None:
        raise ConfigurationError(
            f"The profile's target is {engine.name}, for which weft compiles its SQL and has never"
            f" run it: choose a target, with --target, of one of {_RUNS_ON}."
        )


@contextmanager
def dbt_session(output: Mapping[str, Any], project_dir: Path) -> Iterator[None]:
    """Within, dbt finds in this process what it works with where that is not a connection.

    Raises what ``open_engine`` raises.
    """
    if output.get("type") != "spark":
        yield
        return
    from warehouse.engines.spark_session import SessionHold

    # Without it dbt would start a session of its own, with another metastore.
    hold = SessionHold.take(output, project_dir)
    try:
        yield
    finally:
        hold.give_back()


def forget_dbt_connections(output: Mapping[str, Any]) -> None:
    """Let go of what dbt keeps open between two runs in one process."""
    if output.get("type") == "duckdb":
        from warehouse.engines.duckdb import forget_dbt_connections

        forget_dbt_connections()
