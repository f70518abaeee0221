"""What a client for the tables of a database does."""

from abc import abstractmethod
from collections.abc import Sequence

from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.kit.table_base import TableStatements
from reverse_etl.transports.opening import Closing


class TableFault(Exception):  # noqa: N818 - a state of the rows, as in the ledger
    """A transaction was not committed, or may have been where it was ``committing``.

    ``code`` is the database's, None where it gave no answer. ``is_about_rows`` says that a row is
    bad, ``is_passing`` that the same may succeed later; else the settings or the table are wrong.
    """

    def __init__(
        self,
        code: str | None,
        message: str,
        *,
        is_about_rows: bool = False,
        is_passing: bool = False,
        committing: bool = False,
    ) -> None:
        self.code, self.message, self.committing = code, message, committing
        self.is_about_rows, self.is_passing = is_about_rows, is_passing
        super().__init__(message)


class TableTransport(Closing):
    """One connection, opened anew after a fault that closed it."""

    @abstractmethod
    def take_over(self, statements: TableStatements, rows: Sequence[Row]) -> list[int]:
        """Stage rows and take them over; the positions of changes whose row is not there.

        Raises TableFault.
        """
