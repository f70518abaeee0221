"""A project whose warehouse is PostgreSQL, with the landed rows of one on DuckDB."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from tests.postgres import PostgresDatabase
from warehouse.dbt import DbtResult, build
from warehouse.engines import Table, Warehouse, quote
from warehouse.engines.duckdb import DuckDBWarehouse
from warehouse.project import find_project

TYPES = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
    "VARCHAR[]": "text[]",
}
Rows = list[tuple[Any, ...]]


def use_output(folder: Path, output: Mapping[str, Any]) -> None:
    """Let every target of a project's profile be a warehouse: nothing else of it changes."""
    path = folder / "profiles.yml"
    profiles = yaml.safe_load(path.read_text("utf-8"))
    for profile in profiles.values():
        profile["outputs"] = {target: dict(output) for target in profile["outputs"]}
    path.write_text(yaml.safe_dump(profiles), "utf-8")


def build_on_postgres(folder: Path, as_of: date, *options: str, tests: bool = False) -> DbtResult:
    """Build a project, and run its tests if wanted; all must succeed."""
    without = () if tests else ("--exclude-resource-type", "test")
    result = build(
        find_project(folder),
        as_of=as_of,
        run_id=f"run of {as_of}",
        options=["--target", "prod", *without, *options],
    )
    assert not result.failures, result.failures
    return result


def copy_landed(path: Path, database: PostgresDatabase, built: Sequence[str]) -> None:
    """Bring what has landed, and what weft keeps of it, to a database that may have some of it.

    ``built`` are the schemas that are not copied.
    """
    from adbc_driver_postgresql import dbapi

    with DuckDBWarehouse(path) as warehouse, dbapi.connect(database.uri) as connection:
        for table in _stored_tables(warehouse, built):
            columns = warehouse.columns(table)
            with connection.cursor() as cursor:
                cursor.execute(f"create schema if not exists {quote(table.schema)}")
                cursor.execute(f"create table if not exists {table} ()")
                for name, type_ in columns.items():
                    cursor.execute(
                        f"alter table {table} add column if not exists {quote(name)} {TYPES[type_]}"
                    )
                cursor.execute(f"delete from {table}")
                rows = warehouse.arrow(f"select * from {table}")
                if rows.num_rows:
                    cursor.adbc_ingest(table.name, rows, mode="append", db_schema_name=table.schema)
        connection.commit()


def _stored_tables(warehouse: Warehouse, left_out: Sequence[str]) -> list[Table]:
    found = warehouse.rows(
        "select table_schema as schema, table_name as name from information_schema.tables"
        " where table_type = 'BASE TABLE' order by all"
    )
    return [Table(**row) for row in found if row["schema"] not in left_out]


def comparable(rows: Rows, names: dict[UUID, str]) -> Rows:
    """Rows in an order, keys of identifiers by the identifiers they are keys of.

    An engine makes keys its own way; nobody is shown one.
    """
    named = [
        tuple(names[value] if isinstance(value, UUID) else value for value in row) for row in rows
    ]
    return sorted(named, key=repr)
