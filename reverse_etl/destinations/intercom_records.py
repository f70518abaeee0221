"""Records of Intercom: which fields have a place of their own, and what an answer says."""

from urllib.parse import quote

from reverse_etl.destinations.kit.events import moment
from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import is_success, outcome_of, parsed
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.kit.singly import record_of
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status
from reverse_etl.values import as_object, fragments

CONTACT = frozenset(
    (
        "role",
        "external_id",
        "email",
        "phone",
        "name",
        "avatar",
        "signed_up_at",
        "last_seen_at",
        "owner_id",
        "unsubscribed_from_emails",
        "language_override",
    )
)
COMPANY = frozenset(
    ("name", "plan", "size", "website", "industry", "monthly_spend", "remote_created_at")
)
_MOMENTS = frozenset({"signed_up_at", "last_seen_at", "remote_created_at"})


def fields_of(payload: str, standard: frozenset[str]) -> dict[str, str]:
    """The fields of a record; those Intercom has no place for are custom attributes."""
    found = {
        name: _seconds(value) if name in _MOMENTS else value
        for name, value in fragments(payload).items()
    }
    own = {name: value for name, value in found.items() if name in standard}
    custom = {name: value for name, value in found.items() if name not in standard}
    return {**own, "custom_attributes": as_object(custom)} if custom else own


def company_body(row: Row) -> str:
    """The body that creates or changes a company."""
    return as_object({"company_id": row.key_json, **fields_of(row.payload, COMPANY)})


def outcome_from(response: HttpResponse) -> Outcome:
    """Success where the answer is the record or the tag; else the code and words of the error."""
    if is_success(response):
        id_of(record_of(response), response)
        return outcome_of(response, OutcomeKind.SUCCEEDED)
    code, message = error_of(response)
    return outcome_of(response, kind_of_status(response.status), message or None, code or None)


def error_of(response: HttpResponse) -> tuple[str, str]:
    """The code and the words of the first error; empty where an answer has none."""
    try:
        answer = parsed(response)
    except Unexpected:
        return "", ""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return "", ""
    return str(first.get("code") or ""), str(first.get("message") or "")


def id_of(record: dict[str, object], response: HttpResponse) -> str:
    """Its id, as it stands in a path. Raises Unexpected where there is none."""
    found = record.get("id")
    if not isinstance(found, str) or not found:
        raise Unexpected(response)
    return quote(found, safe="")


def _seconds(value: str) -> str:
    """A moment in seconds since 1970; what is none goes as it is, for Intercom to refuse."""
    try:
        return str(int(moment(value).timestamp()))
    except ValueError:
        return value
