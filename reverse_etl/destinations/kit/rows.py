"""What goes to a destination: rows, and what they are there for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pydantic import SecretStr

from reverse_etl.destinations.kit.purpose import Purpose

Operation = Literal["add", "change", "remove"]


class Row(NamedTuple):
    """One row to send.

    ``payload`` is the JSON object of its fields, as text, exactly as the warehouse wrote it; a
    destination places it into a body as it is, so that no number is rounded on the way. ``key``
    is the key's text; ``key_json`` the same as JSON, an array where the key has several columns.
    """

    position: int
    key: str
    key_json: str
    operation: Operation
    payload: str
    row_hash: str
    version: int
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request: removals only, or none.

    ``list_id`` is the destination's id of the list they are members of; ``session`` what
    ``authorize`` brought.
    """

    purpose: Purpose
    rows: Sequence[Row]
    list_id: str | None = None
    session: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)

    @property
    def sync(self) -> str:
        """The name of the sync."""
        return self.purpose.sync

    @property
    def removes(self) -> bool:
        """Whether the rows are to be taken back."""
        return bool(self.rows) and self.rows[0].operation == "remove"
