"""What a validator finds, as kinds of violation and places in the message."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loaders.tracking_plans.schema import DOCUMENTS, Judgement
from loaders.tracking_plans.settings import (
    INVALID_VALUE,
    MISSING_REQUIRED,
    UNPLANNED_PROPERTY,
    WRONG_TYPE,
)
from loaders.tracking_plans.values import Keys, ValueCheck, decode

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_LONGEST_DESCRIPTION = 500
_KINDS = {
    "required": MISSING_REQUIRED,
    "type": WRONG_TYPE,
    "additionalProperties": UNPLANNED_PROPERTY,
}


@dataclass(frozen=True)
class Fault:
    """One fault: its kind, the path of what is at fault, and what is wrong with it."""

    kind: str
    keys: Keys
    description: str

    def row(self) -> dict[str, object]:
        """Columns of BREACHES."""
        # Only what lies in a document can be left out, and only what is there.
        is_inside = len(self.keys) > 1 and self.keys[0] in ("properties", "traits")
        can_omit = is_inside and self.kind != MISSING_REQUIRED
        return {
            "kind": self.kind,
            "field": ".".join(self.keys),
            "description": self.description[:_LONGEST_DESCRIPTION],
            "keys": json.dumps(self.keys) if can_omit else None,
        }


def faults_of_shape(
    one: Judgement, texts: Mapping[str, str | None], raw: str | None
) -> Iterator[Fault]:
    """The faults of all messages that have the structure of this one.

    ``texts`` are its documents as JSON, by part.
    """
    message: dict[str, Any] = {}
    for part in one.parts:
        if part not in DOCUMENTS:
            message |= {part: None} if part in decode(raw or "{}") else {}
        elif (text := texts[part]) is not None:
            message[part] = decode(text) if part in one.deep else {}
        elif part in one.needed:
            # What is required in a document that is not there is missing all the same.
            message[part] = {}
    for error in one.shape.iter_errors(message):
        yield from _faults(error, tuple(map(str, error.instance_path)))


def faults_of_values(check: ValueCheck, values: Sequence[str]) -> Iterator[tuple[str, Fault]]:
    """The faults of values given as JSON, each with its value."""
    for index, error, keys in check.errors(values):
        for fault in _faults(error, keys):
            yield values[index], fault


def _faults(error: "ValidationError", keys: Keys) -> Iterator[Fault]:
    kind = _KINDS.get(error.kind.name, INVALID_VALUE)
    details = error.kind.as_dict()
    if kind == UNPLANNED_PROPERTY:
        for name in details["unexpected"]:
            yield Fault(kind, (*keys, name), "the plan has no such property")
    elif kind == MISSING_REQUIRED:
        yield Fault(kind, (*keys, str(details["property"])), error.message)
    else:
        yield Fault(kind, keys, error.message)
