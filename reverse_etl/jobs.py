"""Asynchronous jobs of a destination, polled to their end: accepted is not applied."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from reverse_etl.destinations.base import HttpDestination, Job, Row
from reverse_etl.outcomes import JOB_RUNNING, Outcome, OutcomeKind
from reverse_etl.pacing import Pace
from reverse_etl.reading import read_outcomes
from reverse_etl.retry import Patience, requested_pause
from reverse_etl.stopping import Stop, reason_to_stop
from reverse_etl.transports.http import HttpTransport, TransportFault
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

    def __init__(
        self,
        destination: HttpDestination,
        transport: HttpTransport,
        pace: Pace,
        patience: Patience,
        stop: Stop,
    ) -> None:
        self._destination, self._transport = destination, transport
        self._pace, self._patience, self._stop = pace, patience, stop

    async def start(
        self, ledger: JobLedger, job: Job, rows: Sequence[Row], attempt: int
    ) -> Sequence[Outcome]:
        """Remember a job that was just accepted, then wait for it."""
        crash_point("after_job_accepted")
        await asyncio.to_thread(ledger.start_job, job, rows, attempt)
        crash_point("after_job_started")
        outcomes = await self.follow(job, rows)
        crash_point("after_job_finished")
        return outcomes

    async def follow(self, job: Job, rows: Sequence[Row]) -> Sequence[Outcome]:
        """Poll a job, at first often, then less so."""
        settings = self._destination.retry
        delay = settings.first_delay_seconds
        while not self._stop.is_set and self._patience.lasts(delay):
            await self._pace.sleep(delay)
            if not await self._pace.turn():
                break
            result, pause = await self._poll(job, rows)
            if not isinstance(result, Job):
                return result
            delay = max(min(delay * 2, settings.longest_delay_seconds), pause or 0.0)
        return [RUNNING] * len(rows)

    async def _poll(
        self, job: Job, rows: Sequence[Row]
    ) -> tuple[Sequence[Outcome] | Job, float | None]:
        try:
            response = await self._transport.send(self._destination.poll(job))
        except TransportFault:
            # Asking changes nothing at the destination: ask again.
            return job, None
        if response.status in _LOST:
            return [LOST] * len(rows), None
        if reason := reason_to_stop(self._destination, response):
            self._stop(reason)
            return job, None
        if not 200 <= response.status < 300:
            return job, requested_pause(response, datetime.now(UTC))
        return read_outcomes(
            lambda: self._destination.job_outcomes(job, response, rows), len(rows)
        ), requested_pause(response, datetime.now(UTC))
