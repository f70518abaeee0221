"""What a destination's page says beyond its settings: where its rules come from, what it cannot."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from reverse_etl.destinations.kit.purpose import Kind


@dataclass(frozen=True)
class About:
    """A vendor's API, as its documents have it.

    ``writes`` says for each kind of rows what they become; ``verified`` maps a statement to the
    document it was read in and the date; ``unverified`` lists what could not be looked up and is
    therefore a setting; ``cannot`` what the API does not have.
    """

    name: str
    documentation: str
    writes: Mapping[Kind, str]
    verified: Mapping[str, str] = field(default_factory=dict)
    unverified: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()


def read_about(name: str) -> About:
    """What ``about/<type>.toml`` says of a destination.

    Raises FileNotFoundError where there is no such file.
    """
    path = files("reverse_etl.destinations").joinpath("about", f"{name}.toml")
    values = tomllib.loads(path.read_text("utf-8"))
    for listed in ("unverified", "cannot"):
        values[listed] = tuple(values.get(listed, ()))
    return About(**values)
