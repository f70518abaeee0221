"""The sample shop, built on Spark from the same landed rows: row for row what it is on DuckDB."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest

import sample_data
from tests.conftest import Shop
from tests.dbt_project.on_postgres import Rows, build_on_postgres, use_output
from tests.dbt_project.on_spark import SparkTables, copy_landed
from tests.dbt_project.test_postgres_shop import (
    BUILT,
    LEDGERS,
    MAYBE_EMPTY,
    NAMES,
    NOT_COMPARED,
)
from tests.spark import spark_output
from warehouse.engines import quote
from warehouse.engines.duckdb import DuckDBWarehouse

pytestmark = [pytest.mark.spark, pytest.mark.slow]


class TwoShops:
    """The shop on both engines: what differed after each day."""

    def __init__(self, folder: Path, output: dict[str, Any]) -> None:
        self.folder = folder
        self.spark = SparkTables(output, folder)
        self.after: dict[date, list[str]] = {}

    def run_day(self, shop: Shop, as_of: date) -> None:
        """Bring over what has landed until a day, build, and compare."""
        path = shop.folder / "prod.duckdb"
        copy_landed(path, self.spark, [BUILT])
        build_on_postgres(self.folder, as_of)
        self.after[as_of] = self.differences(path)

    def differences(self, path: Path, left_out: Sequence[str] = ()) -> list[str]:
        """The tables whose rows are not the same, but for some columns."""
        found = []
        with DuckDBWarehouse(path) as warehouse:
            duckdb = warehouse.parser
            stored = warehouse.schema_columns(BUILT)
            assert sorted(stored) == self.spark.names(BUILT)
            names = [dict(duckdb.execute(NAMES).fetchall()), dict(self.spark.execute(NAMES))]
            for table in sorted(stored):
                columns = [one for one in stored[table] if one not in left_out]
                assert [*stored[table]] == self.spark.columns(f"{BUILT}.{table}")
                unlike = NOT_COMPARED | ({"event_id"} if table == "audience_events" else set())
                parts = ["''" if one in unlike else quote(one) for one in columns]
                query = f"select {', '.join(parts)} from {BUILT}.{table}"
                rows = [
                    duckdb.execute(query).fetchall(),
                    self.spark.execute(query.replace('"', "`")),
                ]
                assert rows[0] or table in MAYBE_EMPTY
                if _named(rows[0], names[0]) != _named(rows[1], names[1]):
                    found.append(table)
        return found


def _named(rows: Rows, names: dict[Any, str]) -> Rows:
    """Rows in an order, keys of identifiers by the identifiers they are keys of."""
    return sorted((tuple(_name(value, names) for value in row) for row in rows), key=repr)


def _name(value: Any, names: dict[Any, str]) -> Any:
    if isinstance(value, dict):
        # What a cell holds beside its value says where nulls come.
        return value["value"]
    if hasattr(value, "asDict"):
        return value["value"]
    return value if isinstance(value, list) else names.get(value, value)


@pytest.fixture(scope="module")
def shops(first_day: Shop, next_day: Shop, spark_folder: Path) -> TwoShops:
    """The shop after both days."""
    folder = spark_folder / "shop"
    copytree(first_day.folder, folder, ignore=ignore_patterns("*.duckdb*", "target", "received"))
    output = spark_output(spark_folder)
    use_output(folder, output)
    shops = TwoShops(folder, output)
    shops.run_day(first_day, sample_data.FIRST_AS_OF)
    shops.run_day(next_day, sample_data.NEXT_AS_OF)
    return shops


def test_every_table_is_the_same_after_each_day(shops: TwoShops) -> None:
    assert shops.after == {sample_data.FIRST_AS_OF: [], sample_data.NEXT_AS_OF: []}


def test_the_next_day_builds_nothing_anew(shops: TwoShops) -> None:
    full = shops.spark.execute(
        "select model_name from analytics.identity_builds where build = 2 and is_full"
        " union all select model_name from analytics.trait_builds where build = 2 and is_full"
    )
    with_days = [("profiles",)]
    assert [row for row in full if row not in with_days] == []


def test_a_full_refresh_changes_nothing_and_passes_the_tests_of_the_project(
    shops: TwoShops, next_day: Shop
) -> None:
    register = "select * from analytics.profile_id_register order by position"
    before = shops.spark.execute(register)
    build_on_postgres(shops.folder, sample_data.NEXT_AS_OF, "--full-refresh", tests=True)
    assert shops.spark.execute(register) == before
    differences = shops.differences(next_day.folder / "prod.duckdb", left_out=["build"])
    assert set(differences) <= LEDGERS
