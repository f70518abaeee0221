"""Spark: statements in this process's session; tables change as ``spark_tables`` says."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.engines.base import Limits, Table, Warehouse
from warehouse.engines.in_process import BOUNDED_MEMORY, Parser, bounded
from warehouse.engines.spark_session import SessionHold
from warehouse.engines.spark_statements import Statements
from warehouse.engines.spark_tables import Tables, place
from warehouse.engines.spark_types import type_name
from warehouse.engines.sql_rules import CHECKSUM

if TYPE_CHECKING:
    import pyarrow as pa


class SparkWarehouse(Warehouse):
    """The tables of a Spark catalog, for this process alone among those of weft.

    ``output`` is the dbt profile's. Raw files are parsed by DuckDB in this process; what it makes
    of them travels as Parquet. A transaction happens together or not at all for whoever opens the
    warehouse next; who reads it meanwhile sees tables change one after the other.

    Raises LockedError when another process works in the warehouse, ConfigurationError for settings
    or packages that are missing, WeftError when Spark does not start.
    """

    dialect = "spark"
    default_schema = "default"
    # What Hive's metastore keeps of a name; columns are stored as one text.
    limits = Limits(name=128, columns=5_000)

    def __init__(self, output: Mapping[str, Any], project_dir: Path) -> None:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        self.failures = (duckdb.Error, PySparkException, Py4JError)
        self.journals = project_dir / ".weft" / "journals"
        self._hold = SessionHold.take(output, project_dir)
        try:
            # Its own settings: dbt's statements do not raise where weft's must.
            self._spark = self._hold.session.newSession()
            self._spark.conf.set("spark.sql.ansi.enabled", "true")
            self._tables = Tables(self._spark, self._hold.settings.table_format)
            self._parser = Parser()
            self._statements = Statements(self._spark, self._tables)
            if not self._hold.is_clean:
                self._make_clean()
                self._tables.parts.clear(of_everyone=True)
        except BaseException:
            self._hold.give_back()
            raise

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        with self._changing():
            return self._statements.execute(sql, parameters)

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> "pa.Table":
        return self._statements.ask(sql, parameters).toArrow()

    def batches(
        self, sql: str, parameters: Sequence[object] = (), rows: int = 10_000
    ) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        frame = self._statements.ask(sql, parameters)
        schema = frame.limit(0).toArrow().schema
        some: list[dict[str, Any]] = []
        for row in frame.toLocalIterator():
            some.append(row.asDict(recursive=True))
            if len(some) == rows:
                yield pa.RecordBatch.from_pylist(some, schema)
                some = []
        if some:
            yield pa.RecordBatch.from_pylist(some, schema)

    def insert(self, table: Table, data: "pa.Table | pa.RecordBatchReader") -> int:
        import pyarrow as pa

        reader = data.to_reader() if isinstance(data, pa.Table) else data
        part, rows = self._tables.parts.write_arrow(reader, self._statements.columns(table))
        with self._changing(), self._statements.change(table) as changed:
            changed.parts.append(part)
        return rows

    def insert_parsed(self, table: Table, columns: Sequence[str], select: str) -> int:
        types = self._statements.columns(table)
        chosen = {column: types[column] for column in columns}
        part, rows = self._tables.parts.write_parsed(self.parser, select, chosen)
        if rows:
            with self._changing(), self._statements.change(table) as changed:
                changed.parts.append(part)
        return rows

    def create_temporary(self, name: str, sql: str) -> None:
        self._statements.create_temporary(Table("", name), sql)

    @property
    def parser(self) -> duckdb.DuckDBPyConnection:
        return self._parser.connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._make_clean()
        self._statements.begin()
        try:
            with self._parser.transaction():
                yield
        except BaseException:
            self._statements.end()
            raise
        changes = self._statements.end()
        with self._changing():
            self._tables.commit(changes)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Within, tables change. What fails halfway is finished or undone before anything else."""
        if self._statements.in_transaction:
            yield
            return
        self._make_clean()
        self._hold.is_clean = False
        yield
        self._hold.is_clean = True

    def _make_clean(self) -> None:
        if not self._hold.is_clean:
            self._tables.recover()
            self._hold.is_clean = True

    @contextmanager
    def bounded_memory(self, limit: str = BOUNDED_MEMORY) -> Iterator[None]:
        with bounded(self.parser, limit):
            yield

    @contextmanager
    def many_commits(self) -> Iterator[None]:
        yield

    def columns(self, table: Table) -> Mapping[str, str]:
        return {one: type_name(kind) for one, kind in self._statements.columns(table).items()}

    def schema_columns(self, schema: str) -> Mapping[str, Mapping[str, str]]:
        names = set(self._tables.names(schema))
        names |= self._statements.new_tables(schema)
        found = {one: self.columns(Table(schema, one)) for one in sorted(names)}
        return {one: columns for one, columns in found.items() if columns}

    def dependents(self, table: Table) -> Sequence[str]:
        # Spark does not keep what a view reads: any that mentions the name may.
        views = [
            Table(schema, one)
            for schema in self._tables.schemas()
            for one in self._tables.names(schema, "views")
        ]
        return [view.name for view in views if table.name.lower() in self._definition(view)]

    @property
    def identity(self) -> str:
        return f"spark {self._hold.settings.place}"

    def checksum(self, expression: str) -> str:
        return f"{CHECKSUM}({expression})"

    def close(self) -> None:
        self._tables.parts.clear()
        self._parser.close()
        self._hold.give_back()

    def _definition(self, view: Table) -> str:
        [row] = self._spark.sql(f"show create table {place(view)}").collect()
        return str(row[0]).lower()
