"""A project whose warehouse is Spark, with the landed rows of one on DuckDB."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.dbt_project.on_postgres import Rows
from warehouse.engines import Table, Warehouse, literal
from warehouse.engines.duckdb import DuckDBWarehouse
from warehouse.engines.spark_session import SessionHold


class SparkTables:
    """The tables of a target, read and written without weft's own SQL for Spark."""

    def __init__(self, output: dict[str, Any], folder: Path) -> None:
        self._output = output
        self._folder = folder

    def execute(self, sql: str) -> Rows:
        """Run Spark's SQL; its rows, none where it gives none."""
        hold = SessionHold.take(self._output, self._folder)
        try:
            return [tuple(row) for row in hold.session.sql(sql).collect()]
        finally:
            hold.give_back()

    def names(self, schema: str) -> list[str]:
        """The tables and views of a schema."""
        found = self.execute(f"show tables in {schema}")
        return sorted(name for place, name, _ in found if place == schema)

    def columns(self, table: str) -> list[str]:
        """The columns of a table, in their order."""
        return [str(name) for name, *_ in self.execute(f"describe {table}")]


def copy_landed(path: Path, tables: SparkTables, left_out: Sequence[str]) -> None:
    """Bring what has landed, and what weft keeps of it, to a warehouse that may have some of it.

    ``left_out`` are the schemas that are not copied.
    """
    with DuckDBWarehouse(path) as warehouse, TemporaryDirectory() as folder:
        for table in _stored_tables(warehouse, left_out):
            file = Path(folder) / f"{table.schema}.{table.name}.parquet"
            warehouse.execute(f"copy (select * from {table}) to {literal(str(file))}")
            name = f"`{table.schema}`.`{table.name}`"
            tables.execute(f"create schema if not exists `{table.schema}`")
            tables.execute(f"drop table if exists {name}")
            tables.execute(f"create table {name} as select * from parquet.`{file}`")


def _stored_tables(warehouse: Warehouse, left_out: Sequence[str]) -> list[Table]:
    found = warehouse.rows(
        "select table_schema as schema, table_name as name from information_schema.tables"
        " where table_type = 'BASE TABLE' order by all"
    )
    return [Table(**row) for row in found if row["schema"] not in left_out]
