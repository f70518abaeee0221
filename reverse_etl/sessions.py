"""What a push needs to know before its first row leaves: credentials with an end, and its list."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import SecretStr

from reverse_etl.channel import Channel
from reverse_etl.destinations.kit.messages import (
    Conversation,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import OutcomeKind, kind_of_status
from reverse_etl.reading import shown
from reverse_etl.retry import asked_pause
from reverse_etl.stopping import kept_answering, reason_to_stop, refuses, unreachable
from reverse_etl.transports.http import TransportFault
from warehouse.crash_points import crash_point

_Answer = TypeVar("_Answer")


class _Ended(Exception):  # noqa: N818 - the reason is in the stop
    """The sync cannot start."""


@dataclass
class Session:
    """The credentials and the list of one push.

    ``generation`` counts how often credentials were asked for.
    """

    channel: Channel
    purpose: Purpose
    list_id: str | None = None
    generation: int = 0
    _values: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)
    _proven: int = -1
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self, known: str | None, remember: Callable[[str, str], None]) -> bool:
        """Find what is needed; False when the sync was stopped.

        ``known`` is the id of the list that was found before; a new one is given to ``remember``.
        """
        try:
            await self._authorize()
            self.list_id = known or self.purpose.list_id
            if self.list_id is None and self.purpose.kind == "members":
                self.list_id = await self._converse(
                    lambda: self.channel.destination.find_list(self.purpose, self._values)
                )
                if self.list_id is not None:
                    crash_point("after_list_found")
                    remember(self.list_id, self.purpose.list_title)
                    crash_point("after_list_kept")
        except _Ended:
            return False
        return True

    async def renew(self, generation: int) -> bool:
        """Ask for credentials again, once those of a generation were refused.

        False when there are no others: they are settings, or were refused from the start.
        """
        async with self._lock:
            if generation < self.generation:
                return True
            if not self._values or self._proven < generation:
                return False
            try:
                await self._authorize()
            except _Ended:
                return False
            return True

    def prove(self, generation: int) -> None:
        """Note that credentials were accepted."""
        self._proven = max(self._proven, generation)

    def batch(self, rows: Sequence[Row]) -> Batch:
        """The rows with what is known."""
        return Batch(self.purpose, rows, self.list_id, self._values)

    async def _authorize(self) -> None:
        self._values = await self._converse(self.channel.destination.authorize)
        self.generation += 1
        for secret in self._values.values():
            self.channel.redact.learn(secret.get_secret_value())
        for secret_header in self.channel.destination.credentials(self._values).values():
            self.channel.redact.learn(secret_header)

    async def _converse(self, begin: Callable[[], Conversation[_Answer]]) -> _Answer:
        """A conversation from its beginning, again while the destination is busy."""
        tries = 0
        while True:
            tries += 1
            conversation = begin()
            try:
                request = next(conversation)
                while True:
                    request = conversation.send(await self._send(request))
            except StopIteration as ended:
                answer: _Answer = ended.value
                return answer
            except TransportFault as fault:
                await self._wait(tries, None, unreachable(f"{fault.message} ({fault.code})"))
            except Unexpected as unexpected:
                response = unexpected.response
                if kind_of_status(response.status) is not OutcomeKind.RETRY:
                    self._end(refuses(response.status, self.channel.redact(shown(response.body))))
                pause = asked_pause(self.channel.destination, response)
                await self._wait(tries, pause, kept_answering(response.status))

    async def _send(self, request: HttpRequest) -> HttpResponse:
        if not await self.channel.pace.turn():
            raise _Ended
        response = await self.channel.transport.send(request)
        if reason := reason_to_stop(self.channel.destination, request, response):
            self._end(reason)
        return response

    async def _wait(self, tries: int, pause: float | None, otherwise: str) -> None:
        delay = self.channel.patience.delay(tries, pause)
        if delay is None:
            self._end(otherwise)
        else:
            await self.channel.pace.sleep(delay)

    def _end(self, reason: str) -> None:
        self.channel.stop(reason)
        raise _Ended
