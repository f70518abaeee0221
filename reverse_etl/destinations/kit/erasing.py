"""Rows of people who are to be forgotten: whom they are about, and one request for each."""

from collections.abc import Callable, Mapping

from reverse_etl.destinations.kit.events import read_event
from reverse_etl.destinations.kit.messages import Conversation, Exchange, Unexpected
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import refused

Person = tuple[str, str]
"""The vendor's name of an identifier, and its value as JSON text."""

_NOBODY = Outcome(
    OutcomeKind.REJECTED, code="no_person", message="the row does not say whom it is about"
)


def people_of(batch: Batch, identifiers: Mapping[str, str]) -> dict[Person, list[int]]:
    """The people behind the rows, each with the places of their rows.

    A key is the person's own, but for events: there it is the event's, and the person stands
    among the fields that were acknowledged. Rows without one are left out.
    """
    people: dict[Person, list[int]] = {}
    name = batch.purpose.identifier
    for place, row in enumerate(batch.rows):
        person = identifiers.get(name, name), row.key_json
        if batch.purpose.mode == "append":
            try:
                person = next(iter(read_event(row, batch, identifiers).identifiers.items()))
            except ValueError:
                continue
        people.setdefault(person, []).append(place)
    return people


def one_by_one(
    batch: Batch,
    identifiers: Mapping[str, str],
    converse: Callable[[str, str], Conversation[Outcome]],
) -> Exchange:
    """The requests for each person, and what they mean for the person's rows.

    A person whose request has to be tried again lets those behind wait too.
    """
    outcomes = [_NOBODY] * len(batch.rows)
    outcome: Outcome | None = None
    for (name, value), places in people_of(batch, identifiers).items():
        if outcome is None or outcome.kind is not OutcomeKind.RETRY:
            try:
                outcome = yield from converse(name, value)
            except Unexpected as unexpected:
                outcome = refused(unexpected.response)
        for place in places:
            outcomes[place] = outcome
    return outcomes
