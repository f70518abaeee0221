"""Sources: where events come from, as weft.yml describes them."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from loaders.batches import Rules
from loaders.declared import Word, check_declared
from loaders.door import Door
from loaders.inputs.settings import InputSettings
from loaders.naming import NAMINGS
from loaders.tracking_plans.settings import TrackingPlanSettings
from loaders.warehouse_tables import MappedTable
from warehouse.documents import validate
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import Project

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED_SCHEMAS = ("weft", "information_schema", "pg_catalog", "main", "temp")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Source(InputSettings):
    """One entry of ``sources:``.

    Events come from ``files``, patterns relative to the project's folder, absolute ones or URLs,
    or from ``tables`` of the warehouse. ``declare`` names columns that are there before a value
    was seen, with their types; ``naming`` is the rule for names, and ``max_columns`` how many
    properties of one event land. ``door`` says what is never stored, ``tracking_plan`` what events
    should look like.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: Annotated[list[str], BeforeValidator(_as_list)] = Field(default_factory=list)
    tables: dict[str, MappedTable] = Field(default_factory=dict)
    declare: dict[str, dict[str, Word]] = Field(default_factory=dict)
    naming: Literal["segment", "rudderstack"] = "segment"
    max_columns: Annotated[int, Field(ge=1)] = 1_000
    door: Door | None = None
    tracking_plan: TrackingPlanSettings | None = None

    @property
    def rules(self) -> Rules:
        """How documents are to land."""
        return Rules(NAMINGS[self.naming], self.max_columns)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.files) == bool(self.tables):
            raise ValueError("a source has either files or tables")
        check_declared(self.declare, NAMINGS[self.naming])
        return self


def read_sources(project: Project) -> dict[str, Source]:
    """The sources of a project by name.

    Raises ConfigurationError for a name that cannot be a schema or a setting that is wrong,
    UnknownNameError for a setting that does not exist.
    """
    sources = {}
    for name, values in project.section("sources").items():
        _check_name(project, name)
        sources[name] = validate(Source, values, project.settings, ("sources", name))
    return sources


def read_source(project: Project, name: str) -> Source:
    """One source of a project.

    Raises UnknownNameError for a source that does not exist, and what ``read_sources`` raises.
    """
    return choose_sources(read_sources(project), [name])[name]


def choose_sources(sources: dict[str, Source], names: Sequence[str]) -> dict[str, Source]:
    """The named sources, all of them when none is named.

    Raises UnknownNameError for a name that no source has.
    """
    for name in names:
        if name not in sources:
            raise UnknownNameError("source", name, sources, "weft.yml")
    return {name: sources[name] for name in names} if names else sources


def _check_name(project: Project, name: object) -> None:
    place = project.settings.place(("sources", str(name)))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{place}: the source {name!r} gives its schema its name, so it must be snake_case: "
            "lower-case letters, digits and underscores, no digit first."
        )
    if name in (*_RESERVED_SCHEMAS, project.output.get("schema", "main")):
        raise ConfigurationError(
            f"{place}: the source {name!r} would share the schema of that name; "
            "give it another name."
        )
