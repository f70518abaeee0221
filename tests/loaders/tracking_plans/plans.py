"""Tracking plans for tests."""

from typing import Any

Schema = dict[str, Any]


def message(properties: Schema, *required: str, part: str = "properties") -> Schema:
    """The schema of a message whose properties are these."""
    inner = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "object", "properties": {part: inner, "context": {}}, "labels": {}}


def rule(key: str | None, schema: Schema, type_: str = "TRACK", version: int = 1) -> Schema:
    return {"type": type_, "key": key, "version": version, "jsonSchema": schema}


def public(*rules: Schema) -> Schema:
    """A plan as Segment's Public API has it."""
    return {"id": "tp_1", "name": "Shop", "type": "LIVE", "rules": list(rules)}


def config(*events: Schema, **others: Schema) -> Schema:
    """A plan as Segment's Config API has it."""
    return {"display_name": "Shop", "rules": {"events": list(events), **others}}


ORDER = message(
    {
        "total": {"type": "number", "minimum": 0},
        "currency": {"type": ["string"], "enum": ["EUR", "USD"], "pattern": "", "id": "/x"},
        "quantity": {"type": "integer", "properties": {}},
    },
    "total",
)
SHOP = public(rule("Order Completed", ORDER))
"""A plan of one event: a total it must have, a currency, a quantity."""
