"""Records of Zendesk: which fields have a place of their own, and what an answer says."""

from collections.abc import Sequence
from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Job, Unexpected
from reverse_etl.destinations.kit.replies import is_success, outcome_of, parsed
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.kit.singly import record_of
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status
from reverse_etl.reading import shown
from reverse_etl.values import as_object, fragments

USER = frozenset(
    (
        "alias",
        "custom_role_id",
        "default_group_id",
        "details",
        "email",
        "external_id",
        "identities",
        "locale",
        "locale_id",
        "moderator",
        "name",
        "notes",
        "only_private_comments",
        "organization",
        "organization_id",
        "phone",
        "remote_photo_url",
        "role",
        "signature",
        "suspended",
        "tags",
        "ticket_restriction",
        "time_zone",
        "verified",
    )
)
ORGANIZATION = frozenset(
    (
        "details",
        "domain_names",
        "external_id",
        "group_id",
        "name",
        "notes",
        "shared_comments",
        "shared_tickets",
        "tags",
    )
)
_CONFLICT = 409
_APPLIED = frozenset({"created", "updated", "deleted"})
_RUNNING = frozenset({"queued", "working"})


def user_of(row: Row, identifier: str) -> str:
    """A user by its key; nobody gets a mail for being written."""
    identity = {identifier: row.key_json, "skip_verify_email": "true"}
    return as_object({**identity, **_fields(row.payload, USER, "user_fields")})


def organization_of(row: Row, identifier: str) -> str:
    """An organization by its key."""
    fields = _fields(row.payload, ORGANIZATION, "organization_fields")
    return as_object({identifier: row.key_json, **fields})


def outcome_from(response: HttpResponse, *path: str) -> Outcome:
    """Success where the record stands at this path; else the words of the error.

    A conflict is that of two writes at one time: it passes.
    """
    if is_success(response):
        record_of(response, *path)
        return outcome_of(response, OutcomeKind.SUCCEEDED)
    is_conflict = response.status == _CONFLICT
    kind = OutcomeKind.RETRY if is_conflict else kind_of_status(response.status)
    return outcome_of(response, kind, said(response))


def job_in(response: HttpResponse) -> Job:
    """The job that an answer says was queued. Raises Unexpected where there is none."""
    job_id = record_of(response, "job_status").get("id")
    if not isinstance(job_id, str) or not job_id:
        raise Unexpected(response)
    return Job(job_id)


def job_results(job: Job, response: HttpResponse, batch: Batch) -> Sequence[Outcome] | Job:
    """The result of each row, in their order, once the job has ended; the job before that."""
    found = record_of(response, "job_status")
    status, results = found.get("status"), found.get("results")
    if status in _RUNNING:
        return job
    if isinstance(results, list) and len(results) == len(batch.rows):
        return [_result(one, response) for one in results]
    if status == "completed":
        raise Unexpected(response)
    # It may have written some of them before it ended.
    unknown = outcome_of(response, OutcomeKind.UNKNOWN, found.get("message"), f"job_{status}")
    return [unknown] * len(batch.rows)


def said(response: HttpResponse) -> str | None:
    """The error of an answer and its details, on one line."""
    try:
        answer = parsed(response)
    except Unexpected:
        return shown(response.body)
    if not isinstance(answer, dict):
        return shown(response.body)
    details = answer.get("details")
    faults = details.values() if isinstance(details, dict) else []
    each = [
        one.get("description")
        for fault in faults
        for one in (fault if isinstance(fault, list) else [])
        if isinstance(one, dict)
    ]
    parts = [answer.get("error"), answer.get("description"), *each]
    return ": ".join(str(part) for part in parts if part) or None


def _fields(payload: str, standard: frozenset[str], custom: str) -> dict[str, str]:
    found = fragments(payload)
    own = {name: value for name, value in found.items() if name in standard}
    others = {name: value for name, value in found.items() if name not in standard}
    return {**own, custom: as_object(others)} if others else own


def _result(result: Any, response: HttpResponse) -> Outcome:
    if not isinstance(result, dict):
        raise Unexpected(response)
    error, status = result.get("error"), str(result.get("status", "")).lower()
    if error or status == "failed":
        message = result.get("details") or error or status
        return outcome_of(response, OutcomeKind.REJECTED, message, error)
    is_applied = status in _APPLIED or result.get("success") is True
    kind = OutcomeKind.SUCCEEDED if is_applied else OutcomeKind.UNKNOWN
    return outcome_of(response, kind)
