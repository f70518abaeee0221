"""A rule taken apart: what the structure of an event decides, and what its values do.

Most of a JSON Schema (types, required and unplanned properties) is the same for all events of one
structure, so one of them is judged for all. Only the rest needs values, and each distinct value
once. ``jsonschema-rs`` judges both.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loaders.tracking_plans.plan import COMMON, Plan, Rule, Schema
from loaders.tracking_plans.values import Keys, ValueCheck, has_reference
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from jsonschema_rs import Draft7Validator

DOCUMENTS = ("properties", "traits", "context")
"""Parts of a message that are columns of their own."""

# Words of draft-07 that need a value to judge. What is in neither list says nothing about validity.
_VALUE_WORDS = frozenset(
    (
        *("pattern", "format", "enum", "const", "minLength", "maxLength", "multipleOf"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"),
        *("minProperties", "maxProperties", "patternProperties", "propertyNames", "dependencies"),
        *("if", "then", "else", "allOf", "anyOf", "oneOf", "not"),
    )
)


@dataclass(frozen=True)
class Judgement:
    """A rule, ready to judge: the shape of the message's parts, then values.

    ``parts`` are the keys of the message whose structure matters; of those not in ``deep`` only
    whether they are there. ``deep`` has the schema of their structure. In ``needed`` something is
    required, even if they themselves are not.
    """

    rule: Rule
    parts: tuple[str, ...]
    deep: Mapping[str, Schema]
    needed: frozenset[str]
    shape: "Draft7Validator"
    checks: tuple[ValueCheck, ...]


def compile_plan(plan: Plan) -> list[Judgement]:
    """The rules of a plan, in their order, ready to judge.

    Raises ConfigurationError with file and rule when a rule is no JSON Schema of draft-07.
    """
    shared = [plan.rules[number].schema for number in plan.common]
    common = {
        part: set[str]().union(*(_listed(schema, part) for schema in shared)) for part in DOCUMENTS
    }
    return [_compile(rule, common) for rule in plan.rules]


def _compile(rule: Rule, common: Mapping[str, set[str]]) -> Judgement:
    from jsonschema_rs import Draft7Validator, ValidationError

    schema = _mend(rule.schema)
    try:
        Draft7Validator(schema)
    except (ValidationError, ValueError) as error:
        cause = getattr(error, "message", str(error)).splitlines()[0]
        raise ConfigurationError(f"{rule.place}: the schema is no draft-07: {cause}.") from None
    checks: list[ValueCheck] = []
    shape = _split_message(rule, schema, common, checks)
    parts = tuple(sorted({*shape.get("required", ()), *shape["properties"]}))
    deep = shape["properties"]
    required = shape.get("required", ())
    needed = frozenset(part for part in deep if deep[part].get("required") and part not in required)
    return Judgement(rule, parts, deep, needed, Draft7Validator(shape), tuple(checks))


def _split_message(
    rule: Rule, schema: Schema, common: Mapping[str, set[str]], checks: list[ValueCheck]
) -> Schema:
    """The structural part of a rule; what needs values is added to ``checks``."""
    shape: Schema = {"required": schema.get("required", []), "properties": {}}
    if has_reference(schema):
        checks.append(ValueCheck((), schema))
        return {"properties": {}}
    for part, inner in (schema.get("properties") or {}).items():
        if part not in DOCUMENTS:
            # Of the rest of a message little is ever asked.
            checks += [ValueCheck((part,), inner)] if inner not in ({}, True) else []
            continue
        if rule.type != COMMON and part == document_of(rule.type):
            inner = _close(inner, common.get(part, set()))
        split = _split(inner, (part,), checks)
        if set(split) - {"type"}:
            shape["properties"][part] = split
    # Keys of the message itself are no properties: what it may hold beside is not asked.
    rest = {word: schema[word] for word in _VALUE_WORDS & set(schema)}
    if rest:
        checks.append(ValueCheck((), rest))
    return shape


def document_of(type_: str) -> str:
    """Which document of a message holds what a rule of a type plans."""
    return "traits" if type_ in ("IDENTIFY", "GROUP") else "properties"


def places_of_interest(shape: Schema, keys: Keys = ()) -> Iterator[tuple[Keys, bool]]:
    """What of a document decides about its structure: places, and whether it is all their keys.

    Where it is not their keys it is whether they are there, and the type of what is.
    """
    named = shape.get("properties", {})
    if keys:
        yield keys, False
    if shape.get("additionalProperties") is False:
        yield keys, True
    for name in sorted({*named, *shape.get("required", ())}):
        inner = named.get(name, {})
        if inner:
            yield from places_of_interest(inner, (*keys, name))
        elif name in shape.get("required", ()):
            yield (*keys, name), False


def _close(schema: object, also: set[str]) -> object:
    """A schema under which properties it does not list are faults, unless it allows them."""
    if not isinstance(schema, dict) or "properties" not in schema:
        return schema
    names = {**_any(also), **schema["properties"]}
    return {"additionalProperties": False, **schema, "properties": names}


def _split(schema: Any, keys: Keys, checks: list[ValueCheck]) -> Schema:
    if not isinstance(schema, dict):
        if schema is False:
            checks.append(ValueCheck(keys, {"not": {}}))
        return {}
    shape: Schema = {}
    values = {word: schema[word] for word in _VALUE_WORDS & set(schema)}
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if "integer" in types and "number" not in types:
        # 5.0 is an integer, which the structure does not tell from 5.5.
        values["type"] = types
    elif types:
        shape["type"] = types
    if schema.get("required"):
        shape["required"] = schema["required"]
    named = schema.get("properties", {})
    if named:
        inner = {name: _split(one, (*keys, name), checks) for name, one in named.items()}
        shape["properties"] = {name: one for name, one in inner.items() if one}
    others = schema.get("additionalProperties", True)
    if isinstance(others, dict) or (others is False and "patternProperties" in schema):
        values |= {"additionalProperties": others, "properties": _any(named)}
    elif others is False:
        shape |= {"additionalProperties": False}
        shape["properties"] = {**_any(named), **shape.get("properties", {})}
    if values:
        checks.append(ValueCheck(keys, values))
    return {} if shape == {"properties": {}} else shape


def _any(names: Iterable[str]) -> Schema:
    """Properties of any kind."""
    return {name: {} for name in names}


def _mend(schema: Any) -> Any:
    """A schema as draft-07 has it: other drafts' names for themselves and their limits mended."""
    if isinstance(schema, list):
        return [_mend(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    mended = {
        word: _mend(value)
        for word, value in schema.items()
        if not (word in ("$schema", "$id", "id") and isinstance(value, str))
    }
    for limit in ("Minimum", "Maximum"):
        word, bound = f"exclusive{limit}", limit.lower()
        if isinstance(mended.get(word), bool):  # draft-04
            exclusive = mended.pop(word)
            if exclusive and bound in mended:
                mended[word] = mended.pop(bound)
    return mended


def _listed(schema: Schema, part: str) -> set[str]:
    inner = (schema.get("properties") or {}).get(part)
    return set(inner.get("properties") or {}) if isinstance(inner, dict) else set()
