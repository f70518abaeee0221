"""What a destination's page says beyond its settings: where its rules come from, what it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reverse_etl.destinations.purpose import Kind


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
