"""Transactions in PostgreSQL, over ADBC: rows arrive as Arrow, by COPY."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.kit.table_base import TableDestination, TableStatements
from reverse_etl.transports.tables import TableFault, TableTransport
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa


# Classes of PostgreSQL's codes (Appendix A of its manual): data and integrity are about rows;
# these pass by themselves.
_ABOUT_ROWS = ("22", "23")
_PASSING = ("08", "40", "53", "55", "57")
_SAID = re.compile(r"ERROR: (.+?)(?: LINE \d+:| Query was:| SQLSTATE:|$)")


class PostgresTransport(TableTransport):
    """One connection, opened anew after a fault that closed it."""

    def __init__(self, destination: TableDestination) -> None:
        try:
            from adbc_driver_postgresql import dbapi
        except ImportError:
            raise ConfigurationError(
                "A destination of type postgres needs a client that is not installed; "
                "run: pip install 'weft[postgres]'."
            ) from None
        self._dbapi: Any = dbapi
        self._destination = destination
        self._connection: Any = None

    def take_over(self, statements: TableStatements, rows: Sequence[Row]) -> list[int]:
        """Stage rows and take them over; the positions of changes whose row is not there.

        Raises TableFault.
        """
        committing = False
        try:
            if self._connection is None:
                address = self._destination.connection.get_secret_value()
                self._connection = self._dbapi.connect(address)
            with self._connection.cursor() as cursor:
                for statement in statements.before:
                    cursor.execute(statement)
                cursor.adbc_ingest(statements.staged, _staged(rows), mode="create", temporary=True)
                for statement in statements.taken_over:
                    cursor.execute(statement)
                cursor.execute(statements.missing)
                missing = [position for (position,) in cursor.fetchall()]
                cursor.execute(f"drop table {statements.staged}")
            committing = True
            self._connection.commit()
        except self._dbapi.Error as error:
            self._recover()
            code = error.sqlstate or ""
            raise TableFault(
                error.sqlstate,
                _said(error),
                is_about_rows=code.startswith(_ABOUT_ROWS),
                is_passing=code.startswith(_PASSING),
                committing=committing,
            ) from None
        return missing

    def _recover(self) -> None:
        try:
            if self._connection is not None:
                self._connection.rollback()
        except self._dbapi.Error:
            self.close()

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except self._dbapi.Error:
                return


def _said(error: Exception) -> str:
    """What PostgreSQL said, without the statement around it."""
    text = " ".join(str(error).split())
    found = _SAID.search(text)
    return found[1] if found else text


def _staged(rows: Sequence[Row]) -> "pa.Table":
    import pyarrow as pa

    return pa.table(
        {
            "position": pa.array([row.position for row in rows], pa.int64()),
            "operation": pa.array([row.operation for row in rows], pa.string()),
            "key": pa.array(
                [row.key_json if row.key_json[0] == "[" else f"[{row.key_json}]" for row in rows],
                pa.string(),
            ),
            "payload": pa.array([row.payload for row in rows], pa.string()),
        }
    )
