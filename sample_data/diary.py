"""What happened: a diary per persona, kept in the shop's true time.

A diary holds two things side by side. `calls` is what the sources will write down. `deeds`,
`disclosures` and `joined` are what the persona did and when the shop came to know of it; the
answers are made from these alone.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Literal

from sample_data.personas import Device, Persona

Source = Literal["web", "server", "mobile"]
CallType = Literal["track", "page", "screen", "identify", "group", "alias"]
Json = dict[str, object]
Identifier = tuple[str, str]

NO_DEVICE = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Call:
    """One event before its source wraps it; times are true, whatever a client's clock said."""

    source: Source
    type: CallType
    occurred_at: datetime
    received_at: datetime
    message_id: str
    persona: Persona
    device: Device | None = None
    anonymous_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    category: str | None = None
    path: str = "/"
    query: str = ""
    body: Json = field(default_factory=dict)
    group_id: str | None = None
    previous_id: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Deed:
    """Something put in a cart, or bought. `device` is the one it was done on while signed out."""

    kind: Literal["addition", "order"]
    occurred_at: datetime
    received_at: datetime
    device: str | None
    cents: int = 0


@dataclass
class Diary:
    """The story of one persona."""

    persona: Persona
    random: Random
    calls: list[Call] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    disclosures: dict[tuple[Identifier, str | None], datetime] = field(default_factory=dict)
    joined: dict[str, datetime] = field(default_factory=dict)
    signed_in: set[str] = field(default_factory=set)
    notes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def disclose(self, kind: str, value: str, device: str | None, received_at: datetime) -> None:
        """The shop learns an identifier, of the account or of whoever holds a signed-out device."""
        key = ((kind, value), device)
        self.disclosures[key] = min(received_at, self.disclosures.get(key, received_at))

    def join(self, device: str, received_at: datetime) -> None:
        """The shop learns that the device is this persona's."""
        self.joined[device] = min(received_at, self.joined.get(device, received_at))

    def note(self, peculiarity: str, *identifiers: str) -> None:
        """Remember an example of something odd, for the answers and the tests."""
        self.notes[peculiarity].extend(identifiers)
