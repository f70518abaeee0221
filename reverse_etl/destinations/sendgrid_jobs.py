"""SendGrid's jobs: how they end, and the file of errors, which names contacts by what they hold."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import accepted, alike, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind

NO_FILE = HttpResponse(200, {}, b"")
"""In place of a file of errors, where a job has none."""


def job_of(response: HttpResponse) -> str:
    """The job that a request has started. Raises Unexpected where there is none."""
    document = accepted(response)
    job = document.get("job_id") if isinstance(document, dict) else None
    if not isinstance(job, str) or not job:
        raise Unexpected(response)
    return job


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that has ended: its status, how many contacts failed, and where they are listed."""

    response: HttpResponse
    status: str
    errored: int
    errors_url: str

    @classmethod
    def read(cls, response: HttpResponse) -> Self | None:
        """None while it goes on."""
        document = accepted(response)
        if not isinstance(document, dict):
            raise Unexpected(response)
        status = document.get("status")
        if status not in ("completed", "errored", "failed"):
            return None
        results = document.get("results")
        results = results if isinstance(results, dict) else {}
        errored, address = results.get("errored_count"), str(results.get("errors_url") or "")
        is_address = address.startswith(("http://", "https://"))
        return cls(
            response,
            status,
            errored if isinstance(errored, int) else 0,
            address if is_address else "",
        )

    @property
    def is_complete(self) -> bool:
        """Whether every contact was written, or deleted."""
        return self.status == "completed" and self.errored == 0


def outcomes_of(ended: Sequence[Ended], file: HttpResponse, batch: Batch) -> Sequence[Outcome]:
    """One per row. What failed of a deletion is looked up again; of contacts, the file names it."""
    first = ended[0]
    if all(job.is_complete for job in ended):
        return alike(first.response, batch)
    if batch.removes:
        return alike(first.response, batch, OutcomeKind.RETRY, "the deletion failed", "job_failed")
    failed = _failed(file, batch)
    if first.status == "failed":
        rest = outcome_of(first.response, OutcomeKind.REJECTED, "the job failed", "job_failed")
    elif len(failed) == first.errored:
        rest = outcome_of(first.response, OutcomeKind.SUCCEEDED)
    else:
        message = "the job failed for contacts that its file of errors does not name"
        rest = outcome_of(first.response, OutcomeKind.UNKNOWN, message, "no_result")
    return [
        outcome_of(first.response, OutcomeKind.REJECTED, failed[place], "job_errors")
        if place in failed
        else rest
        for place in range(len(batch.rows))
    ]


def _failed(file: HttpResponse, batch: Batch) -> dict[int, str]:
    """The rows in the file of errors, by their place, and what it says of them."""
    if not is_success(file):
        return {}
    try:
        lines = list(csv.reader(io.StringIO(file.body.decode())))
    except (csv.Error, UnicodeDecodeError):
        return {}
    places = {row.key.lower(): place for place, row in enumerate(batch.rows)}
    found: dict[int, str] = {}
    for line in lines:
        named = [places[cell.lower()] for cell in line if cell.lower() in places]
        if named:
            found[named[0]] = line[-1]
    return found
