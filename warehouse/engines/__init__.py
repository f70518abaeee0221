"""One module per engine. The only place, beside dispatched macros, that knows engines apart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from warehouse.engines.base import Table, Warehouse, literal, quote
from warehouse.errors import ConfigurationError

__all__ = ["Table", "Warehouse", "forget_dbt_connections", "literal", "open_engine", "quote"]


def open_engine(output: Mapping[str, Any], project_dir: Path) -> Warehouse:
    """The warehouse that a dbt profile's output describes.

    Raises ConfigurationError for an engine weft does not have, LockedError when it is in use.
    """
    engine = output.get("type")
    if engine == "duckdb":
        from warehouse.engines.duckdb import DuckDBWarehouse

        # dbt resolves a relative path from the project's folder, and so must we.
        path = project_dir / str(output.get("path", "warehouse.duckdb"))
        return DuckDBWarehouse(path, output.get("config_options"))
    raise ConfigurationError(f"The profile's target has type {engine!r}; weft works with: duckdb.")


def forget_dbt_connections(output: Mapping[str, Any]) -> None:
    """Let go of what dbt keeps open between two runs in one process."""
    if output.get("type") == "duckdb":
        from warehouse.engines.duckdb import forget_dbt_connections

        forget_dbt_connections()
