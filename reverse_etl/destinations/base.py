"""What a destination is: a description of itself and two pure functions.

The settings are the fields of a pydantic model, the limits a constant of the class. An
``HttpDestination`` turns rows into a request, and a response into one outcome per row. It
constructs no client, sleeps nowhere and retries nothing: the engine does all of that.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from reverse_etl.outcomes import Outcome

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
    """The rows of one request."""

    sync: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it leaves. Neither address nor headers show in a traceback."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, wholly read; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Limits:
    """What a destination takes at most, until the settings say otherwise."""

    rows_per_request: int = 100
    concurrency: int = 8


class Settings(BaseModel):
    """Settings of a destination: nothing beyond the fields is accepted, no value is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class RetrySettings(Settings):
    """How long one run keeps trying; what is left then comes back with the next run."""

    attempts: int = Field(default=5, ge=1)
    budget_seconds: float = Field(default=900, ge=0)
    first_delay_seconds: float = Field(default=1, ge=0)
    longest_delay_seconds: float = Field(default=60, ge=0)


class Destination(Settings, ABC):
    """What every destination has.

    ``account_settings`` names the settings that tell one account from another.
    """

    account_settings: ClassVar[tuple[str, ...]] = ()

    type: str
    targets: tuple[str, ...] = ("prod",)

    @abstractmethod
    def account(self) -> str:
        """The account behind the settings, without secrets; another account starts fresh."""

    @abstractmethod
    def requests(self, removals: int, others: int) -> int:
        """How many requests so many rows make; removals go out before the others."""

    def check_fields(self, fields: Sequence[str]) -> None:
        """Raise ValueError when the destination cannot hold these fields."""
        del fields


class HttpDestination(Destination):
    """A destination that is reached over HTTP."""

    limits: ClassVar[Limits] = Limits()

    rows_per_request: int | None = Field(default=None, ge=1)
    concurrency: int | None = Field(default=None, ge=1)
    timeout: float = Field(default=30, gt=0)
    retry: RetrySettings = RetrySettings()

    @abstractmethod
    def request(self, batch: Batch) -> HttpRequest:
        """The request that sends these rows."""

    @abstractmethod
    def outcomes(self, response: HttpResponse, rows: Sequence[Row]) -> Sequence[Outcome]:
        """One outcome per row, in the order of the rows."""

    @property
    def most_rows(self) -> int:
        """Rows per request that apply."""
        return self.rows_per_request or self.limits.rows_per_request

    @property
    def most_requests(self) -> int:
        """Requests in flight at one time that apply."""
        return self.concurrency or self.limits.concurrency

    def requests(self, removals: int, others: int) -> int:
        """How many requests so many rows make; none holds removals and others."""
        return -(-removals // self.most_rows) - (-others // self.most_rows)


class FileDestination(Destination):
    """A destination that is a file per run: written aside, then moved into place."""

    @abstractmethod
    def path(self, sync: str, run_id: str) -> PurePath:
        """Where the file lies, relative to the project's folder."""

    @abstractmethod
    def header(self, fields: Sequence[str]) -> bytes:
        """The beginning of the file."""

    @abstractmethod
    def lines(self, rows: Sequence[Row], fields: Sequence[str]) -> bytes:
        """The rows as the file holds them."""

    def requests(self, removals: int, others: int) -> int:
        """One file, when there are rows."""
        return 1 if removals or others else 0
