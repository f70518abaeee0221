"""Sends the rows of a plan over HTTP: many requests at a time, every answer recorded."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reverse_etl.answers import Answer, count_answers
from reverse_etl.channel import Channel
from reverse_etl.delivery import Delivery
from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.exchanging import Exchanger
from reverse_etl.jobs import JobFollower
from reverse_etl.ledger import Ledger
from reverse_etl.pages import Page
from reverse_etl.redact import Redactor
from reverse_etl.report import Tally
from reverse_etl.sessions import Session
from reverse_etl.stopping import Stop
from reverse_etl.transports.http import HttpTransport

GROUP_ROWS = 20_000
"""At most so many rows have an intent and no recorded outcome: what a crash leaves unknown."""
FLUSH_SECONDS = 1.0
_PAGE_BYTES = 32_000_000
_FEW_COLLECTIONS = (100_000, 50, 100)

_Finished = tuple[Page, list[Row], list[Answer]]


class Sender:
    """One push over HTTP.

    ``tally`` counts what became of the rows; ``error`` says why sending stopped early. Rows go
    out in pages: the intents of one are committed while the page before it is on its way. A page
    holds about what a second sends, so that a crash leaves little unknown.
    """

    def __init__(
        self,
        destination: HttpDestination,
        purpose: Purpose,
        ledger: Ledger,
        redact: Redactor,
        on_recorded: Callable[[int], None],
    ) -> None:
        self.tally = Tally()
        self._destination, self._ledger = destination, ledger
        self._purpose = purpose
        self._redact, self._on_recorded = redact, on_recorded
        self._stop = Stop(ledger.plan.destination)
        self._waiting: asyncio.Queue[tuple[Page, list[Row]]] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._finished: list[_Finished] = []
        self._finished_rows = 0
        self._outstanding = 0
        self._fault: Exception | None = None
        self._page_rows = 2 * destination.most_requests * destination.most_rows
        self._row_bytes = 1.0
        self._recorded_at = time.monotonic()

    @property
    def error(self) -> str | None:
        """Why sending stopped early."""
        return self._stop.reason

    async def run(self) -> None:
        """Send every row of the plan, removals first; returns when all outcomes are recorded."""
        plan, concurrency = self._ledger.plan, self._destination.most_requests
        async with HttpTransport(self._destination) as transport:
            delivery = self._delivery(transport)
            if not await delivery.session.open(self._ledger.list_id(), self._ledger.remember_list):
                return
            workers = [asyncio.create_task(self._work(delivery)) for _ in range(concurrency)]
            try:
                await self._send(1, plan.removed)
                await self._send(plan.removed + 1, plan.planned)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
                self._record()

    def _delivery(self, transport: HttpTransport) -> Delivery:
        channel = Channel.over(transport, self._destination, self._stop, self._redact)
        session = Session(channel, self._purpose)
        exchanger = Exchanger(channel, self._ledger, JobFollower(channel), session)
        return Delivery(channel, exchanger, session)

    async def _send(self, first: int, last: int) -> None:
        position = first
        while True:
            while (
                position <= last
                and not self._stop.is_set
                and self._outstanding <= self._most_page_rows()
            ):
                page = await self._admit(position, last)
                position = page.last + 1
            if self._stop.is_set:
                self._abort_waiting()
            if not self._outstanding and (position > last or self._stop.is_set):
                return
            await self._wait()
            await asyncio.to_thread(self._record)
            if self._fault:
                raise self._fault

    def _most_page_rows(self) -> int:
        """Rows of the next page: whole requests, within the bounds of group and memory."""
        most = self._destination.most_rows
        rows = min(self._page_rows, GROUP_ROWS // 2, int(_PAGE_BYTES / self._row_bytes))
        return max(1, rows // most) * most

    async def _admit(self, first: int, last: int) -> Page:
        """Read a page, commit its intents, and let the workers have it."""
        last = min(last, first + self._most_page_rows() - 1)
        page = await asyncio.to_thread(self._ledger.page, first, last)
        self._row_bytes = max(1.0, page.table.nbytes / len(page))
        await asyncio.to_thread(self._ledger.write_intent, page.first, page.last)
        self._outstanding += len(page)
        for rows in page.batches(self._destination.most_rows):
            self._waiting.put_nowait((page, rows))
        return page

    async def _wait(self) -> None:
        """Until a page of rows is answered, or all that are out, or the flush is due."""
        if self._finished_rows < self._enough():
            try:
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()

    def _enough(self) -> int:
        return min(self._most_page_rows(), self._outstanding)

    def _record(self) -> None:
        finished, self._finished = self._finished, []
        rows, self._finished_rows = self._finished_rows, 0
        if not finished:
            return
        by_page: dict[int, tuple[Page, list[Answer]]] = {}
        for page, _, answers in finished:
            by_page.setdefault(page.first, (page, []))[1].extend(answers)
        for _, answers in by_page.values():
            # In the order of the page, which then need not be put together anew.
            answers.sort(key=lambda answer: answer.rows[0].position)
        self._ledger.write_answers([by_page[first] for first in sorted(by_page)])
        self._outstanding -= rows
        now = time.monotonic()
        self._page_rows = int(rows / max(now - self._recorded_at, 0.001)) + 1
        self._recorded_at = now
        self._on_recorded(rows)

    async def _work(self, delivery: Delivery) -> None:
        while True:
            page, rows = await self._waiting.get()
            try:
                self._finish(page, rows, await delivery.deliver(rows))
            except Exception as error:
                self._fault = error
                self._stop.because_of("An internal error ended the sync.")
                self._wake.set()
            if self._stop.is_set:
                self._wake.set()

    def _finish(self, page: Page, rows: list[Row], answers: list[Answer]) -> None:
        count_answers(self.tally, answers)
        self._finished.append((page, rows, answers))
        self._finished_rows += len(rows)
        if self._finished_rows >= self._enough():
            self._wake.set()

    def _abort_waiting(self) -> None:
        while not self._waiting.empty():
            page, rows = self._waiting.get_nowait()
            self._finish(page, rows, Delivery.aborted(rows))


@contextmanager
def few_collections() -> Iterator[None]:
    """Within, Python looks for cycles rarely: rows are plain tuples, hundreds of thousands."""
    before = gc.get_threshold()
    gc.set_threshold(*_FEW_COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
