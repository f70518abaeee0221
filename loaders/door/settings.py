"""``door:`` of a source in weft.yml."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

WILDCARD = "*"
"""Stands for any key, as one step of a path."""

_ENV_VAR = re.compile(r"\{\{\s*env_var\(.+\)\s*\}\}")
# What would need an escape in JSON, or could not be told from the punctuation around a key.
_NOT_IN_KEY = re.compile(r'["\\/\x00-\x1f\ud800-\udfff]|^[\s,:{}\[\]]|[\s,:{}\[\]]$')


def _check_path(path: str) -> str:
    keys = path.split(".")
    for key in keys:
        if key != WILDCARD:
            _check_key(key)
    if keys.count(WILDCARD) > 1 or keys[-1] == WILDCARD:
        raise ValueError(f"{path!r}: one key of a path may be {WILDCARD}, and not the last one")
    return path


def _check_key(key: str) -> str:
    if not key or _NOT_IN_KEY.search(key):
        raise ValueError(f"{key!r} cannot be a key: write a path like properties.card_number")
    if WILDCARD in key:
        raise ValueError(f"{key!r}: {WILDCARD} stands for a whole key of a path, never for a part")
    return key


def _check_name(name: str) -> str:
    if "." in name:
        raise ValueError(f"{name!r} must be one key: a value keeps its place and gets another name")
    return _check_key(name)


def _path_alone(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _from_mapping(value: object) -> object:
    if isinstance(value, Mapping):
        return [{"path": path, "to": name} for path, name in value.items()]
    return value


class Named(BaseModel):
    """A value by its path of keys in the event, for all events or tracks of some names.

    One key but the last may be the wildcard: the value is meant in every object there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, AfterValidator(_check_path)]
    events: list[str] = Field(default_factory=list)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the path, outermost first."""
        return tuple(self.path.split("."))


class Renamed(Named):
    """A value that gets another key in the same object."""

    to: Annotated[str, AfterValidator(_check_name)]


_Named = Annotated[Named, BeforeValidator(_path_alone)]


class Door(BaseModel):
    """What happens to named values before anything is stored: dropped, then hashed, then renamed.

    Names are those that arrive. ``salt`` must come from the environment.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    salt: str | None = Field(default=None, repr=False)
    drop: list[_Named] = Field(default_factory=list)
    hash: list[_Named] = Field(default_factory=list)
    rename: Annotated[list[Renamed], BeforeValidator(_from_mapping)] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _salt_is_no_text(cls, values: Any) -> Any:
        salt = values.get("salt") if isinstance(values, dict) else None
        if salt is not None and not (isinstance(salt, str) and _ENV_VAR.fullmatch(salt)):
            raise ValueError("salt must come from the environment: \"{{ env_var('NAME') }}\"")
        return values

    @model_validator(mode="after")
    def _hash_has_salt(self) -> Self:
        if self.hash and self.salt is None:
            raise ValueError("hash needs a salt: add salt: \"{{ env_var('NAME') }}\"")
        return self
