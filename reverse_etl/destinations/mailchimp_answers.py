"""What Mailchimp's answers say of each row: errors by e-mail address, and a 403 that is none."""

from collections.abc import Mapping
from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.replies import accepted, alike, done, outcome_of
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind

GONE = frozenset({404})
"""The status of a member that is not there."""

_FORBIDDEN = 403


def outcomes_of(response: HttpResponse, batch: Batch) -> list[Outcome]:
    """By e-mail address; a row that is neither written nor in error has failed."""
    document = accepted(response)
    if batch.removes:
        # Addresses that are not there are left out, or named as errors: they have no tag either.
        if not isinstance(document, dict) or "members_removed" not in document:
            raise Unexpected(response)
        return alike(response, batch)
    written = {
        str(member.get("email_address")).lower()
        for name in ("new_members", "updated_members", "members_added")
        for member in objects_in(response, document, name)
    }
    errors: dict[str, dict[str, Any]] = {}
    for error in objects_in(response, document, "errors"):
        addresses = error.get("email_addresses") or [error.get("email_address")]
        for address in addresses if isinstance(addresses, list) else []:
            errors[str(address).lower()] = error
    return [_outcome(response, row.key.lower(), written, errors) for row in batch.rows]


def _outcome(
    response: HttpResponse, address: str, written: set[str], errors: Mapping[str, Any]
) -> Outcome:
    if error := errors.get(address):
        said, code = error.get("error"), error.get("error_code")
        return outcome_of(response, OutcomeKind.REJECTED, said, code)
    if address in written:
        return outcome_of(response, OutcomeKind.SUCCEEDED)
    message = "Mailchimp does not report that it has taken this row"
    return outcome_of(response, OutcomeKind.REJECTED, message, "no_result")


def judge(response: HttpResponse) -> Outcome:
    """What an answer means for the one row it is about."""
    return outcome_of(response, OutcomeKind.RETRY) if is_busy(response) else done(response)


def judge_gone(response: HttpResponse) -> Outcome:
    """As ``judge``, where the member is to go: one that is not there has gone."""
    gone = response.status in GONE
    return outcome_of(response, OutcomeKind.SUCCEEDED) if gone else judge(response)


def is_busy(response: HttpResponse) -> bool:
    """Very many requests are answered with a bare 403, from in front of Mailchimp."""
    return response.status == _FORBIDDEN and response.body.lstrip()[:1] != b"{"
