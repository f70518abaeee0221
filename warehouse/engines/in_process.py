"""DuckDB in this process: how every connection to it is set, and how its memory is bounded."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

# DuckDB caches what it reads until four fifths of the machine's memory are full.
BOUNDED_MEMORY = "1200MB"


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Set what holds for all that is asked of a connection."""
    # Landed times are UTC without a zone; a cast from text with an offset goes through
    # TIMESTAMPTZ and must not meet the machine's zone.
    connection.execute("set TimeZone = 'UTC'")
    # Progress is ours to show.
    connection.execute("set enable_progress_bar = false")
    # A name in SQL is a table, never a variable of the Python code that runs it.
    connection.execute("set python_enable_replacements = false")


@contextmanager
def bounded(connection: duckdb.DuckDBPyConnection, limit: str) -> Iterator[None]:
    """Within, DuckDB holds no more in memory than ``limit``; the rest goes to disk."""
    try:
        connection.execute(f"set memory_limit = '{limit}'")
    except duckdb.OutOfMemoryException:
        # More is in use and cannot be written to disk: a command must not fail for that.
        yield
        return
    try:
        yield
    finally:
        connection.execute("reset memory_limit")


class Parser:
    """A DuckDB of its own that parses for a warehouse of another engine.

    What it makes within a transaction of the warehouse goes with that, as on DuckDB, where they
    are one.
    """

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._overflow: tempfile.TemporaryDirectory[str] | None = None
        self.in_transaction = False

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection, opened when it is first asked for."""
        if self._connection is None:
            # What does not fit into memory is the customers' too: the folder is private.
            self._overflow = tempfile.TemporaryDirectory(prefix="weft-")
            self._connection = duckdb.connect(config={"temp_directory": self._overflow.name})
            settle(self._connection)
            if self.in_transaction:
                self._connection.begin()
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is made within stays only if nothing is raised."""
        self.in_transaction = True
        if self._connection is not None:
            self._connection.begin()
        try:
            yield
        except BaseException:
            if self._connection is not None:
                self._connection.rollback()
            raise
        finally:
            self.in_transaction = False
        if self._connection is not None:
            self._connection.commit()

    def close(self) -> None:
        """Let go of memory and files."""
        if self._connection is not None:
            self._connection.close()
        if self._overflow is not None:
            self._overflow.cleanup()
