"""Why a sync stops before its rows are through: one sentence each, which says what to fix."""

import asyncio

from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse

_REDIRECTS = range(300, 400)


class Stop:
    """Ends sending once; the first reason stays."""

    def __init__(self, destination: str) -> None:
        self.event = asyncio.Event()
        self.reason: str | None = None
        self._subject = f"The destination {destination!r}"

    @property
    def is_set(self) -> bool:
        """Whether nothing leaves any more."""
        return self.event.is_set()

    def __call__(self, said: str) -> None:
        """Stop; ``said`` goes on after the name of the destination."""
        self.reason = self.reason or f"{self._subject} {said}"
        self.event.set()

    def because_of(self, sentence: str) -> None:
        """Stop for a reason that is not the destination's."""
        self.reason = self.reason or sentence
        self.event.set()


def reason_to_stop(
    destination: HttpDestination, request: HttpRequest, response: HttpResponse
) -> str | None:
    """What a response says about the whole sync, None when it is about its rows only."""
    status = response.status
    if status in _REDIRECTS:
        return (
            f"answers with a redirect ({status}), which is not followed; set the address it has "
            "now in weft.yml."
        )
    if destination.is_spent(response):
        return f"has no request left for today ({status}); the other rows wait for the next run."
    if status in request.expected or not destination.is_fatal(response):
        return None
    if destination.refuses_credentials(response):
        return (
            f"refuses the credentials ({status}); check its settings in weft.yml and the "
            "environment variables they name."
        )
    return (
        f"does not know the address or the object it was sent to ({status}); check its settings "
        "in weft.yml."
    )


def refuses(status: int, said: str | None) -> str:
    """The sync could not start, as the list or the token it needs is refused."""
    why = f": {said}" if said else ""
    return f"refuses what the sync needs before it sends ({status}){why}; nothing was sent."


def unreachable(said: str) -> str:
    """The destination gives no answer; ``said`` is what the last try came to."""
    return f"cannot be reached: {said}; check its address, its rows wait for the next run."


def unsendable(said: str) -> str:
    """A request could not even be formed."""
    return f"cannot be sent to: {said}; correct it in weft.yml."


def kept_answering(status: int) -> str:
    """The time for retries is over."""
    return (
        f"kept answering {status} until the time for retries was over; the other rows wait for "
        "the next run."
    )
