"""What an audience is made of: its compiled SQL, and the traits and events it rests on."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlglot
from sqlglot import exp

from explore.audiences.catalog import settings_of, syncs_of
from explore.audiences.compiled import CompiledAudience
from warehouse.manifest import Manifest, Model
from warehouse.project import Project

_CONDITION = re.compile(r"/\*weft:condition (.*?)\*/", re.DOTALL)
_CALL = re.compile(r"(?:more than: )?(performed|funnel)\((.*)\)$", re.DOTALL)


@dataclass(frozen=True)
class TraitUsed:
    """A computed trait that an audience reads, and how it is defined."""

    trait: str
    model: str
    definition: dict[str, Any]


@dataclass(frozen=True)
class Anatomy:
    """One audience taken apart.

    ``conditions`` are the calls of helper macros, named as in the reasons of changes.
    """

    audience: str
    path: str
    as_of: date
    settings: dict[str, Any]
    models: tuple[str, ...]
    traits: list[TraitUsed]
    events: list[str]
    conditions: list[str]
    syncs: tuple[str, ...]
    sql: str


def take_apart(
    project: Project, manifest: Manifest, audience: CompiledAudience, dialect: str
) -> Anatomy:
    """What the SQL of an audience rests on."""
    models = list(manifest.models())
    traits = list(_traits(models, _names_read(audience.sql, dialect)))
    conditions = list(dict.fromkeys(_CONDITION.findall(audience.sql)))
    events = {str(used.definition["event"]) for used in traits if "event" in used.definition}
    for condition in conditions:
        events |= set(_events(condition))
    upstream = set(audience.model.depends_on) if audience.model else set()
    return Anatomy(
        audience=audience.name,
        path=audience.path,
        as_of=audience.as_of,
        settings=settings_of(audience.model) if audience.model else {},
        models=tuple(sorted(model.name for model in models if model.unique_id in upstream)),
        traits=traits,
        events=sorted(events),
        conditions=conditions,
        syncs=syncs_of(project, manifest, audience.model) if audience.model else (),
        sql=audience.sql.strip(),
    )


def _names_read(sql: str, dialect: str) -> set[str]:
    tree = sqlglot.parse_one(sql, read=dialect)
    return {column.name.lower() for column in tree.find_all(exp.Column)}


def _traits(models: list[Model], names: set[str]) -> Iterator[TraitUsed]:
    for model in sorted(models, key=lambda one: one.name):
        defined = model.meta.get("traits")
        for name, definition in (defined if isinstance(defined, dict) else {}).items():
            if str(name).lower() in names and isinstance(definition, dict):
                yield TraitUsed(str(name), model.name, dict(definition))


def _events(condition: str) -> Iterator[str]:
    """The events that a condition names: its first argument is one, or a list of steps."""
    call = _CALL.match(condition)
    if call is None or not call[2].startswith(('"', "[")):
        return
    first, _ = json.JSONDecoder().raw_decode(call[2])
    for step in first if isinstance(first, list) else [first]:
        yield str(step["event"] if isinstance(step, dict) else step)
