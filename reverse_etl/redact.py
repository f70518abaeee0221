"""Secrets taken out of whatever a destination or a library said."""

import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

_ENV_VAR_NAME = re.compile(r"env_var\(\s*['\"]([^'\"]+)")
_SHORTEST = 4
_SCHEMES = {"Basic", "Bearer"}


class Redactor:
    """Replaces every known secret in a text by ``***``."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST}
        self._secrets = sorted(known, key=len, reverse=True)

    def learn(self, secret: str) -> None:
        """Take out one more secret, and its words: the token of ``Bearer token``."""
        known = {part for part in (secret, *secret.split()) if len(part) >= _SHORTEST}
        self._secrets = sorted({*self._secrets, *known} - _SCHEMES, key=len, reverse=True)

    def __call__(self, text: str | None) -> str | None:
        """The text without secrets, None for None."""
        if text is not None:
            for secret in self._secrets:
                text = text.replace(secret, "***")
        return text


def secrets_of(model: BaseModel, configured: object) -> Iterator[str]:
    """Every secret behind a destination's settings and the environment variables they name.

    A value may be echoed in part: the token of ``Bearer token``, the path of an address.
    """
    for name in _ENV_VAR_NAME.findall(str(configured)):
        yield os.environ.get(name, "")
    for secret in _secret_values(model):
        yield secret
        yield from secret.split()
        if "://" in secret:
            parts = urlsplit(secret)
            yield from (parts.path, parts.query, parts.password or "")


def _secret_values(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secret_values(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _secret_values(inner)
