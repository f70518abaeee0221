"""Traits on Spark: of every kind, in another time zone, what they are on DuckDB."""

from collections.abc import Sequence
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.dbt_project.on_postgres import build_on_postgres, use_output
from tests.dbt_project.on_spark import SparkTables, copy_landed
from tests.dbt_project.shop import Event
from tests.dbt_project.trait_story import Chance, as_of_day, land, make_story_shop
from tests.spark import spark_output

pytestmark = [pytest.mark.spark, pytest.mark.slow]

TABLES = ("kept_traits", "stateless_traits", "profiles", "loyal", "window_shoppers")


def batches(count: int) -> list[tuple[int, Sequence[Event]]]:
    """A history, then days with late events and people who turn out to be one."""
    chance = Chance(11)
    return [
        (16, [*chance.events(0, 19, count), *(chance.meeting(12) for _ in range(6))]),
        (
            18,
            [
                *chance.events(0, 15, 60),
                *chance.events(17, 19, 60),
                *(chance.meeting(18) for _ in range(6)),
                *(chance.joining(18) for _ in range(6)),
            ],
        ),
    ]


def test_traits_and_audiences_are_those_of_duckdb(spark_folder: Path, tmp_path: Path) -> None:
    shop = make_story_shop(tmp_path / "shop")
    # A project's name is the salt of its profile ids.
    folder = spark_folder / "shop"
    copytree(shop.folder, folder, ignore=ignore_patterns("*.duckdb*", "target"))
    output = spark_output(spark_folder)
    use_output(folder, output)
    spark = SparkTables(output, folder)
    for day, batch in batches(500):
        land(shop, day, batch)
        shop.build_models(as_of=as_of_day(day).isoformat())
        copy_landed(shop.folder / "dev.duckdb", spark, ["analytics"])
        build_on_postgres(folder, as_of_day(day))
        for table in TABLES:
            found = spark.execute(f"select * from analytics.{table} order by profile_id")
            assert found == [tuple(row.values()) for row in shop.dump(table)], table
    builds = (
        "select is_full from analytics.trait_builds where model_name = 'kept_traits' order by build"
    )
    assert spark.execute(builds) == [(True,), (False,)]
    assert spark.execute("select * from analytics.loyal")
    assert spark.execute("select * from analytics.window_shoppers")
