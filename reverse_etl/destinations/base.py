"""What a destination is: a description of itself and two pure functions.

The settings are the fields of a pydantic model, the limits a constant of the class. An
``HttpDestination`` turns rows into a request, and a response into one outcome per row. It
constructs no client, sleeps nowhere and retries nothing: the engine does all of that.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Job:
    """What a destination has accepted and not applied yet, by the id it gave."""

    job_id: str


@dataclass(frozen=True)
class Limits:
    """What a destination takes at most, until the settings say otherwise.

    ``bytes_per_request`` counts the encoded body; None stands for no limit. ``verified_on`` is
    the date at which the destination's own documents were read.
    """

    rows_per_request: int = 100
    bytes_per_request: int | None = None
    requests_per_second: float | None = None
    concurrency: int = 8
    verified_on: str | None = None


class Settings(BaseModel):
    """Settings of a destination: nothing beyond the fields is accepted, no value is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class RetrySettings(Settings):
    """How long one run keeps trying; what is left then comes back with the next run."""

    attempts: int = Field(default=5, ge=1)
    budget_seconds: float = Field(default=900, ge=0)
    first_delay_seconds: float = Field(default=1, ge=0)
    longest_delay_seconds: float = Field(default=60, ge=0)


class BreakerSettings(Settings):
    """When a destination that does not answer is left alone.

    After so many requests in a row without an answer, or answered with an error of the server,
    nothing leaves for a while; then one request tries. After so many pauses the sync ends.
    """

    failures: int = Field(default=10, ge=1)
    pause_seconds: float = Field(default=30, ge=0)
    pauses: int = Field(default=3, ge=0)


class Destination(Settings, ABC):
    """What every destination has.

    ``account_settings`` names the settings that tell one account from another; ``can_remove``
    says whether a row that was sent can be taken back.
    """

    account_settings: ClassVar[tuple[str, ...]] = ()
    can_remove: ClassVar[bool] = True

    type: str
    targets: tuple[str, ...] = ("prod",)

    @abstractmethod
    def account(self) -> str:
        """The account behind the settings, without secrets; another account starts fresh."""

    @abstractmethod
    def requests(self, removals: int, others: int) -> int:
        """How many requests so many rows make; removals go out before the others."""

    def least_seconds(self, removals: int, others: int) -> float:
        """How long so many rows take at least, as the limits of the destination have it."""
        del removals, others
        return 0.0

    def check_fields(self, fields: Sequence[str]) -> None:
        """Raise ValueError when the destination cannot hold these fields."""
        del fields


class HttpDestination(Destination):
    """A destination that is reached over HTTP.

    A response with one of the ``fatal_statuses`` is about the whole sync and ends it: credentials
    that are refused, a list that is not there.
    """

    limits: ClassVar[Limits] = Limits()
    fatal_statuses: ClassVar[frozenset[int]] = frozenset({401, 403, 404, 410})

    rows_per_request: int | None = Field(default=None, ge=1)
    bytes_per_request: int | None = Field(default=None, ge=1)
    requests_per_second: float | None = Field(default=None, gt=0)
    concurrency: int | None = Field(default=None, ge=1)
    timeout: float = Field(default=30, gt=0)
    retry: RetrySettings = RetrySettings()
    breaker: BreakerSettings = BreakerSettings()

    @abstractmethod
    def request(self, batch: Batch) -> HttpRequest:
        """The request that sends these rows."""

    @abstractmethod
    def outcomes(self, response: HttpResponse, rows: Sequence[Row]) -> Sequence[Outcome] | Job:
        """One outcome per row, in the order of the rows, or the job that will have them."""

    def poll(self, job: Job) -> HttpRequest:
        """The request that asks how far a job is."""
        raise NotImplementedError(f"{type(self).__name__} has no jobs")

    def job_outcomes(
        self, job: Job, response: HttpResponse, rows: Sequence[Row]
    ) -> Sequence[Outcome] | Job:
        """As ``outcomes``, for the answer to ``poll``; the job itself while it goes on."""
        raise NotImplementedError(f"{type(self).__name__} has no jobs")

    @property
    def all_or_nothing(self) -> bool:
        """Whether one bad row makes the destination refuse a request and apply none of it.

        Such a request is halved and sent again, until the bad rows are alone.
        """
        return False

    @property
    def is_idempotent(self) -> bool:
        """Whether rows that arrive twice have the effect of arriving once.

        If so, a row whose answer was lost is sent again with the newest values; if not, it is
        first sent again as it was, with the same idempotency key.
        """
        return True

    @property
    def allows_private_addresses(self) -> bool:
        """Whether it may lie inside the own network; an address from the settings may."""
        return True

    @property
    def most_rows(self) -> int:
        """Rows per request that apply."""
        return self.rows_per_request or self.limits.rows_per_request

    @property
    def most_bytes(self) -> int | None:
        """Bytes of a request's body that apply."""
        return self.bytes_per_request or self.limits.bytes_per_request

    @property
    def most_requests(self) -> int:
        """Requests in flight at one time that apply."""
        return self.concurrency or self.limits.concurrency

    @property
    def rate(self) -> float | None:
        """Requests per second that apply."""
        return self.requests_per_second or self.limits.requests_per_second

    def requests(self, removals: int, others: int) -> int:
        """How many requests so many rows make; none holds removals and others."""
        return -(-removals // self.most_rows) - (-others // self.most_rows)

    def least_seconds(self, removals: int, others: int) -> float:
        """What the rate limit makes of the requests."""
        return self.requests(removals, others) / self.rate if self.rate else 0.0
