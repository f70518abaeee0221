"""What weft asks of a warehouse, whichever engine it is."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@dataclass(frozen=True, order=True)
class Table:
    """A table's name: schema and table, unquoted."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"


@dataclass(frozen=True)
class Limits:
    """What a table of an engine holds at most.

    ``name`` is the length of a name in bytes, ``columns`` their number in a table, ``values`` how
    many of them may be set in one row beside those that every landed row has.
    """

    name: int = 2**31
    columns: int = 2**31
    values: int = 2**31


def quote(identifier: str) -> str:
    """An identifier in double quotes, safe inside SQL whatever characters it holds."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a SQL literal, safe whatever characters it holds."""
    return "'" + text.replace("'", "''") + "'"


class Warehouse(ABC):
    """One open connection to the warehouse.

    SQL given to it is DuckDB's, whatever the engine, and so are the names of types it gives: the
    engine translates. Only what dbt has compiled is in the engine's own dialect (``dialect`` is
    sqlglot's name for it). Values always travel as parameters (``?``), identifiers through
    ``quote`` or ``Table``.

    ``default_schema`` is where a table is meant whose schema is not named. ``failures`` are the
    errors that a statement may raise, those of the parser among them. ``journals`` is the folder
    where a push keeps its journal because commits take seconds, None where they are quick.
    """

    dialect: str
    default_schema: str
    limits: Limits = Limits()
    journals: Path | None = None
    failures: tuple[type[Exception], ...]

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement; the number of rows it changed (0 where there is no such number)."""

    @abstractmethod
    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> "pa.Table":
        """The result of a query as one Arrow table, wholly read."""

    @abstractmethod
    def batches(
        self, sql: str, parameters: Sequence[object] = (), rows: int = 10_000
    ) -> Iterator["pa.RecordBatch"]:
        """The result of a query batch by batch; memory does not grow with the result."""

    @abstractmethod
    def insert(self, table: Table, data: "pa.Table | pa.RecordBatchReader") -> int:
        """Append Arrow data to a table, columns matched by name; the number of rows."""

    @abstractmethod
    def insert_parsed(self, table: Table, columns: Sequence[str], select: str) -> int:
        """Append the result of a query over the parser's tables; the number of rows."""

    @abstractmethod
    def create_temporary(self, name: str, sql: str) -> None:
        """Make a temporary table from a query in the engine's own dialect, as dbt compiles it."""

    @property
    @abstractmethod
    def parser(self) -> "duckdb.DuckDBPyConnection":
        """The in-process DuckDB connection that parses raw files for this warehouse.

        On DuckDB it is the warehouse's own connection, so that parsed rows need not travel.
        """

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside happens together or not at all."""

    @abstractmethod
    def bounded_memory(self, limit: str = "1500MB") -> AbstractContextManager[None]:
        """Within, the parser holds no more in memory than ``limit``; the rest goes to disk.

        A limit that the profile sets is kept.
        """

    @abstractmethod
    def many_commits(self) -> AbstractContextManager[None]:
        """Within, commits follow each other quickly: what they cost together is kept low."""

    @abstractmethod
    def columns(self, table: Table) -> Mapping[str, str]:
        """Column names and types of a table in their order; empty when there is no such table."""

    @abstractmethod
    def schema_columns(self, schema: str) -> Mapping[str, Mapping[str, str]]:
        """What ``columns`` gives for every table and view of a schema, in one question."""

    @abstractmethod
    def dependents(self, table: Table) -> Sequence[str]:
        """Names of what would break if a column of the table changed its type: views, indexes."""

    def look_up_by(self, table: Table, *columns: str) -> None:  # noqa: B027
        """Let rows of a table be found by columns quickly, where an engine needs to be told."""

    def learn(self, table: Table, columns: Sequence[str]) -> None:  # noqa: B027
        """Let an engine that plans by figures look at columns of a table that got new rows."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Where the warehouse lies: the same for every connection to it, another for a copy."""

    @abstractmethod
    def checksum(self, expression: str) -> str:
        """SQL for an aggregate over a text: the same for the same rows in whatever order."""

    @abstractmethod
    def close(self) -> None:
        """Give the warehouse free for others."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """The result of a small query as dictionaries."""
        rows: list[dict[str, Any]] = self.arrow(sql, parameters).to_pylist()
        return rows

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """The first column of the first row of a query, None when there is no row."""
        rows = self.rows(sql, parameters)
        return next(iter(rows[0].values())) if rows else None

    def exists(self, table: Table) -> bool:
        """Whether there is a table or view of this name."""
        return bool(self.columns(table))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
