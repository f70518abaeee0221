"""Syncs: dbt exposures of the project that say ``config: meta: sync:``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reverse_etl.destinations import DestinationEntry, read_destinations
from reverse_etl.destinations.kit.base import Destination
from reverse_etl.destinations.kit.purpose import Mode, Purpose
from warehouse.documents import Document, read_document, validate
from warehouse.engines import Table
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.manifest import Exposure, Manifest, Model
from warehouse.project import Project
from warehouse.run_results import failed_nodes

NullHandling = Literal["send", "skip", "only_when_set"]
IdentifierChoice = Literal["last", "first", "all"]

IDENTIFIERS_MODEL = "profile_identifiers"
ALL_COLUMNS = "*"
ALL_TYPES = "*"
"""Stands for every identifier type that a sync sends."""


class Guard(BaseModel):
    """What a plan may do without being asked. Percentages count from 50 acknowledged rows up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_removed_percent: float = Field(default=20, ge=0, le=100)
    max_removed_rows: int = Field(default=10_000, ge=0)
    max_added_percent: float | None = Field(default=None, ge=0)
    min_rows: int = Field(default=1, ge=0)


class SyncSettings(BaseModel):
    """The settings of a sync, as an exposure has them under ``config.meta.sync``.

    ``identifier`` is what the destination calls the key, by default the name of its column;
    ``object`` the type of record where a row is no person. An audience goes to the ``list`` of
    this name, by default that of the model, or to the one with ``list_id``; ``event`` names all
    events of an append sync.

    ``require`` names a boolean column: only rows in which it is true are sent. ``identifiers``
    says by type which of a person's e-mails, phones or ids are sent: the one last seen (what the
    model holds), the one first seen, or all. ``time`` is the column ``--from`` looks at. ``nulls``
    says, for all fields or field by field, whether a null is sent or its field left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    destination: str
    mode: Mode
    key: tuple[str, ...] = Field(min_length=1)
    fields: Mapping[str, str] = Field(default_factory=dict)
    guard: Guard = Guard()
    require: str | None = None
    identifiers: Mapping[str, IdentifierChoice] = Field(default_factory=dict)
    time: str | None = None
    nulls: NullHandling | Mapping[str, NullHandling] = "send"
    identifier: str | None = None
    object: str | None = None
    list: str | None = None
    list_id: str | None = None
    event: str | None = None

    @field_validator("key", mode="before")
    @classmethod
    def _one_or_several(cls, key: Any) -> Any:
        return (key,) if isinstance(key, str) else key

    @field_validator("fields", mode="before")
    @classmethod
    def _some_or_all(cls, fields: Any) -> Any:
        return {ALL_COLUMNS: ALL_COLUMNS} if fields == ALL_COLUMNS else fields

    @field_validator("identifiers", mode="before")
    @classmethod
    def _one_choice_or_by_type(cls, choice: Any) -> Any:
        return {ALL_TYPES: choice} if isinstance(choice, str) else choice


@dataclass(frozen=True)
class Sync:
    """A model sent to a destination.

    ``identifiers`` is the table of all identifiers of all profiles, None where the project has
    none; ``failed`` names the nodes and tests upstream that failed in the last build.
    """

    name: str
    settings: SyncSettings
    model: Model
    destination: DestinationEntry
    document: Document = field(repr=False)
    identifiers: Table | None = None
    failed: tuple[str, ...] = ()

    def purpose(self, fields: Sequence[str] = (), *, erases: bool = False) -> Purpose:
        """What its rows are at the destination, which needs to know the fields to check them."""
        settings = self.settings
        return Purpose(
            sync=self.name,
            mode=settings.mode,
            key=settings.key,
            identifier=settings.identifier or settings.key[0],
            fields=tuple(fields),
            object=settings.object,
            list_name=settings.list,
            model=self.model.name,
            list_id=settings.list_id,
            event=settings.event,
            erases=erases,
            require=settings.require,
        )

    def account(self) -> str | None:
        """The account the rows go to, and the place in it.

        None while an environment variable that decides it is not set.
        """
        account = self.destination.account()
        return None if account is None else self._in_place(account)

    def account_of(self, opened: Destination) -> str:
        """As ``account``, of the destination with every environment variable resolved."""
        return self._in_place(opened.account())

    def _in_place(self, account: str) -> str:
        place = self.destination.description.place(self.purpose())
        return f"{account}/{place}" if place else account

    def place(self, *location: str | int) -> str:
        """Where a setting of the sync stands, as file and line."""
        return self.document.place(("exposure", self.name, *location))


def read_syncs(project: Project, manifest: Manifest) -> dict[str, Sync]:
    """Every sync of the project, by name; exposures of packages are left out.

    Raises UnknownNameError for a destination, model or setting that does not exist,
    ConfigurationError for a setting that is not valid; each names the exposure's file.
    """
    destinations = read_destinations(project)
    failed = failed_nodes(project)
    return {
        exposure.name: _read_sync(project, manifest, destinations, exposure, failed)
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
    failed: Mapping[str, str],
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
        identifiers=_identifiers_table(manifest),
        failed=_failed_upstream(manifest, model, failed),
    )


def _identifiers_table(manifest: Manifest) -> Table | None:
    try:
        return manifest.table(IDENTIFIERS_MODEL)
    except UnknownNameError:
        return None


def _failed_upstream(
    manifest: Manifest, model: Model, failed: Mapping[str, str]
) -> tuple[str, ...]:
    if not failed:
        return ()
    found = manifest.upstream_nodes(model.unique_id) & failed.keys()
    return tuple(f"{name.split('.')[2]} ({failed[name]})" for name in sorted(found))


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
