"""Sends the rows of a plan over HTTP: many requests at a time, every answer recorded."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from reverse_etl.destinations.base import Batch, HttpDestination, HttpResponse, Row
from reverse_etl.ledger import Attempt, Ledger
from reverse_etl.outcomes import REFUSED_CREDENTIALS, Outcome, OutcomeKind
from reverse_etl.plan import Plan
from reverse_etl.redact import Redactor
from reverse_etl.report import Tally
from reverse_etl.retry import Patience, parse_retry_after
from reverse_etl.transports.http import HttpTransport, InDoubt, NotSent, Unsendable
from warehouse.crash_points import crash_point

GROUP_ROWS = 20_000
"""At most so many rows have an intent and no recorded outcome: what a crash leaves unknown."""
FLUSH_SECONDS = 1.0


class Sender:
    """One push over HTTP.

    ``tally`` counts what became of the rows; ``error`` says why sending stopped early. Intents
    of half a group are committed while the half before it is on its way.
    """

    def __init__(
        self,
        destination: HttpDestination,
        plan: Plan,
        ledger: Ledger,
        redact: Redactor,
        on_recorded: Callable[[int], None],
    ) -> None:
        self.tally = Tally()
        self.error: str | None = None
        self._destination, self._plan, self._ledger = destination, plan, ledger
        self._redact, self._on_recorded = redact, on_recorded
        self._patience = Patience(destination.retry)
        self._waiting: asyncio.Queue[list[Row]] = asyncio.Queue()
        self._stopped = asyncio.Event()
        self._wake = asyncio.Event()
        self._finished: list[list[Attempt]] = []
        self._finished_rows = 0
        self._outstanding = 0
        self._resume_at = 0.0
        self._fault: Exception | None = None
        most = destination.most_rows
        self._page_rows = max(1, GROUP_ROWS // 2 // most) * most

    async def run(self) -> None:
        """Send every row of the plan, removals first; returns when all outcomes are recorded."""
        concurrency = self._destination.most_requests
        async with HttpTransport(self._destination.timeout, concurrency) as self._transport:
            workers = [asyncio.create_task(self._work()) for _ in range(concurrency)]
            try:
                await self._send(1, self._plan.removed)
                await self._send(self._plan.removed + 1, self._plan.planned)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
                self._record()

    async def _send(self, first: int, last: int) -> None:
        pages = self._ledger.pages(first, last, self._page_rows)
        more = True
        while True:
            while more and not self._stopped.is_set() and self._outstanding <= self._page_rows:
                page = await asyncio.to_thread(next, pages, None)
                more = page is not None
                if page:
                    await self._admit(page)
            if self._stopped.is_set():
                self._abort_waiting()
            if not self._outstanding and (not more or self._stopped.is_set()):
                return
            await self._wait()
            await asyncio.to_thread(self._record)
            if self._fault:
                raise self._fault

    async def _admit(self, page: list[Row]) -> None:
        await asyncio.to_thread(self._ledger.write_intents, page[0].position, page[-1].position)
        self._outstanding += len(page)
        most = self._destination.most_rows
        for start in range(0, len(page), most):
            self._waiting.put_nowait(page[start : start + most])

    async def _wait(self) -> None:
        """Until a page of rows is answered, or all that are out, or the flush is due."""
        if self._finished_rows < min(self._page_rows, self._outstanding):
            try:
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()

    def _record(self) -> None:
        finished, self._finished = self._finished, []
        rows, self._finished_rows = self._finished_rows, 0
        if finished:
            self._ledger.write_outcomes([attempt for batch in finished for attempt in batch])
            self._outstanding -= rows
            self._on_recorded(rows)

    async def _work(self) -> None:
        while True:
            rows = await self._waiting.get()
            try:
                self._finish(rows, await self._deliver(rows))
            except Exception as error:
                self._fault = error
                self._stop("An internal error ended the sync.")

    async def _deliver(self, rows: Sequence[Row]) -> list[Attempt]:
        """Send rows until each has a final outcome; the attempts, in order."""
        attempts: list[Attempt] = []
        number = 0
        while rows:
            number += 1
            if await self._pauses():
                break
            outcomes, retry_after = await self._attempt(rows)
            attempts += [
                (row, number, outcome) for row, outcome in zip(rows, outcomes, strict=True)
            ]
            rows = [row for row, _, outcome in attempts[-len(rows) :] if _comes_again(outcome)]
            if not rows or await self._gives_up(number, retry_after, outcomes):
                return attempts
        return attempts or [(row, 1, Outcome(OutcomeKind.ABORTED)) for row in rows]

    async def _pauses(self) -> bool:
        """Wait while the destination asks for a pause; whether sending has stopped."""
        while not self._stopped.is_set() and (pause := self._resume_at - time.monotonic()) > 0:
            await self._sleep(pause)
        return self._stopped.is_set()

    async def _gives_up(
        self, number: int, retry_after: float | None, outcomes: Sequence[Outcome]
    ) -> bool:
        """Wait before the next attempt; whether there is none."""
        delay = None if self._stopped.is_set() else self._patience.delay(number, retry_after)
        if delay is None:
            said = next((outcome for outcome in outcomes if _comes_again(outcome)), outcomes[0])
            if said.http_status is None and not self._stopped.is_set():
                self._stop(
                    f"The destination {self._plan.destination!r} cannot be reached: {said.message} "
                    f"({said.code}); check its address, its rows wait for the next run."
                )
            elif self._patience.is_spent:
                self._stop(
                    f"The destination {self._plan.destination!r} kept answering "
                    f"{said.http_status} until the time for retries was over; the other rows wait "
                    "for the next run."
                )
            return True
        if retry_after is not None:
            self._resume_at = max(self._resume_at, time.monotonic() + retry_after)
        await self._sleep(delay)
        return False

    async def _sleep(self, seconds: float) -> None:
        """Wait, though not longer than sending goes on."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            pass

    async def _attempt(self, rows: Sequence[Row]) -> tuple[Sequence[Outcome], float | None]:
        """One request: an outcome per row, and the pause the destination asks for."""
        request = self._destination.request(Batch(self._plan.sync, rows))
        try:
            response = await self._transport.send(request)
        except (NotSent, InDoubt, Unsendable) as fault:
            kind = OutcomeKind.UNKNOWN if isinstance(fault, InDoubt) else OutcomeKind.RETRY
            outcome = Outcome(kind, code=fault.code, message=self._redact(fault.message))
            if isinstance(fault, Unsendable):
                self._stop(
                    f"The destination {self._plan.destination!r} cannot be sent to: "
                    f"{fault.message}; correct it in weft.yml."
                )
            return [outcome] * len(rows), None
        crash_point("after_send")
        outcomes = self._without_secrets(self._destination.outcomes(response, rows))
        if reason := self._reason_to_stop(response):
            self._stop(reason)
            outcomes = [replace(outcome, kind=OutcomeKind.RETRY) for outcome in outcomes]
        return outcomes, parse_retry_after(response.headers.get("retry-after"), datetime.now(UTC))

    def _reason_to_stop(self, response: HttpResponse) -> str | None:
        name = self._plan.destination
        if response.status in REFUSED_CREDENTIALS:
            return (
                f"The destination {name!r} refuses the credentials ({response.status}); check its "
                "settings in weft.yml and the environment variables they name."
            )
        if 300 <= response.status < 400:
            return (
                f"The destination {name!r} answers with a redirect ({response.status}), which is "
                "not followed; set the address it has now in weft.yml."
            )
        return None

    def _without_secrets(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        if not any(outcome.message or outcome.code or outcome.request_id for outcome in outcomes):
            return outcomes
        redact = self._redact
        return [
            replace(
                outcome,
                code=redact(outcome.code),
                message=redact(outcome.message),
                request_id=redact(outcome.request_id),
            )
            for outcome in outcomes
        ]

    def _finish(self, rows: Sequence[Row], attempts: list[Attempt]) -> None:
        last = {row.position: (row, outcome) for row, _, outcome in attempts}
        for row, outcome in last.values():
            self.tally.count(row.operation, outcome)
        self._finished.append(attempts)
        self._finished_rows += len(rows)
        if self._finished_rows >= min(self._page_rows, self._outstanding):
            self._wake.set()

    def _abort_waiting(self) -> None:
        while not self._waiting.empty():
            rows = self._waiting.get_nowait()
            self._finish(rows, [(row, 1, Outcome(OutcomeKind.ABORTED)) for row in rows])

    def _stop(self, reason: str) -> None:
        self.error = self.error or reason
        self._stopped.set()
        self._wake.set()


def _comes_again(outcome: Outcome) -> bool:
    return outcome.kind is OutcomeKind.RETRY
