"""Transactions in MySQL and MariaDB, over PyMySQL: rows arrive by inserts of many."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.kit.table_base import TableStatements
from reverse_etl.destinations.mysql import MySql
from reverse_etl.transports.tables import TableFault, TableTransport
from warehouse.errors import ConfigurationError

# Error numbers of both servers' manuals that PyMySQL has no class for: values that do not fit
# (1048, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 3140, 3156), checks that fail (3819, 4025).
_ABOUT_ROWS = {1048, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 3140, 3156, 3819, 4025}
# Locks, too many connections, a server that goes down, a connection that was cut, time limits.
_PASSING = {1040, 1053, 1205, 1213, 1317, 1927, 1969, 2006, 2013, 3024}
_CONNECT_SECONDS = 30


class MySqlTransport(TableTransport):
    """One connection, opened anew after a fault that closed it."""

    def __init__(self, destination: MySql) -> None:
        try:
            import pymysql
        except ImportError:
            raise ConfigurationError(
                "A destination of type mysql needs a client that is not installed; "
                "run: pip install 'weft[mysql]'."
            ) from None
        self._client: Any = pymysql
        # RuntimeError: a way to log in that wants one more package, or TLS.
        self._faults = (pymysql.Error, OSError, RuntimeError)
        self._destination = destination
        self._connection: Any = None

    def take_over(self, statements: TableStatements, rows: Sequence[Row]) -> list[int]:
        """Stage rows and take them over; the positions of changes whose row is not there.

        Raises TableFault.
        """
        committing = False
        try:
            if self._connection is None:
                self._connection = self._open(statements)
            with self._connection.cursor() as cursor:
                # Outside the transaction, where servers with GTIDs want a temporary table made.
                for statement in statements.before:
                    cursor.execute(statement)
                self._connection.begin()
                self._stage(cursor, statements, rows)
                for statement in statements.taken_over:
                    cursor.execute(statement)
                cursor.execute(statements.missing)
                missing = [position for (position,) in cursor.fetchall()]
            committing = True
            self._connection.commit()
        except self._faults as error:
            self._recover()
            raise self._fault(error, committing=committing) from None
        return missing

    def _open(self, statements: TableStatements) -> Any:
        """A connection to a table that can be written to."""
        connection = self._client.connect(**self._arguments())
        try:
            with connection.cursor() as cursor:
                for statement in statements.wrong:
                    cursor.execute(statement)
                    for (sentence,) in cursor.fetchall():
                        raise TableFault(None, sentence)
        except BaseException:
            connection.close()
            raise
        return connection

    def _arguments(self) -> dict[str, Any]:
        parts = urlsplit(self._destination.connection.get_secret_value())
        sockets = parse_qs(parts.query).get("socket")
        arguments: dict[str, Any] = {
            "host": parts.hostname or "localhost",
            "port": parts.port or 3306,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": unquote(parts.path.removeprefix("/")),
            "charset": "utf8mb4",
            "autocommit": True,
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": self._destination.timeout,
            "write_timeout": self._destination.timeout,
        }
        if sockets:
            return {**arguments, "unix_socket": sockets[0], "ssl_disabled": True}
        if self._destination.tls:
            # Given a context, PyMySQL refuses a server without TLS.
            return {**arguments, "ssl": ssl.create_default_context()}
        return {**arguments, "ssl_disabled": True}

    def _stage(self, cursor: Any, statements: TableStatements, rows: Sequence[Row]) -> None:
        values, columns = statements.values, ", ".join(statements.columns)
        assert values is not None
        types = self._client.constants.FIELD_TYPE
        cursor.execute(f"select {columns} from {statements.staged} limit 0")
        kinds = [column[1] for column in cursor.description]
        times = {n for n, kind in enumerate(kinds) if kind in (types.DATETIME, types.TIMESTAMP)}
        marks = ", ".join("%s" for _ in kinds)
        cursor.executemany(
            f"insert into {statements.staged} ({columns}) values ({marks})",
            [
                [_moment(value) if n in times else value for n, value in enumerate(values(row))]
                for row in rows
            ],
        )

    def _fault(self, error: Exception, *, committing: bool) -> TableFault:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        message = str(error.args[-1]) if error.args else str(error)
        kinds = (self._client.err.DataError, self._client.err.IntegrityError)
        return TableFault(
            str(number) if number else None,
            message,
            is_about_rows=isinstance(error, kinds) or number in _ABOUT_ROWS,
            is_passing=number in _PASSING,
            committing=committing,
        )

    def _recover(self) -> None:
        try:
            if self._connection is not None:
                self._connection.rollback()
        except self._faults:
            self.close()

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except self._faults:
                return


def _moment(value: object) -> object:
    """A time of ISO 8601 as the servers read it, in UTC; anything else as it is."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return value
    utc = found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    return utc.isoformat(" ", "microseconds")
