"""What passes between a destination's functions and the engine: requests, responses, jobs."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from reverse_etl.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it leaves. Neither address nor headers show in a traceback.

    ``reads`` says that it changes nothing; ``expected`` are statuses that say something about the
    rows here, though they end a sync elsewhere: 404 where a person is looked up.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    reads: bool = False
    expected: frozenset[int] = frozenset()


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


_Answer = TypeVar("_Answer")
Conversation = Generator[HttpRequest, HttpResponse, _Answer]
"""Requests that are yielded, each of which gets its response, and what they come to."""

Exchange = Conversation[Sequence[Outcome] | Job]
"""The requests for some rows; they come to an outcome per row, or a job."""


class Unexpected(Exception):  # noqa: N818 - what a vendor said, not a fault of ours
    """An answer from which a conversation cannot go on."""

    def __init__(self, response: HttpResponse) -> None:
        self.response = response
        super().__init__(f"answered {response.status}")
