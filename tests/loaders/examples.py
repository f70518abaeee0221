"""Events for tests, with all that a valid one needs."""

from itertools import count
from typing import Any

_NUMBERS = count(1)


def track(event: str = "Signed Up", /, **fields: Any) -> dict[str, Any]:
    return _event("track", {"event": event, "userId": "u1"}, fields)


def identify(**fields: Any) -> dict[str, Any]:
    return _event("identify", {"userId": "u1"}, fields)


def page(**fields: Any) -> dict[str, Any]:
    return _event("page", {"anonymousId": "a1"}, fields)


def group(**fields: Any) -> dict[str, Any]:
    return _event("group", {"userId": "u1", "groupId": "g1"}, fields)


def alias(**fields: Any) -> dict[str, Any]:
    return _event("alias", {"userId": "u1", "previousId": "a1"}, fields)


def _event(type_: str, own: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """An event with an id of its own; a field given as None is left out."""
    event = {
        "type": type_,
        "messageId": f"m{next(_NUMBERS)}",
        "timestamp": "2026-03-01T10:00:00Z",
        "sentAt": "2026-03-01T10:00:01Z",
        **own,
        **fields,
    }
    return {key: value for key, value in event.items() if value is not None}
