"""YAML documents whose errors name the file, the line and the nearest known word."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from warehouse.errors import ConfigurationError, UnknownNameError

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[str | int, ...]

_ENV_VAR = re.compile(
    r"\{\{\s*env_var\(\s*(['\"])(?P<name>[^'\"]+)\1"
    r"(?:\s*,\s*(['\"])(?P<default>[^'\"]*)\3)?\s*\)\s*\}\}"
)


@dataclass(frozen=True)
class Document:
    """A YAML file as plain values, with the line on which each value stands."""

    path: Path
    values: dict[str, Any]
    lines: Mapping[Location, int]

    def line(self, location: Location) -> int:
        """The line of a value, or of the nearest value that contains it (1 for the file)."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def place(self, location: Location) -> str:
        """Where a value stands, as ``file:line``."""
        return f"{self.path}:{self.line(location)}"


def read_document(path: Path) -> Document:
    """Read a YAML mapping.

    Raises ConfigurationError if the file is missing, is not YAML, or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not YAML: {_one_line(error)}.") from None
    if values is None:
        return Document(path, {}, {})
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path} must be a mapping of names to settings.")
    lines: dict[Location, int] = {}
    _collect_lines(node, (), lines)
    return Document(path, values, lines)


def validate(model: type[Model], values: object, document: Document, location: Location) -> Model:
    """Values of a document as a pydantic model.

    Raises UnknownNameError for a key the model does not have, ConfigurationError for any other
    fault; both name the file and the line.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _first_fault(model, error, document, location) from None


def resolve_env_vars(values: object, owner: str) -> Any:
    """Values with every ``{{ env_var('NAME') }}`` replaced from the environment.

    ``owner`` is named in the ConfigurationError raised when a variable is not set and has no
    default, e.g. ``destination 'crm'``.
    """
    if isinstance(values, dict):
        return {key: resolve_env_vars(value, owner) for key, value in values.items()}
    if isinstance(values, list):
        return [resolve_env_vars(value, owner) for value in values]
    if isinstance(values, str):
        return _ENV_VAR.sub(lambda match: _env_var(match, owner), values)
    return values


def _env_var(match: re.Match[str], owner: str) -> str:
    value = os.environ.get(match["name"], match["default"])
    if value is None:
        raise ConfigurationError(
            f"{owner.capitalize()} needs the environment variable {match['name']}, "
            "which is not set."
        )
    return value


def _collect_lines(node: yaml.Node | None, location: Location, lines: dict[Location, int]) -> None:
    if node is None:
        return
    lines.setdefault(location, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*location, str(key.value))
            lines[inner] = key.start_mark.line + 1
            _collect_lines(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _collect_lines(value, (*location, index), lines)


def _first_fault(
    model: type[BaseModel], error: ValidationError, document: Document, location: Location
) -> ConfigurationError:
    fault = error.errors(include_url=False, include_input=False)[0]
    inner = tuple(fault["loc"])
    place = document.place((*location, *inner))
    name = ".".join(str(part) for part in (*location, *inner))
    if fault["type"] == "extra_forbidden":
        return UnknownNameError("setting", str(inner[-1]), _known_keys(model, inner), place)
    if fault["type"] == "missing":
        return ConfigurationError(f"{place} lacks the setting {name}.")
    message = fault["msg"].removeprefix("Value error, ").rstrip(".")
    return ConfigurationError(f"{place}: {name} is not valid: {message}.")


def _known_keys(model: type[BaseModel], inner: Location) -> list[str]:
    for part in inner[:-1]:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return [field.alias or name for name, field in model.model_fields.items()]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
