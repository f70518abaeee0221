"""Sources: where events come from, as weft.yml describes them."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from warehouse.documents import validate
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import Project

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED_SCHEMAS = ("weft", "information_schema", "pg_catalog", "main", "temp")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Source(BaseModel):
    """One entry of ``sources:``.

    ``files`` are patterns relative to the project's folder, or absolute ones.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: Annotated[list[str], BeforeValidator(_as_list)]
    format: Literal["ndjson"] = "ndjson"


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
