"""The canonical payload as text: taken apart without reading a number into a float."""

import json
from collections.abc import Mapping

_DECODER = json.JSONDecoder()


def fragments(payload: str) -> dict[str, str]:
    """The fields of a payload, each as the JSON text that stands in it."""
    found: dict[str, str] = {}
    position = 1
    while payload[position] != "}":
        name, colon = _DECODER.raw_decode(payload, position)
        start = colon + 1
        _, end = _DECODER.raw_decode(payload, start)
        found[name] = payload[start:end]
        position = end + 1 if payload[end] == "," else end
    return found


def plain(fragment: str | None) -> str | None:
    """A value as text: a string without its quotes, anything else as its JSON, null as None."""
    if fragment is None or fragment == "null":
        return None
    if fragment.startswith('"'):
        return str(json.loads(fragment))
    return fragment


def changed_fields(
    before: str | None, after: str | None
) -> Mapping[str, tuple[str | None, str | None]]:
    """The fields whose values differ between two payloads, with the old and the new value."""
    old = fragments(before) if before else {}
    new = fragments(after) if after else {}
    names = sorted({*old, *new})
    return {
        name: (plain(old.get(name)), plain(new.get(name)))
        for name in names
        if old.get(name) != new.get(name)
    }


def as_object(members: Mapping[str, str]) -> str:
    """A JSON object of names and values that are JSON text already."""
    inner = ",".join(
        f"{json.dumps(name, ensure_ascii=False)}:{value}" for name, value in members.items()
    )
    return f"{{{inner}}}"


def as_text(fragment: str) -> str:
    """A value as a JSON string: a number keeps each digit, null is the empty text."""
    if fragment.startswith('"'):
        return fragment
    return '""' if fragment == "null" else json.dumps(fragment, ensure_ascii=False)
