"""Delivers the rows of one batch: requests, splits and retries until each row has its outcome."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reverse_etl.answers import Answer
from reverse_etl.breaker import Breaker
from reverse_etl.destinations.base import (
    Batch,
    HttpDestination,
    HttpRequest,
    HttpResponse,
    Job,
    Row,
)
from reverse_etl.jobs import JobFollower
from reverse_etl.ledger import Ledger
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.pacing import Pace
from reverse_etl.reading import read_outcomes
from reverse_etl.redact import Redactor
from reverse_etl.retry import Patience, requested_pause
from reverse_etl.stopping import Stop, kept_answering, reason_to_stop, unreachable, unsendable
from reverse_etl.transports.http import HttpTransport, InDoubt, TransportFault, Unsendable
from warehouse.crash_points import crash_point

_TOO_LARGE = 413
_SHOWN_CHARACTERS = 300
_ABORTED = Outcome(OutcomeKind.ABORTED)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows for one request; ``attempt`` counts the requests they were in, ``tries`` the retries."""

    rows: Sequence[Row]
    attempt: int = 1
    tries: int = 1


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came of a request; ``status`` is None when no response did."""

    outcomes: Sequence[Outcome]
    status: int | None = None
    pause: float | None = None
    job: Job | None = None


@dataclass(frozen=True)
class Delivery:
    """What all batches of one push share. A key is in one batch only, and in one request."""

    ledger: Ledger
    destination: HttpDestination
    transport: HttpTransport
    pace: Pace
    breaker: Breaker
    patience: Patience
    redact: Redactor
    stop: Stop
    jobs: JobFollower

    @staticmethod
    def aborted(rows: Sequence[Row]) -> list[Answer]:
        """What becomes of rows that are not sent at all."""
        return [Answer(rows, 1, [_ABORTED] * len(rows))]

    async def deliver(self, rows: Sequence[Row]) -> list[Answer]:
        """Every attempt at the rows, in order. Rows that were never sent are ``aborted``."""
        answers: list[Answer] = []
        pieces = deque([_Piece(rows)])
        while pieces:
            piece = pieces.popleft()
            request = self.destination.request(Batch(self.ledger.plan.sync, piece.rows))
            if self._exceeds(len(request.body)):
                pieces.extendleft(reversed(self._cut(piece, len(request.body), answers)))
                continue
            if not await self.pace.turn():
                pieces.appendleft(piece)
                break
            reply = await self._attempt(piece, request)
            halves = self._halves(piece, reply)
            outcomes = _not_applied(reply) if halves else reply.outcomes
            answers.append(Answer(piece.rows, piece.attempt, outcomes, reply.job))
            pieces.extendleft(reversed(halves))
            again = [] if halves else _coming_again(piece, reply)
            if again and not await self._gives_up(piece.tries, reply):
                pieces.appendleft(_Piece(again, piece.attempt + 1, piece.tries + 1))
        for piece in pieces:
            if piece.attempt == 1:
                answers += self.aborted(piece.rows)
        return answers

    def _exceeds(self, size: int) -> bool:
        most = self.destination.most_bytes
        return most is not None and size > most

    def _cut(self, piece: _Piece, size: int, answers: list[Answer]) -> list[_Piece]:
        """The rows in parts that should fit; a row that never will is refused here."""
        most = self.destination.most_bytes or size
        if len(piece.rows) == 1:
            message = f"the request has {size:,} bytes, the destination takes {most:,}"
            refused = Outcome(OutcomeKind.REJECTED, code="too_large", message=message)
            answers.append(Answer(piece.rows, piece.attempt, [refused]))
            return []
        parts = min(len(piece.rows), -(-size // most))
        return _parts(piece, parts, piece.attempt)

    def _halves(self, piece: _Piece, reply: _Reply) -> list[_Piece]:
        """Two halves of a request that was refused as a whole and may be accepted in parts."""
        if len(piece.rows) == 1 or self.stop.is_set or reply.status is None:
            return []
        refused = all(outcome.kind is OutcomeKind.REJECTED for outcome in reply.outcomes)
        if reply.status == _TOO_LARGE or (self.destination.all_or_nothing and refused):
            return _parts(piece, 2, piece.attempt + 1)
        return []

    async def _attempt(self, piece: _Piece, request: HttpRequest) -> _Reply:
        rows = piece.rows
        try:
            response = await self.transport.send(request)
        except TransportFault as fault:
            return self._failed(fault, len(rows))
        crash_point("after_send")
        self._heed(response)
        pause = requested_pause(response, datetime.now(UTC))
        if pause is not None:
            self.pace.pause(pause)
        if reason := reason_to_stop(self.destination, response):
            self.stop(reason)
            return _Reply([self._refusal(response)] * len(rows), response.status)
        result = read_outcomes(lambda: self.destination.outcomes(response, rows), len(rows))
        job = result if isinstance(result, Job) else None
        if isinstance(result, Job):
            result = await self.jobs.start(self.ledger, result, rows, piece.attempt)
        return _Reply(self._without_secrets(result), response.status, pause, job)

    def _heed(self, response: HttpResponse) -> None:
        if response.status < 500:
            self.breaker.succeed()
        else:
            self._fail(f"it answered {response.status}")

    def _failed(self, fault: TransportFault, rows: int) -> _Reply:
        kind = OutcomeKind.UNKNOWN if isinstance(fault, InDoubt) else OutcomeKind.RETRY
        outcome = Outcome(kind, code=fault.code, message=self.redact(fault.message))
        if isinstance(fault, Unsendable):
            self.stop(unsendable(fault.message))
        else:
            self._fail(f"{fault.message} ({fault.code})")
        return _Reply([outcome] * rows)

    def _fail(self, said: str) -> None:
        self.breaker.fail(time.monotonic())
        if self.breaker.is_broken:
            self.stop(unreachable(f"{self.breaker.failures} requests in a row failed, {said}"))

    def _refusal(self, response: HttpResponse) -> Outcome:
        message = " ".join(response.body.decode(errors="replace").split())[:_SHOWN_CHARACTERS]
        return Outcome(
            OutcomeKind.RETRY,
            http_status=response.status,
            message=self.redact(message or None),
            request_id=self.redact(response.headers.get("x-request-id")),
        )

    async def _gives_up(self, tries: int, reply: _Reply) -> bool:
        """Wait before the next attempt; whether there is none."""
        delay = None if self.stop.is_set else self.patience.delay(tries, reply.pause)
        if delay is not None:
            await self.pace.sleep(delay)
            return False
        said = next(outcome for outcome in reply.outcomes if _comes_again(outcome))
        if said.http_status is None:
            self.stop(unreachable(f"{said.message} ({said.code})"))
        elif self.patience.is_spent:
            self.stop(kept_answering(said.http_status))
        return True

    def _without_secrets(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        if not any(outcome.message or outcome.code or outcome.request_id for outcome in outcomes):
            return outcomes
        cleaned: dict[int, Outcome] = {}
        for outcome in outcomes:
            if id(outcome) not in cleaned:
                cleaned[id(outcome)] = replace(
                    outcome,
                    code=self.redact(outcome.code),
                    message=self.redact(outcome.message),
                    request_id=self.redact(outcome.request_id),
                )
        return [cleaned[id(outcome)] for outcome in outcomes]


def _coming_again(piece: _Piece, reply: _Reply) -> list[Row]:
    first = reply.outcomes[0]
    # Most often one outcome stands for all rows, and comparing them is quick.
    if not _comes_again(first) and reply.outcomes.count(first) == len(piece.rows):
        return []
    return [
        row
        for row, outcome in zip(piece.rows, reply.outcomes, strict=True)
        if _comes_again(outcome)
    ]


def _comes_again(outcome: Outcome) -> bool:
    return outcome.kind is OutcomeKind.RETRY


def _not_applied(reply: _Reply) -> list[Outcome]:
    """Refused together: no row of them is known to be bad."""
    return [replace(outcome, kind=OutcomeKind.RETRY) for outcome in reply.outcomes]


def _parts(piece: _Piece, parts: int, attempt: int) -> list[_Piece]:
    size = -(-len(piece.rows) // parts)
    return [
        replace(piece, rows=piece.rows[start : start + size], attempt=attempt)
        for start in range(0, len(piece.rows), size)
    ]
