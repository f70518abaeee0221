"""Rows of an append sync as events: a name, a moment, a person, and properties."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.values import fragments

EVENT, TIME = "event", "time"
"""The fields that hold the name of an event and its moment."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event. All but ``at`` is JSON text, as the warehouse wrote it.

    ``identifiers`` has the vendor's names; ``properties`` is every other field.
    """

    name: str
    time: str
    at: datetime
    identifiers: Mapping[str, str]
    properties: Mapping[str, str]

    @property
    def unix_seconds(self) -> int:
        """The moment, in whole seconds since 1970."""
        return int(self.at.timestamp())


def read_event(row: Row, batch: Batch, identifiers: Mapping[str, str]) -> Event:
    """The event of a row. Raises ValueError, a few words, when it lacks something."""
    found = fragments(row.payload)
    constant = batch.purpose.event
    name = found.pop(EVENT, "null") if constant is None else json.dumps(constant)
    time = found.pop(TIME, "null")
    people = {
        identifiers.get(field, field): found.pop(field)
        for field in identifiers
        if field in found and found[field] not in ("null", '""')
    }
    for field in identifiers:
        found.pop(field, None)
    if name in ("null", '""'):
        raise ValueError("the event has no name")
    if not people:
        raise ValueError("the event has no person")
    return Event(name, time, moment(time), people, found)


def event_refusals(batch: Batch, identifiers: Mapping[str, str]) -> Mapping[int, str]:
    """Why rows, by their place, are no events."""
    refused: dict[int, str] = {}
    for place, row in enumerate(batch.rows):
        try:
            read_event(row, batch, identifiers)
        except ValueError as error:
            refused[place] = str(error)
    return refused


def moment(fragment: str) -> datetime:
    """A moment in a payload: ISO 8601, in UTC where it has no zone. Raises ValueError."""
    try:
        found = datetime.fromisoformat(json.loads(fragment))
    except (TypeError, ValueError):
        raise ValueError("the event has no time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
