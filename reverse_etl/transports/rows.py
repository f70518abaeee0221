"""What a client does that answers for each row."""

from abc import abstractmethod
from collections.abc import Sequence

from reverse_etl.destinations.kit.rows import Row
from reverse_etl.outcomes import Outcome
from reverse_etl.transports.opening import Closing


class RowFault(Exception):  # noqa: N818 - a state of the rows, as in the ledger
    """Nothing was sent, and nothing can be: the destination is not there, or lets nobody in."""


class RowTransport(Closing):
    """One connection. ``error``, once there is one, says why no more rows should be sent."""

    error: str | None = None

    @abstractmethod
    def send(self, rows: Sequence[Row]) -> list[Outcome]:
        """Send rows; what became of each, in their order. Raises RowFault."""
