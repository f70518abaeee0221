"""Syncs: dbt exposures of the project that say ``config: meta: sync:``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reverse_etl.destinations import DestinationEntry, read_destinations
from warehouse.documents import Document, read_document, validate
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.manifest import Exposure, Manifest, Model
from warehouse.project import Project

Mode = Literal["upsert", "update", "create", "mirror", "audience", "append"]

ALL_COLUMNS = "*"


class Guard(BaseModel):
    """What a plan may do without being asked. Percentages count from 50 acknowledged rows up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_removed_percent: float = Field(default=20, ge=0, le=100)
    max_removed_rows: int = Field(default=10_000, ge=0)
    min_rows: int = Field(default=1, ge=0)


class SyncSettings(BaseModel):
    """The settings of a sync, as an exposure has them under ``config.meta.sync``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    destination: str
    mode: Mode
    key: tuple[str, ...] = Field(min_length=1)
    fields: Mapping[str, str] = Field(default_factory=dict)
    guard: Guard = Guard()

    @field_validator("key", mode="before")
    @classmethod
    def _one_or_several(cls, key: object) -> object:
        return (key,) if isinstance(key, str) else key

    @field_validator("fields", mode="before")
    @classmethod
    def _some_or_all(cls, fields: object) -> object:
        return {ALL_COLUMNS: ALL_COLUMNS} if fields == ALL_COLUMNS else fields


@dataclass(frozen=True)
class Sync:
    """A model sent to a destination."""

    name: str
    settings: SyncSettings
    model: Model
    destination: DestinationEntry
    document: Document = field(repr=False)

    def place(self, *location: str | int) -> str:
        """Where a setting of the sync stands, as file and line."""
        return self.document.place(("exposure", self.name, *location))


def read_syncs(project: Project, manifest: Manifest) -> dict[str, Sync]:
    """Every sync of the project, by name; exposures of packages are left out.

    Raises UnknownNameError for a destination, model or setting that does not exist,
    ConfigurationError for a setting that is not valid; each names the exposure's file.
    """
    destinations = read_destinations(project)
    return {
        exposure.name: _read_sync(project, manifest, destinations, exposure)
        for exposure in manifest.exposures(project.name)
        if "sync" in exposure.meta
    }


def select_syncs(syncs: Mapping[str, Sync], names: Iterable[str]) -> list[Sync]:
    """The named syncs, all when no name is given. Raises UnknownNameError."""
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in syncs:
            raise UnknownNameError("sync", name, syncs)
    return [syncs[name] for name in chosen or sorted(syncs)]


def _read_sync(
    project: Project,
    manifest: Manifest,
    destinations: Mapping[str, DestinationEntry],
    exposure: Exposure,
) -> Sync:
    document = _exposure_document(project, exposure)
    location = ("exposure", exposure.name)
    settings = validate(SyncSettings, exposure.meta["sync"], document, location)
    if settings.destination not in destinations:
        place = document.place((*location, "destination"))
        raise UnknownNameError("destination", settings.destination, destinations, place)
    models = [node for node in exposure.depends_on if node.startswith("model.")]
    if len(models) != 1 or len(exposure.depends_on) != 1:
        raise ConfigurationError(
            f"{document.place(location)}: the sync {exposure.name!r} must depend on exactly one "
            "model; name it under depends_on."
        )
    try:
        model = manifest.model(models[0])
    except UnknownNameError as error:
        raise UnknownNameError(
            error.kind, error.name, error.known, document.place(location)
        ) from None
    return Sync(
        name=exposure.name,
        settings=settings,
        model=model,
        destination=destinations[settings.destination],
        document=document,
    )


def _exposure_document(project: Project, exposure: Exposure) -> Document:
    """The exposure's file, its lines named from the exposure's sync on."""
    path = Path(exposure.path)
    try:
        document = read_document(project.folder / path)
    except ConfigurationError:
        return Document(path, {}, {})
    inside = _sync_location(document.values.get("exposures"), exposure.name)
    lines = {
        ("exposure", exposure.name, *location[len(inside) :]): line
        for location, line in document.lines.items()
        if location[: len(inside)] == inside
    }
    return Document(path, document.values, lines)


def _sync_location(exposures: Any, name: str) -> tuple[str | int, ...]:
    found: Sequence[Any] = exposures if isinstance(exposures, list) else []
    for index, exposure in enumerate(found):
        if isinstance(exposure, dict) and exposure.get("name") == name:
            inside = exposure.get("config", exposure)
            levels = ("config", "meta", "sync") if inside is not exposure else ("meta", "sync")
            return ("exposures", index, *levels)
    return ("exposures",)
