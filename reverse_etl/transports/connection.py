"""One HTTP/1.1 connection: a request leaves, its response comes back, then the next."""

import asyncio
import time
from collections.abc import Sequence

import h11

from reverse_etl.destinations.kit.messages import HttpResponse
from reverse_etl.transports.faults import InDoubt, Unsendable, said
from reverse_etl.transports.network import Streams

_READ_BYTES = 65_536

Headers = Sequence[tuple[bytes, bytes]]


class Connection:
    """Speaks HTTP/1.1 (by h11) over an open connection, one exchange at a time.

    Nothing is read beyond a response; what a server sends unasked ends the connection.
    """

    def __init__(self, streams: Streams) -> None:
        self._reader, self._writer = streams
        self._protocol = h11.Connection(h11.CLIENT)
        self._free_since = time.monotonic()

    def is_usable(self, longest_idle: float) -> bool:
        """Whether another request may leave: the server has not closed or said anything."""
        return (
            self._protocol.our_state is h11.IDLE
            and not self._reader.at_eof()
            and not self._writer.is_closing()
            and time.monotonic() - self._free_since < longest_idle
        )

    async def exchange(
        self, method: bytes, target: bytes, headers: Headers, body: bytes, timeout: float
    ) -> HttpResponse:
        """Send a request and read its whole response; ``timeout`` starts again with every read.

        Raises InDoubt, or Unsendable for a request that HTTP does not allow.
        """
        try:
            request = h11.Request(method=method, target=target, headers=list(headers))
            head = self._protocol.send(request)
            end = self._protocol.send(h11.Data(data=body)), self._protocol.send(h11.EndOfMessage())
        except h11.LocalProtocolError as error:
            # What it says holds the header itself.
            message = "the address or a header is not valid"
            raise Unsendable(type(error).__name__, message) from None
        try:
            await self._write(b"".join(part for part in (head, *end) if part), timeout)
            response = await self._read_response(timeout)
        except TimeoutError as error:
            raise InDoubt("ReadTimeout", said(error)) from None
        except h11.RemoteProtocolError as error:
            raise InDoubt("RemoteProtocolError", said(error)) from None
        except OSError as error:
            raise InDoubt("ReadError", said(error)) from None
        self._free()
        return response

    def close(self) -> None:
        """Let go of the connection at once.

        A farewell over TLS would wait for the server's, and what has not been said by now is in
        doubt anyway.
        """
        self._writer.transport.abort()

    async def _write(self, data: bytes, timeout: float) -> None:
        self._writer.write(data)
        try:
            async with asyncio.timeout(timeout):
                await self._writer.drain()
        except ConnectionError:
            # A server may answer before it has read everything (413), and hang up: the answer
            # may be there all the same.
            if not self._reader.at_eof():
                raise

    async def _read_response(self, timeout: float) -> HttpResponse:
        status = 0
        headers: dict[str, str] = {}
        parts: list[bytes] = []
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                async with asyncio.timeout(timeout):
                    self._protocol.receive_data(await self._reader.read(_READ_BYTES))
            elif isinstance(event, h11.Response):
                status = event.status_code
                headers = {
                    name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers
                }
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                return HttpResponse(status, headers, b"".join(parts))

    def _free(self) -> None:
        self._free_since = time.monotonic()
        if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
            self._protocol.start_next_cycle()
