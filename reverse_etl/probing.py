"""Whether a destination can be reached and accepts the credentials, without changing anything."""

import asyncio

from reverse_etl.channel import Channel
from reverse_etl.destinations.kit.base import Destination
from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.reading import shown
from reverse_etl.redact import Redactor
from reverse_etl.sessions import Session
from reverse_etl.stopping import Stop, reason_to_stop
from reverse_etl.transports.http import HttpTransport, TransportFault


def can_probe(destination: Destination) -> bool:
    """Whether there is a request that only the right credentials are answered."""
    return isinstance(destination, HttpDestination) and destination.probe({}) is not None


def probe(destination: Destination, name: str, redact: Redactor) -> str | None:
    """Ask a destination with its real settings; the sentence that says what is wrong, or None."""
    if not isinstance(destination, HttpDestination):
        return None
    return redact(asyncio.run(_probe(destination, name, redact)))


async def _probe(destination: HttpDestination, name: str, redact: Redactor) -> str | None:
    stop = Stop(name)
    async with HttpTransport(destination) as transport:
        channel = Channel.over(transport, destination, stop, redact)
        session = Session(channel, Purpose("", "upsert", (), ""))
        if not await session.open(None, lambda list_id, title: None):
            return stop.reason
        request = destination.probe(session.batch([]).session)
        if request is None:
            return None
        try:
            response = await transport.send(request)
        except TransportFault as fault:
            stop(f"cannot be reached: {fault.message} ({fault.code}); check its address.")
            return stop.reason
        if reason := reason_to_stop(destination, request, response):
            stop(reason)
        elif not 200 <= response.status < 300 and response.status not in request.expected:
            stop(f"answers {response.status} to a simple question: {shown(response.body)}.")
    return stop.reason
