"""The way to one destination: its transport, and what decides when a request may leave."""

from dataclasses import dataclass
from typing import Self

from reverse_etl.breaker import Breaker
from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.pacing import Pace, TokenBucket
from reverse_etl.redact import Redactor
from reverse_etl.retry import Patience
from reverse_etl.stopping import Stop
from reverse_etl.transports.http import HttpTransport


@dataclass(frozen=True)
class Channel:
    """What everything that is said to a destination in one run shares."""

    destination: HttpDestination
    transport: HttpTransport
    pace: Pace
    breaker: Breaker
    patience: Patience
    stop: Stop
    redact: Redactor

    @classmethod
    def over(
        cls, transport: HttpTransport, destination: HttpDestination, stop: Stop, redact: Redactor
    ) -> Self:
        """A channel with the limits of the destination, whose patience starts now."""
        breaker = Breaker(destination.breaker)
        return cls(
            destination=destination,
            transport=transport,
            pace=Pace(TokenBucket(destination.rate), breaker, stop.event),
            breaker=breaker,
            patience=Patience(destination.retry),
            stop=stop,
            redact=redact,
        )
