"""One exchange with a destination: request after request, until each row has an outcome."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reverse_etl.channel import Channel
from reverse_etl.destinations.kit.messages import Exchange, HttpRequest, HttpResponse, Job
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.jobs import JobFollower, JobLedger
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import advance, shown
from reverse_etl.retry import asked_pause
from reverse_etl.sessions import Session
from reverse_etl.stopping import reason_to_stop, unreachable, unsendable
from reverse_etl.transports.http import InDoubt, TransportFault, Unsendable
from warehouse.crash_points import crash_point

_UNAUTHORIZED = 401
_ABORTED = Outcome(OutcomeKind.ABORTED)
_LEFT_OFF = Outcome(
    OutcomeKind.UNKNOWN,
    code="left_off",
    message="the sync ended between two requests for this row",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an exchange; ``status`` is None when no response did."""

    outcomes: Sequence[Outcome]
    status: int | None = None
    pause: float | None = None
    job: Job | None = None


@dataclass(frozen=True)
class Exchanger:
    """What all exchanges of one push share."""

    channel: Channel
    ledger: JobLedger
    jobs: JobFollower
    session: Session

    async def carry_out(
        self, exchange: Exchange, request: HttpRequest, rows: Sequence[Row], attempt: int
    ) -> Reply:
        """Send ``request``, whose turn it is, and those that follow from the answers."""
        generation, has_written = self.session.generation, False
        while True:
            try:
                response = await self.channel.transport.send(request)
            except TransportFault as fault:
                return self._failed(fault, request, len(rows), has_written=has_written)
            crash_point("after_send")
            self._heed(response)
            pause = asked_pause(self.channel.destination, response)
            if pause is not None:
                self.channel.pace.pause(pause)
            if response.status == _UNAUTHORIZED and await self.session.renew(generation):
                return Reply([self._refusal(response)] * len(rows), response.status, 0.0)
            if reason := reason_to_stop(self.channel.destination, request, response):
                self.channel.stop(reason)
                return Reply([self._refusal(response)] * len(rows), response.status)
            self.session.prove(generation)
            step = advance(exchange, response, len(rows))
            if not isinstance(step, HttpRequest):
                return await self._ended(step, response, pause, rows, attempt)
            has_written = has_written or not request.reads
            request = step
            if not await self.channel.pace.turn():
                return Reply([_LEFT_OFF if has_written else _ABORTED] * len(rows))

    async def _ended(
        self,
        result: Job | Sequence[Outcome],
        response: HttpResponse,
        pause: float | None,
        rows: Sequence[Row],
        attempt: int,
    ) -> Reply:
        job = result if isinstance(result, Job) else None
        if isinstance(result, Job):
            batch = self.session.batch(rows)
            result = await self.jobs.start(self.ledger, result, batch, attempt)
        return Reply(self._without_secrets(result), response.status, pause, job)

    def _heed(self, response: HttpResponse) -> None:
        if response.status < 500:
            self.channel.breaker.succeed()
        else:
            self._fail(f"it answered {response.status}")

    def _failed(
        self, fault: TransportFault, request: HttpRequest, rows: int, *, has_written: bool
    ) -> Reply:
        in_doubt = has_written or (isinstance(fault, InDoubt) and not request.reads)
        kind = OutcomeKind.UNKNOWN if in_doubt else OutcomeKind.RETRY
        outcome = Outcome(kind, code=fault.code, message=self.channel.redact(fault.message))
        if isinstance(fault, Unsendable):
            self.channel.stop(unsendable(fault.message))
        else:
            self._fail(f"{fault.message} ({fault.code})")
        return Reply([outcome] * rows)

    def _fail(self, said: str) -> None:
        self.channel.breaker.fail(time.monotonic())
        if self.channel.breaker.is_broken:
            self.channel.stop(
                unreachable(f"{self.channel.breaker.failures} requests in a row failed, {said}")
            )

    def _refusal(self, response: HttpResponse) -> Outcome:
        return Outcome(
            OutcomeKind.RETRY,
            http_status=response.status,
            message=self.channel.redact(shown(response.body)),
            request_id=self.channel.redact(response.headers.get("x-request-id")),
        )

    def _without_secrets(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        if not any(outcome.message or outcome.code or outcome.request_id for outcome in outcomes):
            return outcomes
        cleaned: dict[int, Outcome] = {}
        for outcome in outcomes:
            if id(outcome) not in cleaned:
                cleaned[id(outcome)] = replace(
                    outcome,
                    code=self.channel.redact(outcome.code),
                    message=self.channel.redact(outcome.message),
                    request_id=self.channel.redact(outcome.request_id),
                )
        return [cleaned[id(outcome)] for outcome in outcomes]
