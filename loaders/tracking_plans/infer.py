"""``weft tracking-plan infer``: a first tracking plan, from what has landed."""

from typing import Any

from loaders.catalog import BIGINT, BOOLEAN, DOUBLE, VARCHAR
from loaders.naming import SEGMENT, Naming
from loaders.tracking_plans.landed import LandedEvents, landed_events
from loaders.tracking_plans.plan import Schema
from loaders.tracking_plans.schema import document_of
from warehouse.engines import Warehouse, quote
from warehouse.errors import ConfigurationError

_TYPES = {BOOLEAN: "boolean", BIGINT: "integer", DOUBLE: "number"}
_PLACES = {"identify": "identify_traits", "group": "group_traits"}
_NAMES = {"page": "Page Viewed", "screen": "Screen Viewed"}
# Some SDKs send these only among the properties, others beside them.
_PAGE_COLUMNS = ("name", "category")
_COLUMNS_AT_ONCE = 200


def infer(warehouse: Warehouse, source: str, *, naming: Naming = SEGMENT) -> dict[str, Any]:
    """A tracking plan in the shape of Segment's Config API that all that has landed satisfies.

    Properties bear the names of their columns; those that are never null are required. The same
    tables give the same plan. ``naming`` is the source's rule for names.

    Raises ConfigurationError when nothing of the source has landed.
    """
    events: list[Schema] = []
    traits: dict[str, Schema] = {}
    for landed in landed_events(warehouse, source, naming):
        if landed.call == "alias":
            continue
        schema = _message(warehouse, landed)
        if landed.call in _PLACES:
            traits[_PLACES[landed.call]] = schema
        else:
            name = landed.event or _NAMES[landed.call]
            events.append({"name": name, "version": 1, "rules": schema})
    if not events and not traits:
        raise ConfigurationError(
            f"Nothing of the source {source!r} has landed yet; load it first: weft load {source}."
        )
    return {"name": source, "display_name": source, "rules": {"events": events, **traits}}


def _message(warehouse: Warehouse, landed: LandedEvents) -> Schema:
    part = document_of(landed.call.upper())
    properties, required = _properties(warehouse, landed)
    schema: Schema = {"type": "object", "properties": properties}
    outer: Schema = {"type": "object", "properties": {part: schema}}
    if required:
        schema["required"] = required
        outer["required"] = [part]
    return outer


def _properties(warehouse: Warehouse, landed: LandedEvents) -> tuple[Schema, list[str]]:
    columns = landed.values
    if landed.call in _NAMES:
        columns |= {name: VARCHAR for name in _PAGE_COLUMNS if name in landed.columns}
    properties, required = {}, []
    names = sorted(columns)
    for start in range(0, len(names), _COLUMNS_AT_ONCE):
        some = names[start : start + _COLUMNS_AT_ONCE]
        counts = ", ".join(
            f"count({column}) as n{index}, {_count_arrays(column, columns[name])} as a{index}"
            for index, name in enumerate(some)
            for column in (quote(name),)
        )
        (row,) = warehouse.rows(
            f"select count(*) as total, {counts} from {landed.rows}", landed.parameters
        )
        for index, name in enumerate(some):
            count, arrays = row[f"n{index}"], row[f"a{index}"]
            if count:
                all_arrays = arrays == count
                type_ = "array" if all_arrays else _TYPES.get(columns[name], "string")
                properties[name] = {"type": type_}
            if count == row["total"] and count and name not in _PAGE_COLUMNS:
                required.append(name)
    return properties, required


def _count_arrays(column: str, type_: str) -> str:
    """SQL for how many values are arrays, which land as JSON text."""
    if type_ != VARCHAR:
        return "0"
    is_array = f"{column} like '[%' and {column} like '%]'"
    return f"sum(case when {is_array} then 1 else 0 end)"
