"""A destination over HTTP: a description of itself and pure functions.

The settings are the fields of a pydantic model, the limits a constant of the class. Rows become a
request, a response becomes one outcome per row. A destination constructs no client, sleeps nowhere
and retries nothing: the engine does all of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.base import Destination, Settings
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Job,
)
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import REFUSED_CREDENTIALS, Outcome


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


class HttpDestination(Destination):
    """A destination that is reached over HTTP.

    A response with one of the ``fatal_statuses`` is about the whole sync and ends it: credentials
    that are refused, a list that is not there.

    Every function is pure. Requests that depend on the answer before are generators: the engine
    sends what they yield and gives them the response. One that cannot be gone on from raises
    Unexpected: its status then decides about the rows.
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

    def exchange(self, batch: Batch) -> Exchange:
        """The requests that send these rows, and what becomes of each row.

        A request is yielded, its response comes back; in the end there is one outcome per row, in
        the order of the rows, or the job that will have them. This is one request; override it
        where a row takes several, such as one that looks up whom the next one changes.
        """
        response = yield self.request(batch)
        return self.outcomes(response, batch)

    def request(self, batch: Batch) -> HttpRequest:
        """The request that sends these rows."""
        raise NotImplementedError(f"{type(self).__name__} has an exchange of its own")

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome] | Job:
        """One outcome per row, in the order of the rows, or the job that will have them."""
        raise NotImplementedError(f"{type(self).__name__} has an exchange of its own")

    def follow(self, job: Job, batch: Batch) -> Exchange:
        """As ``exchange``, to ask how far a job is; the job itself while it goes on."""
        response = yield self.poll(job, batch)
        return self.job_outcomes(job, response, batch)

    def poll(self, job: Job, batch: Batch) -> HttpRequest:
        """The request that asks how far a job is."""
        raise NotImplementedError(f"{type(self).__name__} has no jobs")

    def job_outcomes(
        self, job: Job, response: HttpResponse, batch: Batch
    ) -> Sequence[Outcome] | Job:
        """As ``outcomes``, for the answer to ``poll``; the job itself while it goes on."""
        raise NotImplementedError(f"{type(self).__name__} has no jobs")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Why rows, by their place, are not to be sent: the destination would lose or spoil them.

        Such a row is rejected before anything leaves.
        """
        del batch
        return {}

    def authorize(self) -> Conversation[Mapping[str, SecretStr]]:
        """What requests need beyond the settings, such as a token with an end.

        Asked for before the first request, and again when it is no longer accepted (401).
        """
        return {}
        yield

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The id of the list whose members a sync sends, made where there is none.

        Asked for once; the id is then kept in ``weft.sync_objects``. None where a list is only a
        name.
        """
        del purpose, session
        return None
        yield

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest | None:
        """The cheapest request that only the right credentials are answered; None: there is none.

        It changes nothing.
        """
        del session
        return None

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The headers that hold secrets, as they are sent; they are taken out of every message."""
        del session
        return {}

    def for_purpose(self, purpose: Purpose) -> Self:
        """The destination as it takes rows of this kind: other kinds, other limits."""
        del purpose
        return self

    def for_rows(self, rows: int) -> Self:
        """The destination as it is best used for so many rows: large numbers may go another way."""
        del rows
        return self

    def pause(self, response: HttpResponse) -> float | None:
        """Seconds to wait that are not in one of the usual headers; None for no such wish."""
        del response
        return None

    def is_spent(self, response: HttpResponse) -> bool:
        """Whether a response says that no request is left for hours, so that the run ends."""
        del response
        return False

    def refuses_credentials(self, response: HttpResponse) -> bool:
        """Whether a response says that the credentials are not good, or not any more."""
        return response.status in REFUSED_CREDENTIALS

    def is_fatal(self, response: HttpResponse) -> bool:
        """Whether a response is about the whole sync and ends it: by its status."""
        return response.status in self.fatal_statuses or self.refuses_credentials(response)

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
