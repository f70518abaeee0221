"""What Amplitude says of the events of a request that it refused: their places, and why."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from reverse_etl.destinations.kit.messages import Exchange, HttpRequest, HttpResponse, Unexpected
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.replies import outcome_of
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import refused

_INVALID = (
    "events_with_invalid_fields",
    "events_with_missing_fields",
    "events_with_invalid_id_lengths",
)


def named_places(response: HttpResponse, size: int) -> dict[int, Outcome]:
    """The events that a refusal names: those that are invalid, or throttled.

    Anything that cannot be read names none: then the status decides about all.
    """
    if response.status not in (400, 429):
        return {}
    try:
        said = json.loads(response.body)
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    if response.status == 429:
        throttled = outcome_of(response, OutcomeKind.RETRY, said.get("error"), "throttled")
        return dict.fromkeys(_places(said.get("throttled_events"), size), throttled)
    found: dict[int, Outcome] = {}
    for kind in _INVALID:
        fields = said.get(kind)
        for field, places in fields.items() if isinstance(fields, dict) else ():
            why = outcome_of(response, OutcomeKind.REJECTED, f"{field}: {said.get('error')}", kind)
            found |= dict.fromkeys(_places(places, size), why)
    silenced = outcome_of(response, OutcomeKind.REJECTED, said.get("error"), "silenced_events")
    return dict.fromkeys(_places(said.get("silenced_events"), size), silenced) | found


def but_for_named(
    batch: Batch,
    ask: Callable[[Batch], HttpRequest],
    read: Callable[[HttpResponse, Batch], Sequence[Outcome]],
) -> Exchange:
    """Rows as events: those that a refusal names are set aside, and the others sent again."""
    outcomes: dict[int, Outcome] = {}
    left = list(range(len(batch.rows)))
    while left:
        part = replace(batch, rows=[batch.rows[place] for place in left])
        response = yield ask(part)
        named = named_places(response, len(left))
        if not named or len(named) == len(left):
            try:
                rest = read(response, part)
            except Unexpected as unexpected:
                rest = [refused(unexpected.response)] * len(left)
            outcomes |= dict(zip(left, rest, strict=True))
            break
        outcomes |= {left[place]: outcome for place, outcome in named.items()}
        left = [place for number, place in enumerate(left) if number not in named]
    return [outcomes[place] for place in range(len(batch.rows))]


def memberships(response: HttpResponse, said: Any, batch: Batch) -> list[Outcome]:
    """Success but for skipped ids; who is to leave and is not known has left."""
    results = objects_in(response, said, "memberships_result")
    if len(results) != 1:
        raise Unexpected(response)
    skipped = results[0].get("skipped_ids") or []
    if not isinstance(skipped, list):
        raise Unexpected(response)
    unknown = set(map(str, skipped))
    done = outcome_of(response, OutcomeKind.SUCCEEDED)
    missing = outcome_of(response, OutcomeKind.REJECTED, "Amplitude does not know the user")
    return [missing if row.key in unknown and not batch.removes else done for row in batch.rows]


def text_of(response: HttpResponse, value: Any) -> str:
    """A text with something in it. Raises Unexpected for any other value."""
    if not isinstance(value, str) or not value:
        raise Unexpected(response)
    return value


def _places(found: Any, size: int) -> list[int]:
    numbers = found if isinstance(found, list) else []
    return [place for place in numbers if isinstance(place, int) and 0 <= place < size]
