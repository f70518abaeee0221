"""Destinations that take a row at a time: a conversation of several requests for each of them."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.erasing import Person, people_of
from reverse_etl.destinations.kit.messages import Conversation, Exchange, HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import accepted
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import refused

GONE = Outcome(OutcomeKind.SUCCEEDED, code="gone", message="it is not there any more")
"""What is to be taken away and is not there."""

NOBODY = Outcome(
    OutcomeKind.REJECTED, code="no_person", message="the row does not say whom it is about"
)

NOT_FOUND = frozenset({404})


class SinglyDestination(ApiDestination):
    """An API that looks a record up, then writes it.

    ``requests_per_row`` is what a row takes most often.
    """

    requests_per_row: ClassVar[int] = 2

    @abstractmethod
    def converse(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        """The requests for one row, and what becomes of it."""

    def exchange(self, batch: Batch) -> Exchange:
        """One conversation after another."""
        return (yield from each_row(batch, lambda row: self.converse(row, batch)))

    def requests(self, removals: int, others: int) -> int:
        """The requests of every row."""
        return self.requests_per_row * (removals + others)


def whom(row: Row, batch: Batch, identifiers: Mapping[str, str]) -> Person | None:
    """The vendor's name of an identifier, and its value: the key, or who is to be forgotten."""
    if batch.purpose.kind == "erasure":
        return next(iter(people_of(replace(batch, rows=[row]), identifiers)), None)
    name = batch.purpose.identifier
    return identifiers.get(name, name), row.key_json


def each_row(batch: Batch, converse: Callable[[Row], Conversation[Outcome]]) -> Exchange:
    """One conversation after another, an outcome from each.

    A row that has to wait lets those behind it wait too: a vendor that is busy is not asked on.
    An answer that a conversation cannot go on from decides about its row by its status.
    """
    outcomes: list[Outcome] = []
    for row in batch.rows:
        try:
            outcome = yield from converse(row)
        except Unexpected as unexpected:
            outcome = refused(unexpected.response)
        if outcome.kind is OutcomeKind.RETRY:
            return outcomes + [outcome] * (len(batch.rows) - len(outcomes))
        outcomes.append(outcome)
    return outcomes


def records_of(response: HttpResponse, *path: str) -> list[dict[str, object]]:
    """The objects of a list in an answer, at this path.

    Raises Unexpected for an answer that is no success or has another shape.
    """
    found = accepted(response)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unexpected(response)
    return found


def record_of(response: HttpResponse, *path: str) -> dict[str, object]:
    """The object in an answer, at this path. Raises Unexpected as ``records_of`` does."""
    found = accepted(response)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise Unexpected(response)
    return found


def not_possible(message: str) -> Outcome:
    """The outcome of a row that no request can be made for."""
    return Outcome(OutcomeKind.REJECTED, code="not_found", message=message)
