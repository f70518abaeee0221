"""Rules of identity from a file, to be tried."""

from pathlib import Path
from typing import Any

from warehouse.documents import read_document
from warehouse.errors import ConfigurationError


def read_rules(path: Path) -> dict[str, Any]:
    """The identity rules of a YAML file: the block ``identity:``, or what stands in it.

    What the rules say is checked where they are used. Raises ConfigurationError when the file
    cannot be read or holds no rules.
    """
    if not path.exists():
        raise ConfigurationError(f"There is no file {path}; name one with identity rules.")
    values = read_document(path).values
    # A whole dbt_project.yml, changed for the trial, will do.
    for name in ("vars", "identity"):
        inner = values.get(name)
        values = inner if isinstance(inner, dict) else values
    if "identifiers" not in values:
        raise ConfigurationError(
            f"{path} holds no identity rules: it must have identifiers:, as vars: identity: in"
            " dbt_project.yml has."
        )
    return dict(values)
