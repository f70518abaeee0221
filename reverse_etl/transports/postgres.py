"""Transactions in PostgreSQL, over ADBC: rows arrive as Arrow, by COPY."""

import re
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from reverse_etl.destinations.kit.table_base import TableDestination, TableStatements
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa


_SAID = re.compile(r"ERROR: (.+?)(?: LINE \d+:| Query was:| SQLSTATE:|$)")


class TableFault(Exception):  # noqa: N818 - a state of the rows, as in the ledger
    """A transaction was not committed, or may have been.

    ``sqlstate`` is PostgreSQL's code (Appendix A of its manual), None where it gave no answer.
    """

    def __init__(self, sqlstate: str | None, message: str, *, committing: bool) -> None:
        self.sqlstate, self.message, self.committing = sqlstate, message, committing
        super().__init__(message)


class PostgresTransport:
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

    def take_over(self, statements: TableStatements, staged: "pa.Table") -> list[int]:
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
                cursor.adbc_ingest(statements.staged, staged, mode="create", temporary=True)
                for statement in statements.taken_over:
                    cursor.execute(statement)
                cursor.execute(statements.missing)
                missing = [position for (position,) in cursor.fetchall()]
                cursor.execute(f"drop table {statements.staged}")
            committing = True
            self._connection.commit()
        except self._dbapi.Error as error:
            self._recover()
            raise TableFault(error.sqlstate, _said(error), committing=committing) from None
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _said(error: Exception) -> str:
    """What PostgreSQL said, without the statement around it."""
    text = " ".join(str(error).split())
    found = _SAID.search(text)
    return found[1] if found else text
