"""Reading what a vendor answers: helpers for the functions of a destination."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status

SHOWN_CHARACTERS = 300


def accepted(response: HttpResponse) -> Any:
    """The JSON of an answer, None for an empty one.

    Raises Unexpected for one that is no success or no JSON.
    """
    if kind_of_status(response.status) is not OutcomeKind.SUCCEEDED:
        raise Unexpected(response)
    if not response.body.strip():
        return None
    return parsed(response)


def parsed(response: HttpResponse) -> Any:
    """The JSON of an answer of any status. Raises Unexpected where it is none."""
    try:
        return json.loads(response.body)
    except ValueError:
        raise Unexpected(response) from None


def is_success(response: HttpResponse) -> bool:
    """Whether the status says so."""
    return kind_of_status(response.status) is OutcomeKind.SUCCEEDED


def alike(
    response: HttpResponse,
    batch: Batch,
    kind: OutcomeKind | None = None,
    message: object = None,
    code: object = None,
) -> list[Outcome]:
    """One outcome for every row, by the status unless ``kind`` says otherwise."""
    outcome = outcome_of(response, kind or kind_of_status(response.status), message, code)
    return [outcome] * len(batch.rows)


def outcome_of(
    response: HttpResponse, kind: OutcomeKind, message: object = None, code: object = None
) -> Outcome:
    """An outcome with what the vendor said, cut to a few hundred characters."""
    return Outcome(
        kind,
        http_status=response.status,
        code=None if code is None else str(code)[:SHOWN_CHARACTERS],
        message=None if message is None else " ".join(str(message).split())[:SHOWN_CHARACTERS],
        request_id=response.headers.get("x-request-id"),
    )


def done(response: HttpResponse, also: Collection[int] = ()) -> Outcome:
    """The outcome of one row by the status alone, and what was said if it failed.

    ``also`` are statuses that come to the same as success: 404 for what was to be deleted.
    """
    if is_success(response) or response.status in also:
        return outcome_of(response, OutcomeKind.SUCCEEDED)
    message = response.body.decode(errors="replace")
    return outcome_of(response, kind_of_status(response.status), message)


def except_for(
    response: HttpResponse, batch: Batch, failed: Mapping[int, Outcome]
) -> Sequence[Outcome]:
    """Success for every row but those that failed, by their place."""
    succeeded = Outcome(OutcomeKind.SUCCEEDED, http_status=response.status)
    return [failed.get(place, succeeded) for place in range(len(batch.rows))]


def items_of(document: Any, name: str) -> list[Any]:
    """The list of this name in a document; empty where there is none.

    Raises ValueError when something else stands there.
    """
    found = document.get(name) if isinstance(document, dict) else None
    if found is None:
        return []
    if not isinstance(found, list):
        raise ValueError(f"{name} is no list")
    return found
