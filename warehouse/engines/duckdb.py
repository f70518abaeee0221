"""DuckDB: the embedded default. The file lock is the lock."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.engines.base import Table, Warehouse, quote
from warehouse.engines.in_process import BOUNDED_MEMORY, bounded, settle
from warehouse.errors import ConfigurationError, LockedError, WeftError

if TYPE_CHECKING:
    import pyarrow as pa

_INSERT = re.compile(
    r"\s*insert\s+into\s+((?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)", re.IGNORECASE
)
_ROW_GROUP = 122_880
# How much a crash leaves to replay from the log: a second's work.
_RARE_CHECKPOINTS = "256MB"
_MEMORY_SETTINGS = frozenset(("memory_limit", "max_memory"))
_LOCK_HOLDER = re.compile(r"\(PID (\d+)\)")


class DuckDBWarehouse(Warehouse):
    """A DuckDB file, open for reading and writing.

    ``settings`` must be those dbt connects with: within a process DuckDB refuses a second
    connection to one file that is configured differently.

    Raises LockedError when another process has the file open, ConfigurationError when the file
    cannot be opened as a DuckDB database.
    """

    dialect = "duckdb"
    default_schema = "main"
    failures = (duckdb.Error,)

    def __init__(self, path: Path, settings: Mapping[str, Any] | None = None) -> None:
        self.path = path
        self._empty_inserts: set[str] | None = None
        self._hides_rows = False
        self._limits_memory = bool(_MEMORY_SETTINGS & set(settings or {}))
        self._connection = _connect(path, dict(settings or {}))
        settle(self._connection)

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        result = self._connection.execute(sql, list(parameters)).fetchall()
        if len(result) == 1 and len(result[0]) == 1 and isinstance(result[0][0], int):
            count = int(result[0][0])
            self._watch_insert(sql, count)
            return count
        return 0

    def _watch_insert(self, sql: str, count: int) -> None:
        """Notice when DuckDB 2.0 will not show rows that it has.

        In one transaction, an insert of nothing into a table, then one of a row group or more,
        leaves the table's rows out of every scan until the next checkpoint.
        """
        insert = _INSERT.match(sql)
        if self._empty_inserts is None or insert is None:
            return
        if count == 0:
            self._empty_inserts.add(insert[1])
        elif count >= _ROW_GROUP and insert[1] in self._empty_inserts:
            self._hides_rows = True

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> "pa.Table":
        return self._connection.sql(sql, params=list(parameters)).to_arrow_table()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        # Arrow costs a millisecond for each of the many small queries of a command.
        self._connection.execute(sql, list(parameters))
        names = [column[0] for column in self._connection.description or ()]
        return [dict(zip(names, row, strict=True)) for row in self._connection.fetchall()]

    def batches(
        self, sql: str, parameters: Sequence[object] = (), rows: int = 10_000
    ) -> Iterator["pa.RecordBatch"]:
        # A cursor of its own: DuckDB streams a result and holds the connection until it is read.
        with self._connection.cursor() as cursor:
            cursor.execute("set TimeZone = 'UTC'")
            yield from cursor.sql(sql, params=list(parameters)).to_arrow_reader(rows)

    def insert(self, table: Table, data: "pa.Table | pa.RecordBatchReader") -> int:
        columns = ", ".join(quote(name) for name in data.schema.names)
        self._connection.register("weft_arriving", data)
        try:
            return self.execute(
                f"insert into {table} ({columns}) select {columns} from weft_arriving"
            )
        finally:
            self._connection.unregister("weft_arriving")

    def insert_parsed(self, table: Table, columns: Sequence[str], select: str) -> int:
        names = ", ".join(quote(column) for column in columns)
        return self.execute(f"insert into {table} ({names}) {select}")

    @property
    def parser(self) -> duckdb.DuckDBPyConnection:
        return self._connection

    def create_temporary(self, name: str, sql: str) -> None:
        self.execute(f"create temporary table {quote(name)} as {sql}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.begin()
        self._empty_inserts, self._hides_rows = set(), False
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        finally:
            self._empty_inserts = None
        self._connection.commit()
        if self._hides_rows:
            self._connection.execute("checkpoint")

    @contextmanager
    def bounded_memory(self, limit: str = BOUNDED_MEMORY) -> Iterator[None]:
        if self._limits_memory:
            yield
            return
        with bounded(self._connection, limit):
            yield

    @contextmanager
    def many_commits(self) -> Iterator[None]:
        # A checkpoint writes whole tables' last row groups again; and spreading a short statement
        # over every processor costs more than it saves, while requests wait for one.
        settings = {
            "checkpoint_threshold": _RARE_CHECKPOINTS,
            "threads": max(1, (os.cpu_count() or 1) - 1),
        }
        before = {
            name: self.value(f"select cast(current_setting('{name}') as varchar) as value")
            for name in settings
        }
        self._set(settings)
        try:
            yield
        finally:
            self._set(before)

    def _set(self, settings: Mapping[str, object]) -> None:
        for name, value in settings.items():
            text = str(value).replace("'", "''")
            self._connection.execute(f"set {name} = '{text}'")

    def columns(self, table: Table) -> Mapping[str, str]:
        if self._empty_inserts is not None:
            # A name that is not known would end the transaction.
            return self.schema_columns(table.schema, table.name).get(table.name, {})
        try:
            rows = self.rows(f"describe {table}")
        except duckdb.CatalogException:
            return {}
        return {row["column_name"]: row["column_type"] for row in rows}

    def schema_columns(
        self, schema: str, table: str | None = None
    ) -> Mapping[str, Mapping[str, str]]:
        found = self.rows(
            "select table_name, column_name, data_type from duckdb_columns()"
            " where database_name = current_database() and schema_name = ?"
            " and table_name = coalesce(?, table_name) order by table_oid, column_index",
            [schema, table],
        )
        tables: dict[str, dict[str, str]] = {}
        for row in found:
            tables.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
        return tables

    def dependents(self, table: Table) -> Sequence[str]:
        # DuckDB does not keep what a view reads: any that mentions the name may.
        found = self.rows(
            "select view_name as name from duckdb_views()"
            " where not internal and contains(lower(sql), lower(?))"
            " union all "
            "select index_name from duckdb_indexes() where schema_name = ? and table_name = ?",
            [table.name, table.schema, table.name],
        )
        return [row["name"] for row in found]

    @property
    def identity(self) -> str:
        return str(self.path.resolve())

    def checksum(self, expression: str) -> str:
        return f"cast(bit_xor(md5_number({expression})) as varchar)"

    def close(self) -> None:
        self._connection.close()


def forget_dbt_connections() -> None:
    """Make dbt open its database anew on its next run.

    dbt-duckdb keeps the last environment and takes it again for any project whose profile reads
    the same: a relative path in another folder would be another file.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _connect(path: Path, settings: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return duckdb.connect(str(path), read_only=False, config=settings)
    except duckdb.IOException as error:
        holder = _LOCK_HOLDER.search(str(error))
        if holder:
            raise LockedError(
                f"The warehouse {path} is in use by {_describe_process(int(holder[1]))}; "
                "wait until it has finished, then run this command again."
            ) from None
        raise ConfigurationError(
            f"The warehouse {path} cannot be opened: {_first_line(error)}"
        ) from None
    except duckdb.Error as error:
        raise WeftError(f"The warehouse {path} cannot be opened: {_first_line(error)}") from None


def _describe_process(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return f"process {pid}"
    # What a person typed, without the interpreter and the folder it lies in.
    names = [Path(words[0]).name, *words[1:]]
    if names[0].startswith("python") and len(words) > 1:
        names = [Path(words[1]).name, *words[2:]]
    return f"process {pid} ({' '.join(names).strip()[:80]})"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
