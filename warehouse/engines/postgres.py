"""PostgreSQL: statements by ADBC, rows in and out as Arrow; an advisory lock is the lock."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.engines.base import Limits, Table, Warehouse, literal, quote
from warehouse.engines.in_process import BOUNDED_MEMORY, Parser, bounded
from warehouse.engines.postgres_connection import Hold, ask, connect, read_address, run
from warehouse.engines.postgres_sql import filled_table, translate
from warehouse.engines.postgres_types import arrow_type, type_name
from warehouse.engines.postgres_values import plain, without_nul
from warehouse.engines.postgres_views import going_view, readers_kept
from warehouse.engines.sql_rules import CHECKSUM

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 50_000
# So many new rows change what is the best way to read a table.
_MANY_ROWS = 5_000
# Collations that order by code point and know the cases of all letters, as DuckDB does.
_BY_CODE_POINT = ("pg_c_utf8", "C.utf8", "C.UTF-8")
_COLUMNS = """
    select relname, attname, format_type(atttypid, atttypmod)
    from pg_attribute
    join pg_class on pg_class.oid = attrelid
    join pg_namespace on pg_namespace.oid = relnamespace
    where attnum > 0 and not attisdropped and relkind in ('r', 'v', 'm', 'p', 'f')
"""


class PostgresWarehouse(Warehouse):
    """A PostgreSQL database, for this process alone among those of weft.

    ``output`` is the dbt profile's. Raw files are parsed by DuckDB in this process; what it makes
    of them travels as Arrow. PostgreSQL has no text with a NUL in it: it is stored as U+FFFD.

    Raises LockedError when another weft process works in the database, ConfigurationError for
    settings that are missing, WeftError when the server cannot be reached.
    """

    dialect = "postgres"
    default_schema = "public"
    # A row must fit into a page of 8 kB, where a text takes 24 bytes: a longer one is put
    # elsewhere. A table may have 1,600 columns, those that were dropped included.
    limits = Limits(name=63, columns=1_500, values=300)

    def __init__(self, output: Mapping[str, Any]) -> None:
        self._address = read_address(output)
        self._connection = connect(self._address)
        try:
            Hold.take(self._address)
        except BaseException:
            self._connection.close()
            raise
        self.failures = (duckdb.Error, self._connection.Error)
        self._collation = self._choose_collation()
        self._parser = Parser()
        self._closed = False

    def _choose_collation(self) -> str | None:
        """The collation of texts that weft creates, None where the database's own will do."""
        [(default,)] = ask(
            self._connection,
            "select datcollate from pg_database where datname = current_database()",
        )
        if default.lower().replace("-", "") in ("c.utf8", "pg_c_utf8"):
            return None
        names = ", ".join(map(literal, _BY_CODE_POINT))
        found = ask(
            self._connection,
            f"select collname from pg_collation where collname in ({names})"
            " and collencoding in (-1, (select encoding from pg_database"
            " where datname = current_database()))",
        )
        known = {row[0] for row in found}
        return next((name for name in _BY_CODE_POINT if name in known), "C")

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        changed = 0
        view = going_view(sql)
        if view and not self._parser.in_transaction:
            with self.transaction():
                return self.execute(sql, parameters)
        with readers_kept(self._connection, view) if view else nullcontext():
            for statement in translate(sql, self._collation):
                changed = self._execute(statement, parameters)
        if changed >= _MANY_ROWS and (table := filled_table(sql)):
            self._learn(table)
        return max(changed, 0)

    def _learn(self, table: str) -> None:
        """Let the planner know a table that was filled, and is now asked: it takes any for small.

        Left alone, temporary tables are never looked at, and others only after a while.
        """
        run(self._connection, f"analyze {table}")

    def _execute(self, statement: str, parameters: Sequence[object]) -> int:
        if not parameters:
            return run(self._connection, statement)
        with self._connection.cursor() as cursor:
            cursor.executemany(statement, [tuple(parameters)])
            return int(cursor.rowcount)

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> "pa.Table":
        (statement,) = translate(sql)
        with self._connection.cursor() as cursor:
            cursor.execute(statement, tuple(parameters) or None)
            return plain(cursor.fetch_arrow_table())

    def batches(
        self, sql: str, parameters: Sequence[object] = (), rows: int = 10_000
    ) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        # A connection of its own: the rows stream in, and it is busy until they are read.
        (statement,) = translate(sql)
        with connect(self._address) as connection, connection.cursor() as cursor:
            cursor.execute(statement, tuple(parameters) or None)
            for batch in cursor.fetch_record_batch():
                for start in range(0, batch.num_rows, rows):
                    part = pa.Table.from_batches([batch.slice(start, rows)])
                    yield from plain(part).combine_chunks().to_batches()

    def insert(self, table: Table, data: "pa.Table | pa.RecordBatchReader") -> int:
        import pyarrow as pa

        reader = data.to_reader() if isinstance(data, pa.Table) else data
        types = self.columns(table)
        schema = pa.schema(
            [
                pa.field(field.name, arrow_type(types.get(field.name, "")) or field.type)
                for field in reader.schema
            ]
        )
        return self._ingest(table, reader if reader.schema == schema else reader.cast(schema))

    def insert_parsed(self, table: Table, columns: Sequence[str], select: str) -> int:
        types = self.columns(table)
        names = [quote(column) for column in columns]
        values = ", ".join(
            _typed(name, types.get(column, "")) for name, column in zip(names, columns, strict=True)
        )
        rows = self.parser.sql(f"select {values} from ({select}) as rows({', '.join(names)})")
        return self._ingest(table, without_nul(rows.to_arrow_reader(_ROWS_AT_ONCE)))

    def _ingest(self, table: Table, reader: "pa.RecordBatchReader") -> int:
        with self._connection.cursor() as cursor:
            return int(
                cursor.adbc_ingest(table.name, reader, mode="append", db_schema_name=table.schema)
            )

    def create_temporary(self, name: str, sql: str) -> None:
        run(self._connection, f"create temporary table {quote(name)} as {sql}")
        self._learn(quote(name))

    @property
    def parser(self) -> duckdb.DuckDBPyConnection:
        return self._parser.connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        run(self._connection, "begin")
        try:
            with self._parser.transaction():
                yield
                run(self._connection, "commit")
        except BaseException:
            # A connection that is lost has rolled back; what raised says so.
            with suppress(self._connection.Error):
                run(self._connection, "rollback")
            raise

    @contextmanager
    def bounded_memory(self, limit: str = BOUNDED_MEMORY) -> Iterator[None]:
        with bounded(self.parser, limit):
            yield

    @contextmanager
    def many_commits(self) -> Iterator[None]:
        yield

    def columns(self, table: Table) -> Mapping[str, str]:
        return self.schema_columns(table.schema, table.name).get(table.name, {})

    def schema_columns(
        self, schema: str, table: str | None = None
    ) -> Mapping[str, Mapping[str, str]]:
        only = f" and relname = {literal(table)}" if table is not None else ""
        found = ask(
            self._connection,
            f"{_COLUMNS} and nspname = {literal(schema)}{only} order by pg_class.oid, attnum",
        )
        tables: dict[str, dict[str, str]] = {}
        for name, column, native in found:
            tables.setdefault(name, {})[column] = type_name(native)
        return tables

    def dependents(self, table: Table) -> Sequence[str]:
        found = ask(
            self._connection,
            f"""
            select distinct views.relname
            from pg_depend
            join pg_rewrite on pg_rewrite.oid = pg_depend.objid
            join pg_class as views on views.oid = pg_rewrite.ev_class
            where pg_depend.classid = 'pg_rewrite'::regclass
                and pg_depend.refobjid = to_regclass({literal(str(table))})
                and views.oid <> pg_depend.refobjid
            union all
            select indexes.relname
            from pg_index join pg_class as indexes on indexes.oid = indexrelid
            where indrelid = to_regclass({literal(str(table))})
            order by 1
            """,
        )
        return [row[0] for row in found]

    def look_up_by(self, table: Table, *columns: str) -> None:
        index = "_".join((table.name, "by", *columns))[: self.limits.name]
        names = ", ".join(map(quote, columns))
        run(self._connection, f"create index if not exists {quote(index)} on {table} ({names})")

    def learn(self, table: Table, columns: Sequence[str]) -> None:
        run(self._connection, f"analyze {table} ({', '.join(map(quote, columns))})")

    @property
    def identity(self) -> str:
        # A copy by files has the cluster's number too, but answers elsewhere.
        [(system, database)] = ask(
            self._connection,
            "select system_identifier, (select oid from pg_database"
            " where datname = current_database()) from pg_control_system()",
        )
        return f"postgres {self._address.place} ({system}, {database})"

    def checksum(self, expression: str) -> str:
        return f"{CHECKSUM}({expression})"

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._connection.close()
        Hold.give_back(self._address)
        self._parser.close()


def _typed(name: str, kind: str) -> str:
    """SQL of the parser for a value as its column takes it."""
    return f"cast({name} as {kind}) as {name}" if arrow_type(kind) is not None else name
