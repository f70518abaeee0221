"""Computed traits by plain Python, one profile at a time, from definitions as YAML has them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.dbt_project.shop import Event

Definition = Mapping[str, Any]
_CALLS = {"pages": "page", "screens": "screen", "tracks": "track"}
_UTC = ZoneInfo("UTC")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    "contains": lambda value, part: part in value,
    "not": lambda value, unwanted: value not in _as_list(unwanted),
}


def occurred_at(event: Event) -> datetime:
    """When an event happened, UTC."""
    return datetime.fromisoformat(event["timestamp"])


def trait(definition: Definition, events: Iterable[Event], as_of: date, zone: str) -> Any:
    """The value of a trait for somebody with these events."""
    counted = sorted(
        (
            (occurred_at(event), _property(event, definition.get("property")))
            for event in events
            if _is_meant(definition, event) and _is_within(definition, event, as_of, zone)
        ),
        key=lambda pair: (pair[0], pair[1] is not None, pair[1] if pair[1] is not None else 0),
    )
    kind = definition["aggregate"]
    if kind in ("count", "exists", "days_since"):
        return _of_events(kind, [moment for moment, _ in counted], as_of, zone)
    return _of_values(kind, [value for _, value in counted if value is not None])


def _of_events(kind: str, moments: list[datetime], as_of: date, zone: str) -> Any:
    if kind == "count":
        return len(moments)
    if kind == "exists":
        return bool(moments)
    return (as_of - _local_day(moments[-1], zone)).days if moments else None


def _of_values(kind: str, values: list[Any]) -> Any:
    if kind == "unique_count":
        return len(set(values))
    if not values:
        return None
    if kind in ("sum", "average"):
        divisor = len(values) if kind == "average" else 1
        return (sum(values, Decimal(0)) / divisor).quantize(Decimal("1e-9"))
    if kind == "most_frequent":
        ranked = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))
        return ranked[0][0] if ranked[0][1] >= 2 else None
    choices: dict[str, Callable[[list[Any]], Any]] = {
        "min": min,
        "max": max,
        "first": lambda all_of: all_of[0],
        "last": lambda all_of: all_of[-1],
        "unique_list": lambda all_of: sorted(set(all_of)),
    }
    return choices[kind](values)


def _is_meant(definition: Definition, event: Event) -> bool:
    if "event" in definition:
        is_one = event["type"] == "track" and event["event"] == definition["event"]
    else:
        is_one = event["type"] == _CALLS[definition["calls"]]
    return is_one and all(
        _fulfils(_property(event, name), wanted)
        for name, wanted in definition.get("where", {}).items()
    )


def _fulfils(value: Any, wanted: Any) -> bool:
    if wanted is None:
        return value is None
    if wanted == {"not": None}:
        return value is not None
    if value is None:
        return False
    if isinstance(wanted, dict):
        return all(_COMPARISONS[name](value, bound) for name, bound in wanted.items())
    return value in _as_list(wanted)


def _is_within(definition: Definition, event: Event, as_of: date, zone: str) -> bool:
    day = _local_day(occurred_at(event), zone)
    if day > as_of:
        return False
    if "window" not in definition:
        return True
    count, unit = definition["window"].split()
    if unit.startswith("day"):
        return (as_of - day).days < int(count)
    midnight = datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(zone))
    return occurred_at(event) >= midnight.astimezone(_UTC) - timedelta(hours=int(count))


def _local_day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _property(event: Event, name: str | None) -> Any:
    if name == "timestamp":
        return occurred_at(event).replace(tzinfo=None)
    value = event.get("properties", {}).get(name)
    return Decimal(str(value)) if isinstance(value, int | float) else value


def _as_list(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]
