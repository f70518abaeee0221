"""What the Data Manager API of Google says: members that are wrong, and ids of audiences."""

import json
import re
from collections.abc import Sequence
from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import alike, outcome_of
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind

_MEMBER = re.compile(r"audience_?[mM]embers\[(\d+)\]")


def but_for_violations(response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
    """Of a request that was refused as a whole: the members it names; the others come again."""
    try:
        error = json.loads(response.body)["error"]
        violations = [
            (found[1], violation.get("description"))
            for detail in error.get("details", [])
            for violation in detail.get("fieldViolations", [])
            if (found := _MEMBER.search(str(violation.get("field"))))
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        return alike(response, batch)
    waiting = outcome_of(response, OutcomeKind.RETRY, "another member of the request is refused")
    outcomes = [waiting] * len(batch.rows)
    for place, why in violations:
        if int(place) < len(batch.rows):
            outcomes[int(place)] = outcome_of(response, OutcomeKind.REJECTED, why)
    if outcomes.count(waiting) == len(batch.rows):
        return alike(response, batch, None, error.get("message"), error.get("status"))
    return outcomes


def audience_id(document: Any, response: HttpResponse) -> str:
    """The number of an audience. Raises Unexpected where there is none."""
    name = document.get("name") if isinstance(document, dict) else None
    found = str(document.get("id") or str(name or "").rpartition("/")[2]) if name else ""
    if not found.isdigit():
        raise Unexpected(response)
    return found
