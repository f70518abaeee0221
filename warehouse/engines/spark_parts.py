"""Rows on their way into tables: files beside the warehouse that a change is made of.

A part is complete before any table changes, and lies where a later process finds it.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.engines.base import literal, quote
from warehouse.engines.spark_settings import WAREHOUSE_DIR
from warehouse.engines.spark_sql import name
from warehouse.engines.spark_types import arrow_type, type_name

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

_FOLDER = "weft_parts"
_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Part:
    """Rows in a folder of Parquet files, readable as a temporary view of the session."""

    path: str
    view: str
    columns: Mapping[str, str]

    def values(self, columns: Mapping[str, str]) -> str:
        """SQL for its rows with these columns, by name and type; null where it lacks one."""
        values = ", ".join(
            f"cast({name(one) if one in self.columns else 'null'} as {kind}) as {name(one)}"
            for one, kind in columns.items()
        )
        return f"select {values} from {name(self.view)}"


class Parts:
    """Writes parts, and deletes them when they are used up."""

    def __init__(self, spark: "SparkSession") -> None:
        self._spark = spark
        self._root = f"{spark.conf.get(WAREHOUSE_DIR)}/{_FOLDER}"
        self._folder = f"{self._root}/{uuid.uuid4()}"
        self._count = 0

    def write(self, frame: "DataFrame", columns: Mapping[str, str]) -> tuple[Part, int]:
        """The rows of a frame that has these columns, and their number."""
        from pyspark.sql import Observation
        from pyspark.sql.functions import count, lit

        path, seen = self._next(), Observation()
        frame.observe(seen, count(lit(1)).alias("rows")).write.parquet(path)
        return self.open(path, columns), int(seen.get["rows"])

    def write_parsed(
        self, parser: "duckdb.DuckDBPyConnection", select: str, columns: Mapping[str, str]
    ) -> tuple[Part, int]:
        """The result of a query over the parser's tables, and the number of its rows."""
        names = [quote(one) for one in columns]
        values = ", ".join(
            f"cast({one} as {type_name(kind)}) as {one}"
            for one, kind in zip(names, columns.values(), strict=True)
        )
        rows = f"select {values} from ({select}) as rows({', '.join(names)})"
        if self._local is None:
            return self.write_arrow(parser.sql(rows).to_arrow_reader(_ROWS_AT_ONCE), columns)
        path = self._next()
        (written,) = parser.execute(
            f"copy ({rows}) to {literal(str(self._file(path)))}"
            " (format parquet, compression snappy)"
        ).fetchall()
        return self.open(path, columns), int(written[0])

    def write_arrow(
        self, data: "pa.RecordBatchReader", columns: Mapping[str, str]
    ) -> tuple[Part, int]:
        """Arrow data, its columns by name, and the number of its rows."""
        import pyarrow as pa

        types = {one: columns[one] for one in data.schema.names}
        schema = pa.schema(
            [(one.name, arrow_type(types[one.name]) or one.type) for one in data.schema]
        )
        path, rows = self._next(), 0
        write = self._write_table if self._local is None else self._write_file
        for table in _tables(data):
            rows += table.num_rows
            write(path, table.cast(schema))
        return self.open(path, types), rows

    def _write_table(self, path: str, table: "pa.Table") -> None:
        self._spark.createDataFrame(table).write.mode("append").parquet(path)

    def _write_file(self, path: str, table: "pa.Table") -> None:
        import pyarrow.parquet as pq

        pq.write_table(table, self._file(path), compression="snappy")

    def _file(self, path: str) -> Path:
        """The next file of a part in the local file system."""
        assert self._local is not None
        folder = self._local / path.removeprefix(self._root).lstrip("/")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / f"part-{uuid.uuid4()}.parquet"

    def open(self, path: str, columns: Mapping[str, str]) -> Part:
        """The part in a folder, whoever wrote it."""
        view = f"weft_part_{uuid.uuid4().hex}"
        schema = ", ".join(f"{name(one)} {kind}" for one, kind in columns.items())
        self._spark.read.schema(schema).parquet(path).createOrReplaceTempView(view)
        return Part(path, view, dict(columns))

    def drop(self, parts: Sequence[Part]) -> None:
        """Delete parts that are used up."""
        for part in parts:
            self._spark.catalog.dropTempView(part.view)
            self._delete(part.path)

    def clear(self, *, of_everyone: bool = False) -> None:
        """Delete all of this warehouse's parts; ``of_everyone`` those of dead processes too."""
        self._delete(self._root if of_everyone else self._folder)

    def _next(self) -> str:
        self._count += 1
        return f"{self._folder}/{self._count}"

    @property
    def _local(self) -> Path | None:
        """The folder of parts where it lies in the local file system."""
        plain = self._root.removeprefix("file://").removeprefix("file:")
        return Path(plain) if ":" not in plain else None

    def _delete(self, path: str) -> None:
        machine: Any = self._spark.sparkContext._jvm
        place = machine.org.apache.hadoop.fs.Path(path)
        files = place.getFileSystem(self._spark.sparkContext._jsc.hadoopConfiguration())
        files.delete(place, True)


def _tables(data: "pa.RecordBatchReader") -> Iterator["pa.Table"]:
    """Some hundred thousand rows at a time."""
    import pyarrow as pa

    batches: list[pa.RecordBatch] = []
    rows = 0
    for batch in data:
        batches.append(batch)
        rows += batch.num_rows
        if rows >= _ROWS_AT_ONCE:
            yield pa.Table.from_batches(batches)
            batches, rows = [], 0
    if rows or not batches:
        yield pa.Table.from_batches(batches, data.schema)
