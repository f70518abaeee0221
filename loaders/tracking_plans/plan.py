"""Tracking plans as files: the shapes of Segment's Public API, its Config API and Typewriter."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from warehouse.errors import ConfigurationError

COMMON = "COMMON"
TYPES = (COMMON, "TRACK", "IDENTIFY", "GROUP", "PAGE", "SCREEN")

_CONFIG_PARTS = {"global": COMMON, "identify_traits": "IDENTIFY", "group_traits": "GROUP"}
_CONFIG_RULES = ("events", *_CONFIG_PARTS)
_MESSAGE_PARTS = frozenset(("properties", "traits", "context"))
# Calls that a TRACK rule may describe: no call of another type can have these names.
_CALL_NAMES = {"Page Viewed": "PAGE", "Screen Viewed": "SCREEN"}

Schema = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """What one kind of event should look like.

    ``type`` is one of TYPES, ``key`` the event name of a TRACK rule, ``schema`` the JSON Schema
    (draft-07) of the whole message, ``place`` the file and rule, for messages.
    """

    type: str
    key: str | None
    version: int
    schema: Schema
    place: str


@dataclass(frozen=True)
class Plan:
    """A tracking plan: its name and its rules."""

    name: str
    rules: Sequence[Rule]

    @property
    def has_versions(self) -> bool:
        """Whether a kind of event has rules of several versions."""
        return any(len(versions) > 1 for versions in self._versions.values())

    def versions(self, call: str, event: str | None) -> list[int]:
        """The numbers of all rules for a call, whatever their version."""
        type_ = call.upper()
        return list(self._versions.get((type_, event if type_ == "TRACK" else None), {}).values())

    def rule(self, call: str, event: str | None, version: str | None) -> int | None:
        """The number of the rule for a call (``track``, ``page``...), None when it has none.

        ``event`` is the name of a track, matched exactly. Of several versions the one that the
        event names is taken, the oldest when it names none or one that there is not.
        """
        type_ = call.upper()
        versions = self._versions.get((type_, event if type_ == "TRACK" else None), {})
        if not versions:
            return None
        known = {str(number): rule for number, rule in versions.items()}
        return known.get(version or "", versions[min(versions)])

    @property
    def common(self) -> Sequence[int]:
        """The numbers of the rules for all events."""
        return [number for number, rule in enumerate(self.rules) if rule.type == COMMON]

    @cached_property
    def _versions(self) -> dict[tuple[str, str | None], dict[int, int]]:
        found: dict[tuple[str, str | None], dict[int, int]] = {}
        for number, rule in enumerate(self.rules):
            is_track = rule.type == "TRACK"
            type_ = _CALL_NAMES.get(rule.key or "", "TRACK") if is_track else rule.type
            key = rule.key if type_ == "TRACK" else None
            found.setdefault((type_, key), {})[rule.version] = number
        return found


def read_plan(path: Path) -> Plan:
    """The tracking plan in a file, JSON or YAML.

    Raises ConfigurationError, with file and rule, when there is no such file, it is not of a known
    shape, or a rule is no JSON Schema.
    """
    document = _read(path)
    rules = document.get("rules")
    if isinstance(rules, list):
        read = _public_rules(path, rules)
    elif isinstance(rules, dict):
        read = _config_rules(path, rules)
    else:
        raise ConfigurationError(
            f"{path} is no tracking plan: its rules must be a list, as Segment's Public API gives "
            "them, or a mapping with events, as its Config API does."
        )
    name = document.get("name") or document.get("display_name") or path.stem
    return Plan(str(name), _without_doubles(list(read)))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except FileNotFoundError:
        raise ConfigurationError(f"There is no tracking plan {path}.") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        cause = " ".join(str(error).split()).rstrip(".")
        raise ConfigurationError(f"The tracking plan {path} cannot be read: {cause}.") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path} is no tracking plan: it must be a mapping with rules.")
    # The Public API wraps a plan in its answer.
    data = document.get("data", document)
    inner = data.get("trackingPlan", data) if isinstance(data, dict) else document
    return inner if isinstance(inner, dict) else document


def _public_rules(path: Path, rules: Sequence[object]) -> Iterator[Rule]:
    for number, rule in enumerate(rules, start=1):
        place = f"{path}: rule {number}"
        values = _mapping(rule, place)
        type_ = str(values.get("type", "TRACK")).upper()
        if type_ not in TYPES:
            raise ConfigurationError(f"{place} has the type {type_!r}; known: {', '.join(TYPES)}.")
        key = values.get("key")
        place += f" ({type_}{f' {key!r}' if key else ''})"
        if type_ == "TRACK" and not (isinstance(key, str) and key):
            raise ConfigurationError(f"{place} lacks its key, the name of the event.")
        schema = _mapping(values.get("jsonSchema") or {}, f"{place}: jsonSchema")
        version = _version(values.get("version", 1), place)
        yield Rule(type_, key, version, _message(schema, type_), place)


def _config_rules(path: Path, rules: Mapping[str, object]) -> Iterator[Rule]:
    for name in rules:
        if name not in _CONFIG_RULES:
            raise ConfigurationError(
                f"{path} has rules for {name!r}; known: {', '.join(_CONFIG_RULES)}."
            )
    events = rules.get("events") or []
    if not isinstance(events, list):
        raise ConfigurationError(f"{path}: events must be a list of events with their rules.")
    for number, event in enumerate(events, start=1):
        yield _config_event(event, f"{path}: event {number}")
    for part, type_ in _CONFIG_PARTS.items():
        place = f"{path}: {part}"
        schema = _mapping(rules.get(part) or {}, place)
        if schema:
            yield Rule(type_, None, 1, _message(schema, type_), place)


def _config_event(event: object, place: str) -> Rule:
    values = _mapping(event, place)
    name = values.get("name")
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"{place} lacks its name.")
    place += f" ({name!r})"
    schema = _mapping(values.get("rules") or {}, f"{place}: rules")
    return Rule("TRACK", name, _version(values.get("version", 1), place), schema, place)


def _message(schema: Schema, type_: str) -> Schema:
    """A schema of the whole message; Typewriter's files hold that of the properties alone."""
    parts = schema.get("properties")
    if type_ == COMMON or not isinstance(parts, dict) or not parts or set(parts) & _MESSAGE_PARTS:
        return schema
    part = "traits" if type_ in ("IDENTIFY", "GROUP") else "properties"
    outer: Schema = {"type": "object", "properties": {part: schema}}
    if schema.get("required"):
        outer["required"] = [part]
    return outer


def _mapping(value: object, place: str) -> Schema:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{place} must be a mapping.")
    return value


def _version(value: object, place: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise ConfigurationError(f"{place}: the version {value!r} is no integer.") from None


def _without_doubles(rules: list[Rule]) -> list[Rule]:
    seen: set[tuple[str, str | None, int]] = set()
    for rule in rules:
        identity = (rule.type, rule.key, rule.version)
        if identity in seen and rule.type != COMMON:
            raise ConfigurationError(
                f"{rule.place} is there twice in version {rule.version}; keep one of them."
            )
        seen.add(identity)
    return rules
