"""Templates of a body: JSON with places for what a row holds.

``{"email": "{{ key }}", "plan": "{{ fields.plan }}", "note": "was {{ key }}"}``. A text that is
one place only becomes the value itself, a number stays a number, to the last digit; inside a
longer text the value stands as text. Places: ``operation``, ``key``, ``idempotency_key``,
``sync``, ``fields`` (all of them) and ``fields.NAME``; a field that a row does not have is null.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from reverse_etl.destinations.kit.rows import Row
from reverse_etl.values import fragments, plain

Render = Callable[[Row, str], str]
"""A row and the name of its sync -> JSON text."""

_PLACE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_PLACES = ("operation", "key", "idempotency_key", "sync", "fields")


def compile_template(template: Any) -> Render:
    """What renders a template, the JSON value of it, for a row.

    Raises ValueError for a place there is not.
    """
    if isinstance(template, str):
        return _text(template)
    if isinstance(template, Mapping):
        members = [
            (f"{json.dumps(str(name), ensure_ascii=False)}:", compile_template(value))
            for name, value in template.items()
        ]
        return lambda row, sync: (
            "{" + ",".join(name + render(row, sync) for name, render in members) + "}"
        )
    if isinstance(template, list):
        items = [compile_template(item) for item in template]
        return lambda row, sync: "[" + ",".join(render(row, sync) for render in items) + "]"
    constant = json.dumps(template, ensure_ascii=False)
    return lambda row, sync: constant


def _text(template: str) -> Render:
    parts = _PLACE.split(template)
    for name in parts[1::2]:
        if name not in _PLACES and not name.startswith("fields."):
            raise ValueError(
                f"there is no place {{{{ {name} }}}}; known: {', '.join(_PLACES)}, fields.NAME"
            )
    if len(parts) == 1:
        constant = json.dumps(template, ensure_ascii=False)
        return lambda row, sync: constant
    if len(parts) == 3 and not parts[0] and not parts[2]:
        name = parts[1]
        return lambda row, sync: _value(name, row, sync)
    return lambda row, sync: json.dumps(
        "".join(
            part if position % 2 == 0 else plain(_value(part, row, sync)) or ""
            for position, part in enumerate(parts)
        ),
        ensure_ascii=False,
    )


def _value(name: str, row: Row, sync: str) -> str:
    """The JSON text of a place."""
    if name == "key":
        return row.key_json
    if name == "fields":
        return row.payload
    if name.startswith("fields."):
        return fragments(row.payload).get(name.removeprefix("fields."), "null")
    if name == "sync":
        return json.dumps(sync, ensure_ascii=False)
    return json.dumps(str(getattr(row, name)), ensure_ascii=False)
