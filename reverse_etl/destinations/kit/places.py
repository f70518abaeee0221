"""Errors of an answer that name rows by their place in the request."""

from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected


def objects_in(
    response: HttpResponse, document: Any, name: str, *, is_needed: bool = False
) -> list[dict[str, Any]]:
    """The list of objects of this name in an answer; empty where there is none.

    Raises Unexpected for anything else, so that no error goes unread, and where the list is
    needed and not there.
    """
    found = document.get(name) if isinstance(document, dict) else None
    if found is None and not is_needed:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Unexpected(response)
    return found


def place_in(response: HttpResponse, error: dict[str, Any], name: str, size: int) -> int:
    """The place that an error names. Raises Unexpected when it names none of the request's."""
    place = error.get(name)
    if not isinstance(place, int) or not 0 <= place < size:
        raise Unexpected(response)
    return place
