"""What the values of a message must be: each distinct one is judged once."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loaders.structure import literal
from loaders.tracking_plans.plan import Schema

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

Keys = tuple[str, ...]
"""A path of keys in a message."""

_BATCH = 10_000
_MOST_DIGITS = 4_000


@dataclass(frozen=True)
class ValueCheck:
    """What the values at a path of the message must be."""

    keys: Keys
    schema: Schema

    def is_fine(self, value: str) -> str | None:
        """SQL that spares valid values the validator: it holds for none that is not valid.

        ``value`` is SQL for the value as JSON text. None when there is no such SQL.
        """
        conditions = [_is_fine(word, wanted, value) for word, wanted in self.schema.items()]
        known = [f"({condition})" for condition in conditions if condition is not None]
        return " and ".join(known) if len(known) == len(conditions) else None

    def errors(self, texts: Sequence[str]) -> "Iterator[tuple[int, ValidationError, Keys]]":
        """Faults of values given as JSON: which value, the fault, and where in the message."""
        from jsonschema_rs import Draft7Validator

        # A reference means its own schema, which must then stay the outermost one.
        alone = has_reference(self.schema)
        schema = self.schema if alone else {"items": self.schema}
        validator = Draft7Validator(schema, validate_formats=True)
        size = 1 if alone else _BATCH
        for start in range(0, len(texts), size):
            values = decode(f"[{','.join(texts[start : start + size])}]")
            for error in validator.iter_errors(values[0] if alone else values):
                place = list(error.instance_path)
                index = 0 if alone else int(place.pop(0))
                yield start + index, error, (*self.keys, *map(str, _before_index(place)))


def decode(text: str) -> Any:
    """JSON of an event as Python values, whatever the size of its numbers."""
    return json.loads(text, parse_int=_integer)


def _integer(digits: str) -> int | float:
    # Python refuses longer ones.
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)


def has_reference(schema: Any) -> bool:
    """Whether a schema refers to a part of itself by ``$ref``."""
    if isinstance(schema, list):
        return any(map(has_reference, schema))
    if not isinstance(schema, dict):
        return False
    return isinstance(schema.get("$ref"), str) or any(map(has_reference, schema.values()))


def _is_fine(word: str, wanted: Any, value: str) -> str | None:
    is_plain = f"left({value}, 1) = '\"' and not contains({value}, '\\')"
    if word == "type":
        return f"regexp_full_match({value}, '-?[0-9]+')" if "integer" in wanted else None
    if word in ("enum", "const"):
        choices = wanted if word == "enum" else [wanted]
        texts = ", ".join(literal(json.dumps(one, ensure_ascii=False)) for one in choices)
        return f"{value} in ({texts})" if texts else None
    comparison = {
        "minimum": f"try_cast({value} as double) >=",
        "maximum": f"try_cast({value} as double) <=",
        "exclusiveMinimum": f"try_cast({value} as double) >",
        "exclusiveMaximum": f"try_cast({value} as double) <",
        "minLength": f"{is_plain} and length({value}) - 2 >=",
        "maxLength": f"{is_plain} and length({value}) - 2 <=",
    }.get(word)
    return f"{comparison} {float(wanted)!r}::double" if comparison else None


def _before_index(place: Sequence[str | int]) -> Iterator[str | int]:
    """A path up to an element of an array: elements have no name to speak of."""
    for key in place:
        if isinstance(key, int):
            return
        yield key
