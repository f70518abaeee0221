"""Salesforce's Bulk API 2.0: rows as CSV in a job, and what its result files say of each row."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import is_success, outcome_of
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import fragments, plain

ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
"""The states after which a job does nothing more."""

PASSING = frozenset(
    {
        "QUERY_TIMEOUT",
        "SERVER_UNAVAILABLE",
        "TXN_SECURITY_METERING_ERROR",
        "UNABLE_TO_LOCK_ROW",
    }
)
"""The codes of errors that are gone when a row is sent again."""

_CLEARED = "#N/A"
_TOO_MANY_QUERIES = "Too many SOQL queries"


@dataclass(frozen=True, slots=True)
class Results:
    """The rows of one result file, by the key in them, in lower case."""

    response: HttpResponse
    rows: Mapping[str, Mapping[str, Any]]


def to_csv(rows: Sequence[Row], identifier: str) -> str:
    """The key and the fields of the rows; null and the empty text clear a field.

    A field that a row does not have is left empty, which leaves it as it is.
    """
    found = [fragments(row.payload) for row in rows]
    names = sorted({name for values in found for name in values})
    lines = [",".join(map(_quoted, [identifier, *names]))]
    for row, values in zip(rows, found, strict=True):
        cells = [_cell(values[name]) if name in values else "" for name in names]
        lines.append(",".join([_quoted(row.key), *cells]))
    return "\n".join([*lines, ""])


def read_results(response: HttpResponse, identifier: str) -> Results:
    """A result file. Raises Unexpected for anything else."""
    if not is_success(response):
        raise Unexpected(response)
    try:
        reader = csv.DictReader(io.StringIO(response.body.decode()))
        found = {str(row.get(identifier)).lower(): row for row in reader}
    except (csv.Error, UnicodeDecodeError):
        raise Unexpected(response) from None
    return Results(response, found)


def outcomes_of(
    rows: Sequence[Row], succeeded: Results, failed: Results, unprocessed: Results | None = None
) -> list[Outcome]:
    """One per row, by its key; one that is in no file is in doubt."""
    return [_outcome(row.key.lower(), succeeded, failed, unprocessed) for row in rows]


def failure(response: HttpResponse, code: object, message: object) -> Outcome:
    """What an error of Salesforce means for its row: it passes, or is for good."""
    passes = code in PASSING or _TOO_MANY_QUERIES in str(message)
    kind = OutcomeKind.RETRY if passes else OutcomeKind.REJECTED
    return outcome_of(response, kind, message, code)


def _outcome(key: str, succeeded: Results, failed: Results, unprocessed: Results | None) -> Outcome:
    if key in failed.rows:
        code, _, message = str(failed.rows[key].get("sf__Error") or "").partition(":")
        return failure(failed.response, code, message)
    if key in succeeded.rows:
        return outcome_of(succeeded.response, OutcomeKind.SUCCEEDED)
    if unprocessed is not None and key in unprocessed.rows:
        message = "the job ended before this row"
        return outcome_of(unprocessed.response, OutcomeKind.RETRY, message, "unprocessed")
    message = "no result file of the job holds this row"
    return outcome_of(succeeded.response, OutcomeKind.UNKNOWN, message, "no_result")


def _cell(fragment: str) -> str:
    return _quoted(plain(fragment) or _CLEARED)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
