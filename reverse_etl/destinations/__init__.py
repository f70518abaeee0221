"""The destinations of weft.yml, and the types there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from reverse_etl.destinations.base import Destination
from reverse_etl.redact import Redactor, secrets_of
from warehouse.documents import Document, resolve_env_vars, validate
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import Project

TYPES = {
    "files": ("reverse_etl.destinations.files", "Files"),
    "webhook": ("reverse_etl.destinations.webhook", "Webhook"),
}
"""Type of a destination: the module and class that describe it."""


@dataclass(frozen=True)
class DestinationEntry:
    """A destination as weft.yml has it.

    ``description`` holds the settings as they are written: a ``{{ env_var('…') }}`` in it is not
    resolved. Only ``open`` does that, when the destination is really to be reached.
    """

    name: str
    description: Destination
    values: Mapping[str, Any] = field(repr=False)
    document: Document = field(repr=False)

    def open(self) -> Destination:
        """The settings with every environment variable resolved.

        Raises ConfigurationError when one is not set.
        """
        values = resolve_env_vars(dict(self.values), f"destination {self.name!r}")
        return validate(type(self.description), values, self.document, ("destinations", self.name))

    def account(self) -> str | None:
        """The account, None while an environment variable that decides it is not set."""
        names = self.description.account_settings
        decisive = {name: self.values[name] for name in names if name in self.values}
        try:
            resolved = resolve_env_vars(decisive, f"destination {self.name!r}")
        except ConfigurationError:
            return None
        values = {**self.values, **resolved}
        return validate(
            type(self.description), values, self.document, ("destinations", self.name)
        ).account()

    def redactor(self, opened: Destination) -> Redactor:
        """What takes this destination's secrets out of a text."""
        return Redactor(secrets_of(opened, self.values))


def read_destinations(project: Project) -> dict[str, DestinationEntry]:
    """The destinations of weft.yml, checked without resolving an environment variable.

    Raises UnknownNameError for a type or setting that does not exist, ConfigurationError for a
    value that is not valid.
    """
    return {
        name: _read_entry(project.settings, name, values)
        for name, values in project.section("destinations").items()
    }


def destination_type(name: str) -> type[Destination]:
    """The class that describes a type of destination; its module is imported only here."""
    module, attribute = TYPES[name]
    found: type[Destination] = getattr(import_module(module), attribute)
    return found


def _read_entry(document: Document, name: str, values: Any) -> DestinationEntry:
    location = ("destinations", name)
    place = document.place(location)
    if not isinstance(values, dict):
        raise ConfigurationError(f"{place}: destination {name!r} must be a mapping of settings.")
    if "type" not in values:
        raise ConfigurationError(f"{place} lacks the setting destinations.{name}.type.")
    if values["type"] not in TYPES:
        where = document.place((*location, "type"))
        raise UnknownNameError("destination type", str(values["type"]), TYPES, where)
    description = validate(destination_type(values["type"]), values, document, location)
    return DestinationEntry(name, description, values, document)
