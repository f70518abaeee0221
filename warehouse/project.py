"""A weft project: a dbt project's folder with a weft.yml, and the target it runs against."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from warehouse.dbt_package import INSTALLED
from warehouse.documents import Document, read_document, resolve_env_vars
from warehouse.engines import Warehouse, open_engine, refuse_compiled
from warehouse.errors import ConfigurationError, UnknownNameError

SECTIONS = ("sources", "destinations", "notifications", "keep")


@dataclass(frozen=True)
class Project:
    """Where a project lies and which warehouse it works on.

    ``output`` is the chosen target of the dbt profile, environment variables resolved.
    """

    folder: Path
    name: str
    profiles_dir: Path
    target: str
    output: Mapping[str, Any]
    settings: Document
    zone: ZoneInfo

    @property
    def target_path(self) -> Path:
        """Where dbt and weft write what can be made again."""
        return self.folder / "target"

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of weft.yml, empty when it is not there.

        Raises ConfigurationError when it is no mapping.
        """
        values = self.settings.values.get(name) or {}
        if not isinstance(values, dict):
            raise ConfigurationError(
                f"{self.settings.place((name,))}: {name} must be a mapping of names to settings."
            )
        return values

    @property
    def identifier_types(self) -> list[str]:
        """The types that the rules of identity name, in order of priority."""
        for folder in (self.folder, INSTALLED):
            values = read_document(folder / "dbt_project.yml").values.get("vars") or {}
            rules = (values.get("identity") or {}).get("identifiers") or []
            if rules:
                return [str(rule["type"]) for rule in rules if "type" in rule]
        return []

    def open(self) -> Warehouse:
        """Open the warehouse of the chosen target."""
        return open_engine(self.output, self.folder)

    def today(self) -> date:
        """The present date in the project's time zone, the default as-of."""
        return datetime.now(UTC).astimezone(self.zone).date()


def find_project(
    folder: Path, profiles_dir: Path | None = None, target: str | None = None
) -> Project:
    """The project in a folder.

    ``profiles_dir`` and ``target`` override what dbt would choose: profiles.yml from
    DBT_PROFILES_DIR, the project's folder or ~/.dbt, and the profile's default target.

    Raises ConfigurationError when a file is missing or wrong or the target is of an engine that
    weft has never run, UnknownNameError for a target or a section that does not exist.
    """
    folder = folder.resolve()
    if not (folder / "dbt_project.yml").exists():
        raise ConfigurationError(
            f"{folder} is no weft project: it has no dbt_project.yml; "
            "name one with --project-dir, or start one with: weft init DIR."
        )
    dbt_project = read_document(folder / "dbt_project.yml")
    profiles_dir = _profiles_dir(folder, profiles_dir)
    target, output = _read_output(profiles_dir, str(dbt_project.values.get("profile")), target)
    return Project(
        folder=folder,
        name=str(dbt_project.values.get("name")),
        profiles_dir=profiles_dir,
        target=target,
        output=output,
        settings=_read_settings(folder),
        zone=_zone(dbt_project),
    )


def _read_settings(folder: Path) -> Document:
    settings = read_document(folder / "weft.yml")
    for section in settings.values:
        if section not in SECTIONS:
            raise UnknownNameError("section", section, SECTIONS, settings.place((section,)))
    return settings


def _profiles_dir(folder: Path, given: Path | None) -> Path:
    if given is not None:
        return given.resolve()
    if "DBT_PROFILES_DIR" in os.environ:
        return Path(os.environ["DBT_PROFILES_DIR"]).resolve()
    return folder if (folder / "profiles.yml").exists() else Path.home() / ".dbt"


def _read_output(
    profiles_dir: Path, profile: str, target: str | None
) -> tuple[str, Mapping[str, Any]]:
    profiles = read_document(profiles_dir / "profiles.yml")
    if profile not in profiles.values:
        raise UnknownNameError("profile", profile, profiles.values, str(profiles.path))
    settings = profiles.values[profile]
    outputs = settings.get("outputs") or {}
    chosen = target or str(resolve_env_vars(settings.get("target", "default"), "profiles.yml"))
    if chosen not in outputs:
        raise UnknownNameError("target", chosen, outputs, str(profiles.path))
    output = resolve_env_vars(outputs[chosen], f"target {chosen!r}")
    # Before dbt looks for its adapter, and says something else.
    refuse_compiled(output)
    return chosen, output


def _zone(dbt_project: Document) -> ZoneInfo:
    name = str((dbt_project.values.get("vars") or {}).get("timezone", "UTC"))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        place = dbt_project.place(("vars", "timezone"))
        raise ConfigurationError(f"{place}: there is no time zone {name!r}.") from None
