"""What a Spark session of weft is set to, and where it keeps its tables: read from a dbt profile.

All that may be set is Spark's own, under ``server_side_parameters`` of the target, so that dbt and
weft have the same session. What a profile leaves open is filled in here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.errors import ConfigurationError

WAREHOUSE_DIR = "spark.sql.warehouse.dir"
_METASTORE_URL = "spark.hadoop.javax.jdo.option.ConnectionURL"
_METASTORE_SERVER = "spark.hadoop.hive.metastore.uris"
_DERBY = re.compile(r"jdbc:derby:(?!//)[^;]*;?.*?databaseName=(?P<path>[^;]+)")

REQUIRED = {
    # Landed times are UTC without a zone, and so is every time that a model makes of one.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # Names are DuckDB's: alike whatever their case.
    "spark.sql.caseSensitive": "false",
    # dbt-spark switches it off for whatever it runs; weft's own statements switch it on.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # A session would not notice that another one, such as dbt's, has replaced a table.
    "spark.sql.filesourceTableRelationCacheSize": "0",
    # The metastore forgets the case of names and the order of columns that are not its own.
    "spark.sql.legacy.createHiveTableByDefault": "false",
}
"""What weft's SQL relies on: set whatever the profile says."""

_DEFAULTS = {
    "spark.master": "local[*]",
    "spark.app.name": "weft",
    "spark.sql.sources.default": "parquet",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
}
_LOCAL_DEFAULTS = {
    # Two hundred partitions of a table of a thousand rows cost more than all else.
    "spark.sql.shuffle.partitions": "4",
    "spark.default.parallelism": "4",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
}


@dataclass(frozen=True)
class SparkSettings:
    """How a session is made. ``lock`` is the file that says who works in an embedded metastore."""

    values: Mapping[str, str]
    lock: Path | None
    log: Path = field(compare=False)
    place: str

    @property
    def table_format(self) -> str:
        """What stored tables are: parquet, delta or iceberg."""
        return self.values["spark.sql.sources.default"]


def read_settings(output: Mapping[str, Any], project_dir: Path) -> SparkSettings:
    """The settings in a dbt profile's output.

    Relative paths lie in the project's folder. Raises ConfigurationError for another method than
    ``session``.
    """
    method = output.get("method")
    if method != "session":
        raise ConfigurationError(
            f"The profile's target of type spark has method {method!r}, and weft works with a "
            "session of its own; set method: session, and spark.master to reach a cluster."
        )
    given = {str(key): str(value) for key, value in _parameters(output).items()}
    values = _DEFAULTS | given
    if values["spark.master"].startswith("local"):
        values = _LOCAL_DEFAULTS | values
    place = project_dir / given.get(WAREHOUSE_DIR, "spark_warehouse")
    if ":" not in given.get(WAREHOUSE_DIR, ""):
        values[WAREHOUSE_DIR] = str(place)
    metastore = _metastore(values, project_dir)
    if metastore is not None:
        values[_METASTORE_URL] = f"jdbc:derby:;databaseName={metastore};create=true"
        options = values.get("spark.driver.extraJavaOptions", "")
        values["spark.driver.extraJavaOptions"] = (
            f"{options} -Dderby.stream.error.file={metastore.with_suffix('.log')}".strip()
        )
    return SparkSettings(
        values=values | REQUIRED,
        lock=metastore.with_name(f"{metastore.name}.lock") if metastore else None,
        log=project_dir / "logs" / "spark.log",
        place=str(values[WAREHOUSE_DIR]),
    )


def _parameters(output: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = output.get("server_side_parameters") or {}
    if not isinstance(parameters, Mapping):
        raise ConfigurationError(
            "server_side_parameters of the profile's target must be a mapping of Spark's settings."
        )
    return parameters


def _metastore(values: Mapping[str, str], project_dir: Path) -> Path | None:
    """Where an embedded metastore lies; None where a server or another database keeps it."""
    if values.get(_METASTORE_SERVER):
        return None
    url = values.get(_METASTORE_URL, "jdbc:derby:;databaseName=spark_metastore")
    derby = _DERBY.match(url)
    return project_dir / derby["path"] if derby else None
