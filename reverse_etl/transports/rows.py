"""What a client does that answers for each row, and which client reaches which destination."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from reverse_etl.destinations.kafka import Kafka
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.row_base import RowDestination
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.redis import Redis
from reverse_etl.outcomes import Outcome


class RowFault(Exception):  # noqa: N818 - a state of the rows, as in the ledger
    """Nothing was sent, and nothing can be: the destination is not there, or lets nobody in."""


class RowTransport(ABC):
    """One connection. ``error``, once there is one, says why no more rows should be sent."""

    error: str | None = None

    @abstractmethod
    def send(self, rows: Sequence[Row]) -> list[Outcome]:
        """Send rows; what became of each, in their order. Raises RowFault."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def connect(destination: RowDestination, purpose: Purpose, run_id: str) -> RowTransport:
    """The client for a destination; it reaches for nothing yet.

    Raises ConfigurationError where the client is not installed.
    """
    if isinstance(destination, Redis):
        from reverse_etl.transports.redis import RedisTransport

        return RedisTransport(destination, purpose)
    if isinstance(destination, Kafka):
        from reverse_etl.transports.kafka import KafkaTransport

        return KafkaTransport(destination, purpose, run_id)
    raise TypeError(f"no transport for {type(destination).__name__}")
