"""A tracking plan of 25 rules for the events that ``benchmarks.events`` writes."""

import json
from pathlib import Path
from typing import Any

from benchmarks.events import NAMES

_TEXT = {"type": "string"}
_MOST_RULES = 25


def write_plan(path: Path) -> None:
    """Write a plan in the shape of Segment's Public API; most events keep it, some do not."""
    names = [*NAMES, *(f"Unseen {number}" for number in range(_MOST_RULES - len(NAMES) - 3))]
    rules = [_rule("TRACK", name, _track(strict=name != "Cart Viewed")) for name in names]
    rules += [
        _rule("IDENTIFY", None, _call("traits", _TRAITS, ["email"])),
        _rule("PAGE", None, _call("properties", dict.fromkeys(("path", "url", "title"), _TEXT))),
        _rule("COMMON", None, _call("context", _CONTEXT, ["library"])),
    ]
    path.write_text(json.dumps({"name": "benchmark", "rules": rules}), encoding="utf-8")


def _rule(type_: str, key: str | None, schema: dict[str, Any]) -> dict[str, Any]:
    named = {"key": key} if key else {}
    return {"type": type_, **named, "version": 1, "jsonSchema": schema}


def _call(
    part: str, properties: dict[str, Any], required: list[str] | None = None
) -> dict[str, Any]:
    inner = {"type": "object", "properties": properties, "required": required or []}
    return {"type": "object", "properties": {part: inner}}


def _track(*, strict: bool) -> dict[str, Any]:
    properties = {
        "product_id": {"type": "string", "pattern": "^sku-[0-9]+$"},
        "price": {"type": "number", "minimum": 0},
        "quantity": {"type": "integer", "minimum": 1},
        "in_stock": {"type": "boolean"},
        "category": {"type": "string", "enum": ["Games" if strict else "Toys", "Books"]},
        "at": {"type": "string", "format": "date-time"},
        "list": {"type": "array", "items": {"type": "integer"}},
        "shipping": {"type": "object", "required": ["city"], "properties": {"city": _TEXT}},
    }
    return _call("properties", properties, ["product_id", "price"])


_TRAITS: dict[str, Any] = {
    "email": {"type": "string", "format": "email"},
    "firstName": _TEXT,
    "plan": {"enum": ["pro", "free"]},
    "logins": {"type": "integer"},
    "address": {"type": "object"},
}
_CONTEXT: dict[str, Any] = {
    "library": {"type": "object", "required": ["name"]},
    "locale": {"type": "string", "pattern": "^[a-z]{2}-[A-Z]{2}$"},
    "page": {"type": "object", "properties": {"path": _TEXT}},
}
