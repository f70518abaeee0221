"""Delivers the rows of one batch: requests, splits and retries until each row has its outcome."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reverse_etl.answers import Answer
from reverse_etl.channel import Channel
from reverse_etl.destinations.kit.messages import HttpRequest
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.exchanging import Exchanger, Reply
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import begin
from reverse_etl.sessions import Session
from reverse_etl.stopping import kept_answering, unreachable

_TOO_LARGE = 413
_ABORTED = Outcome(OutcomeKind.ABORTED)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows for one exchange; ``attempt`` counts those they were in, ``tries`` the retries."""

    rows: Sequence[Row]
    attempt: int = 1
    tries: int = 1


@dataclass(frozen=True)
class Delivery:
    """What all batches of one push share. A key is in one batch only, and in one request."""

    channel: Channel
    exchanger: Exchanger
    session: Session

    @staticmethod
    def aborted(rows: Sequence[Row]) -> list[Answer]:
        """What becomes of rows that are not sent at all."""
        return [Answer(rows, 1, [_ABORTED] * len(rows))]

    async def deliver(self, rows: Sequence[Row]) -> list[Answer]:
        """Every attempt at the rows, in order. Rows that were never sent are ``aborted``."""
        answers: list[Answer] = []
        pieces = deque(self._sendable(rows, answers))
        while pieces:
            piece = pieces.popleft()
            exchange = self.channel.destination.exchange(self.session.batch(piece.rows))
            step = begin(exchange)
            if not isinstance(step, HttpRequest):
                assert isinstance(step, Sequence), "a job needs a request"
                answers.append(Answer(piece.rows, piece.attempt, step))
                continue
            if self._exceeds(len(step.body)):
                pieces.extendleft(reversed(self._cut(piece, len(step.body), answers)))
                continue
            if not await self.channel.pace.turn():
                pieces.appendleft(piece)
                break
            reply = await self.exchanger.carry_out(exchange, step, piece.rows, piece.attempt)
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

    def _sendable(self, rows: Sequence[Row], answers: list[Answer]) -> list[_Piece]:
        """The rows without those that the destination would lose, which are refused here."""
        refusals = self.channel.destination.refusals(self.session.batch(rows))
        if not refusals:
            return [_Piece(rows)]
        for place, message in refusals.items():
            refused = Outcome(OutcomeKind.REJECTED, code="not_sendable", message=message)
            answers.append(Answer([rows[place]], 1, [refused]))
        left = [row for place, row in enumerate(rows) if place not in refusals]
        return [_Piece(left)] if left else []

    def _exceeds(self, size: int) -> bool:
        most = self.channel.destination.most_bytes
        return most is not None and size > most

    def _cut(self, piece: _Piece, size: int, answers: list[Answer]) -> list[_Piece]:
        """The rows in parts that should fit; a row that never will is refused here."""
        most = self.channel.destination.most_bytes or size
        if len(piece.rows) == 1:
            message = f"the request has {size:,} bytes, the destination takes {most:,}"
            refused = Outcome(OutcomeKind.REJECTED, code="too_large", message=message)
            answers.append(Answer(piece.rows, piece.attempt, [refused]))
            return []
        parts = min(len(piece.rows), -(-size // most))
        return _parts(piece, parts, piece.attempt)

    def _halves(self, piece: _Piece, reply: Reply) -> list[_Piece]:
        """Two halves of a request that was refused as a whole and may be accepted in parts."""
        if len(piece.rows) == 1 or self.channel.stop.is_set or reply.status is None:
            return []
        if any(outcome.kind is OutcomeKind.SUCCEEDED for outcome in reply.outcomes):
            # Of several requests only the last was refused: what is done is not done again.
            return []
        if reply.status == _TOO_LARGE:
            return _parts(piece, 2, piece.attempt + 1)
        # A success in which every row failed has judged each of them already.
        whole = self.channel.destination.all_or_nothing and not 200 <= reply.status < 300
        refused = all(outcome.kind is OutcomeKind.REJECTED for outcome in reply.outcomes)
        return _parts(piece, 2, piece.attempt + 1) if whole and refused else []

    async def _gives_up(self, tries: int, reply: Reply) -> bool:
        """Wait before the next attempt; whether there is none."""
        delay = (
            None if self.channel.stop.is_set else self.channel.patience.delay(tries, reply.pause)
        )
        if delay is not None:
            await self.channel.pace.sleep(delay)
            return False
        said = next(outcome for outcome in reply.outcomes if _comes_again(outcome))
        if said.http_status is None:
            self.channel.stop(unreachable(f"{said.message} ({said.code})"))
        elif self.channel.patience.is_spent:
            self.channel.stop(kept_answering(said.http_status))
        return True


def _coming_again(piece: _Piece, reply: Reply) -> list[Row]:
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


def _not_applied(reply: Reply) -> list[Outcome]:
    """Refused together: no row of them is known to be bad."""
    return [replace(outcome, kind=OutcomeKind.RETRY) for outcome in reply.outcomes]


def _parts(piece: _Piece, parts: int, attempt: int) -> list[_Piece]:
    size = -(-len(piece.rows) // parts)
    return [
        replace(piece, rows=piece.rows[start : start + size], attempt=attempt)
        for start in range(0, len(piece.rows), size)
    ]
