"""Spark warehouses for tests: real ones, of a process of their own at a time."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shared import made_once
from warehouse.engines import Table, open_engine, quote
from warehouse.engines.duckdb import DuckDBWarehouse
from warehouse.engines.spark_session import SessionHold
from warehouse.project import Project

# Rows are few and statements many: what is compiled for each of them costs more than it saves.
QUICK = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


def spark_output(folder: Path, **parameters: str) -> dict[str, Any]:
    """What a dbt profile says of a warehouse in a folder, which is made where it is not there."""
    settings = {
        "spark.master": "local[2]",
        **QUICK,
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={folder / 'metastore'};create=true"
        ),
    }
    return {
        "type": "spark",
        "method": "session",
        "host": "local",
        "schema": "analytics",
        "threads": 1,
        "server_side_parameters": settings | parameters,
    }


def new_spark_output(folder: Path, **parameters: str) -> dict[str, Any]:
    """A warehouse in a folder that is empty; its metastore is a copy, which is made sooner."""
    template = made_once("spark-metastore", _make_metastore)
    shutil.copytree(template / "metastore", folder / "metastore")
    return spark_output(folder, **parameters)


def _make_metastore(folder: Path) -> None:
    hold = SessionHold.take(spark_output(folder), folder)
    hold.session.sql("show databases").collect()
    hold.give_back()
    SessionHold.end_present()


@pytest.fixture(scope="session")
def java() -> None:
    """Skips where Spark cannot run."""
    pytest.importorskip("pyspark", reason="no Spark to test against")
    try:
        found = subprocess.run(["java", "-version"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("Spark needs Java 17 or later, and there is no java")
    if found.returncode:
        pytest.skip("Spark needs Java 17 or later, and java does not start")


@pytest.fixture(scope="session")
def spark_sessions(java: None) -> Iterator[None]:
    """Sessions may be started; the last one ends with the tests."""
    yield
    SessionHold.end_present()


@pytest.fixture(scope="session")
def spark_folder(spark_sessions: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, in which quick tests share a warehouse and its session."""
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="session")
def shared_spark_output(
    spark_sessions: None, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """A warehouse that tests share one after the other: a session takes longest to start."""
    return new_spark_output(tmp_path_factory.mktemp("shared_spark"))


def emptied(output: dict[str, Any]) -> dict[str, Any]:
    """The same warehouse without the schemas that an earlier test has made."""
    folder = Path(output["server_side_parameters"]["spark.sql.warehouse.dir"]).parent
    with open_engine(output, folder) as warehouse:
        schemas = warehouse.rows("select schema_name as name from information_schema.schemata")
        for name in (row["name"] for row in schemas if row["name"] != "default"):
            warehouse.execute(f"drop schema {quote(name)} cascade")
    return output


def export(project: Project, path: Path) -> None:
    """Write every table of a project's warehouse to a DuckDB file, under the same names."""
    with project.open() as warehouse, DuckDBWarehouse(path) as exported:
        found = warehouse.rows(
            "select table_schema as schema, table_name as name from information_schema.tables"
            " order by table_schema, table_name"
        )
        for table in (Table(**row) for row in found):
            columns = warehouse.columns(table)
            types = ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())
            exported.execute(f"create schema if not exists {quote(table.schema)}")
            exported.execute(f"create table {table} ({types})")
            exported.insert(table, warehouse.arrow(f"select * from {table}"))
