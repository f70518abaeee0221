"""What Salesforce is told of records: JSON of collections and SOQL, and answers in their order."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.replies import accepted, outcome_of
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.salesforce_bulk import failure
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
)


def record(kind: str, members: Mapping[str, str]) -> str:
    """A record as JSON; ``Account.Id__c`` names a parent by its external id, null none."""
    found = {"attributes": f'{{"type":{kind}}}'}
    for name, value in members.items():
        parent, dot, field = name.partition(".")
        if dot and value != "null":
            value = as_object({field: value})
        found[parent] = value
    return as_object(found)


def collection(records: Iterable[str]) -> str:
    """Records each of which stands for itself."""
    return f'{{"allOrNone":false,"records":[{",".join(records)}]}}'


def literal(fragment: str) -> str:
    """A text in SOQL."""
    return f"'{json.loads(fragment).translate(_ESCAPES)}'"


def select(kind: str, name: str, rows: Sequence[Row], also: str = "") -> str:
    """SOQL for the ids of the records whose field ``name`` is the key of one of the rows."""
    keys = ", ".join([literal(row.key_json) for row in rows])
    return f"SELECT Id, {name} FROM {kind} WHERE {also}{name} IN ({keys})"


def found_ids(response: HttpResponse, name: str) -> dict[str, str]:
    """The ids in the answer to ``select``, by the key, in lower case."""
    document = accepted(response)
    if not isinstance(document, dict) or document.get("done") is not True:
        raise Unexpected(response)
    found: dict[str, str] = {}
    for item in objects_in(response, document, "records"):
        value: Any = item
        for step in name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(item.get("Id"), str):
            found[str(value).lower()] = item["Id"]
    return found


def outcomes_in_order(
    response: HttpResponse, count: int, done_already: frozenset[str] = frozenset()
) -> list[Outcome]:
    """One per record, by its own flag; ``done_already`` are codes that come to a success."""
    document = accepted(response)
    if not isinstance(document, list) or len(document) != count:
        raise Unexpected(response)
    return [_outcome(response, item, done_already) for item in document]


def _outcome(response: HttpResponse, item: Any, done_already: frozenset[str]) -> Outcome:
    if not isinstance(item, dict) or not isinstance(item.get("success"), bool):
        return outcome_of(response, OutcomeKind.UNKNOWN, code="unreadable_answer")
    errors = item.get("errors")
    error = errors[0] if isinstance(errors, list) and errors else None
    error = error if isinstance(error, dict) else {}
    if item["success"] or error.get("statusCode") in done_already:
        return outcome_of(response, OutcomeKind.SUCCEEDED)
    return failure(response, error.get("statusCode"), error.get("message"))
