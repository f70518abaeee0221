"""What a profile says of a Spark session, and what is filled in. No Spark is started."""

from pathlib import Path
from typing import Any

import pytest

from warehouse.engines.spark_settings import WAREHOUSE_DIR, read_settings
from warehouse.errors import ConfigurationError

PROJECT = Path("/projects/shop")
URL = "spark.hadoop.javax.jdo.option.ConnectionURL"


def output(**parameters: str) -> dict[str, Any]:
    return {"type": "spark", "method": "session", "server_side_parameters": parameters}


def test_a_profile_without_settings_keeps_its_tables_in_the_project() -> None:
    settings = read_settings(output(), PROJECT)
    assert settings.values[WAREHOUSE_DIR] == "/projects/shop/spark_warehouse"
    assert "databaseName=/projects/shop/spark_metastore;" in settings.values[URL]
    assert settings.lock == PROJECT / "spark_metastore.lock"
    assert settings.values["spark.master"] == "local[*]"
    assert settings.table_format == "parquet"


def test_paths_lie_in_the_project_unless_they_say_where() -> None:
    local = {WAREHOUSE_DIR: "tables", URL: "jdbc:derby:;databaseName=meta;create=true"}
    settings = read_settings(output(**local), PROJECT)
    assert settings.values[WAREHOUSE_DIR] == settings.place == "/projects/shop/tables"
    assert settings.lock == PROJECT / "meta.lock"
    far = read_settings(output(**{WAREHOUSE_DIR: "s3a://bucket/tables"}), PROJECT)
    assert far.values[WAREHOUSE_DIR] == "s3a://bucket/tables"


def test_a_metastore_of_others_has_no_lock_of_ours() -> None:
    served = {"spark.hadoop.hive.metastore.uris": "thrift://metastore:9083"}
    assert read_settings(output(**served), PROJECT).lock is None
    database = {URL: "jdbc:postgresql://metastore/hive"}
    settings = read_settings(output(**database), PROJECT)
    assert settings.lock is None
    assert settings.values[URL] == "jdbc:postgresql://metastore/hive"


def test_what_weft_relies_on_cannot_be_set_otherwise() -> None:
    given = {"spark.sql.session.timeZone": "Europe/Berlin", "spark.executor.memory": "4g"}
    values = read_settings(output(**given), PROJECT).values
    assert values["spark.sql.session.timeZone"] == "UTC"
    assert values["spark.executor.memory"] == "4g"


def test_a_cluster_is_not_set_as_one_machine_is() -> None:
    values = read_settings(output(**{"spark.master": "spark://head:7077"}), PROJECT).values
    assert "spark.sql.shuffle.partitions" not in values
    assert read_settings(output(), PROJECT).values["spark.sql.shuffle.partitions"] == "4"


def test_the_format_of_tables_is_a_setting() -> None:
    delta = read_settings(output(**{"spark.sql.sources.default": "delta"}), PROJECT)
    assert delta.table_format == "delta"


def test_other_methods_than_a_session_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="set method: session"):
        read_settings(output() | {"method": "thrift"}, PROJECT)


def test_parameters_that_are_no_mapping_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="must be a mapping"):
        read_settings(output() | {"server_side_parameters": "spark.master"}, PROJECT)
