"""Asynchronous jobs of a destination, polled to their end: accepted is not applied."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from reverse_etl.channel import Channel
from reverse_etl.destinations.kit.messages import HttpRequest, Job
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import JOB_RUNNING, Outcome, OutcomeKind
from reverse_etl.reading import advance, begin
from reverse_etl.retry import asked_pause
from reverse_etl.stopping import reason_to_stop
from reverse_etl.transports.http import TransportFault
from warehouse.crash_points import crash_point

_LOST = frozenset({404, 410})
RUNNING = Outcome(
    OutcomeKind.UNKNOWN,
    code=JOB_RUNNING,
    message="the destination had not finished its job when the time of the run was over",
)
LOST = Outcome(
    OutcomeKind.UNKNOWN, code="job_lost", message="the destination does not know its job any more"
)


class JobLedger(Protocol):
    """What is remembered of a job, so that a later run can ask for it."""

    def start_job(self, job: Job, rows: Sequence[Row], attempt: int) -> None:
        """Record a job that was accepted."""


class JobFollower:
    """Waits for jobs: the outcomes of their rows, ``unknown`` where they do not end in time."""

    def __init__(self, channel: Channel) -> None:
        self._destination, self._transport = channel.destination, channel.transport
        self._pace, self._patience, self._stop = channel.pace, channel.patience, channel.stop

    async def start(
        self, ledger: JobLedger, job: Job, batch: Batch, attempt: int
    ) -> Sequence[Outcome]:
        """Remember a job that was just accepted, then wait for it."""
        crash_point("after_job_accepted")
        await asyncio.to_thread(ledger.start_job, job, batch.rows, attempt)
        crash_point("after_job_started")
        outcomes = await self.follow(job, batch)
        crash_point("after_job_finished")
        return outcomes

    async def follow(self, job: Job, batch: Batch) -> Sequence[Outcome]:
        """Poll a job, at first often, then less so."""
        settings = self._destination.retry
        delay = settings.first_delay_seconds
        while not self._stop.is_set and self._patience.lasts(delay):
            await self._pace.sleep(delay)
            if not await self._pace.turn():
                break
            result, pause = await self._ask(job, batch)
            if not isinstance(result, Job):
                return result
            delay = max(min(delay * 2, settings.longest_delay_seconds), pause or 0.0)
        return [RUNNING] * len(batch.rows)

    async def _ask(self, job: Job, batch: Batch) -> tuple[Sequence[Outcome] | Job, float | None]:
        """The outcomes, or the job while it goes on; asking changes nothing at the destination."""
        exchange, rows = self._destination.follow(job, batch), len(batch.rows)
        step = begin(exchange)
        pause = None
        while isinstance(step, HttpRequest):
            try:
                response = await self._transport.send(step)
            except TransportFault:
                return job, None
            if response.status in _LOST and response.status not in step.expected:
                return [LOST] * rows, None
            if reason := reason_to_stop(self._destination, step, response):
                self._stop(reason)
                return job, None
            pause = asked_pause(self._destination, response)
            if not 200 <= response.status < 300 and response.status not in step.expected:
                return job, pause
            step = advance(exchange, response, rows)
            if isinstance(step, HttpRequest) and not await self._pace.turn():
                return job, None
        return step, pause
