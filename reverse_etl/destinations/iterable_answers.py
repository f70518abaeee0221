"""What Iterable answers: lists of whom a request failed for, and codes."""

from collections.abc import Mapping, Sequence
from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import accepted, outcome_of, parsed
from reverse_etl.outcomes import Outcome, OutcomeKind


def read_reasons(response: HttpResponse, said: Mapping[str, Any]) -> dict[str, str]:
    """What the lists of an answer name, with the list it was first named in."""
    updates = said.get("failedUpdates") or {}
    if not isinstance(updates, dict):
        raise Unexpected(response)
    others = ("invalidEmails", "invalidUserIds", "disallowedEventNames")
    reasons: dict[str, str] = {}
    for reason, names in (*updates.items(), *((other, said.get(other)) for other in others)):
        if not isinstance(names or [], list):
            raise Unexpected(response)
        for name in names or []:
            reasons.setdefault(folded(str(name)), reason)
    return reasons


def first_reason(reasons: Mapping[str, str], names: Sequence[str]) -> str | None:
    """The list that names one of these, None where none does."""
    return next((reasons[name] for name in names if name in reasons), None)


def folded(name: str) -> str:
    """E-mail addresses come back in lower case; user ids are kept apart by case."""
    return name.casefold() if "@" in name else name


def dropped_fields(said: Mapping[str, Any]) -> str | None:
    """What an answer says of fields that were left out."""
    fields = said.get("filteredOutFields")
    return f"fields that the project does not know were dropped: {fields}" if fields else None


def code_of(response: HttpResponse) -> object:
    """The code of an answer, None where it has none."""
    said = parsed(response)
    return said.get("code") if isinstance(said, dict) else None


def carried_out(response: HttpResponse) -> Outcome:
    """Success where the answer says so in words. Raises Unexpected otherwise."""
    accepted(response)
    if code_of(response) != "Success":
        raise Unexpected(response)
    return outcome_of(response, OutcomeKind.SUCCEEDED)
