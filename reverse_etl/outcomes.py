"""What became of a row, and what an HTTP status says about it."""

from dataclasses import dataclass
from enum import StrEnum


class OutcomeKind(StrEnum):
    """The outcomes of the ledger. Only ``succeeded`` moves the snapshot."""

    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    RETRY = "retry"
    UNKNOWN = "unknown"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one row in one attempt.

    ``code`` and ``message`` are the destination's, or name the fault of the transport;
    ``request_id`` is what the destination's support asks for.
    """

    kind: OutcomeKind
    http_status: int | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None


JOB_RUNNING = "job_running"
"""The code of rows whose asynchronous job had not ended."""

RETRIED_STATUSES = frozenset({408, 423, 425, 429})
FINAL_SERVER_ERRORS = frozenset({501, 505})
REFUSED_CREDENTIALS = frozenset({401, 403})


def kind_of_status(status: int) -> OutcomeKind:
    """What an HTTP status means for a row it answers.

    A status outside 200-599 says nothing about the row: ``unknown``.
    """
    if 200 <= status < 300:
        return OutcomeKind.SUCCEEDED
    if status in RETRIED_STATUSES:
        return OutcomeKind.RETRY
    if 300 <= status < 500 or status in FINAL_SERVER_ERRORS:
        return OutcomeKind.REJECTED
    if 500 <= status < 600:
        return OutcomeKind.RETRY
    return OutcomeKind.UNKNOWN
