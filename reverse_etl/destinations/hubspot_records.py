"""What HubSpot is told of records, and what its answers say of each of them.

Every input carries the row's idempotency key as its trace id, by which HubSpot names the inputs it
refuses. A row for which an answer holds neither result nor error has failed, whatever the status.
"""

import json
from collections.abc import Mapping
from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.replies import accepted, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, as_text, fragments

PASSING = frozenset({"RATE_LIMITS", "INTERNAL_ERROR"})
"""The categories of errors that are gone when a row is sent again."""

_NOT_FOUND = "OBJECT_NOT_FOUND"


NO_RECORD = ""
"""In place of a record's id, where HubSpot says that there is none."""


class Records:
    """What an answer to a batch says of each row: the id of its record, or what was refused."""

    def __init__(self, response: HttpResponse, batch: Batch, identifier: str) -> None:
        document = accepted(response)
        self._response, self._rows = response, batch.rows
        self._places = {row.key.casefold(): place for place, row in enumerate(batch.rows)}
        self._places |= {row.key: place for place, row in enumerate(batch.rows)}
        self._places |= {row.idempotency_key: place for place, row in enumerate(batch.rows)}
        self.ids: dict[int, str] = {}
        self._errors: dict[int, dict[str, Any]] = {}
        self._refused: set[int] = set()
        self._said: object = None
        for result in objects_in(response, document, "results"):
            place = self._place_of(result, identifier)
            if place is not None and "id" in result:
                self.ids[place] = str(result["id"])
        for error in objects_in(response, document, "errors"):
            self._note(error)

    @property
    def known(self) -> list[str]:
        """The ids of records, in the order of the rows."""
        return [self.ids[place] for place in sorted(self.ids)]

    def refuse(self, ids: set[str], response: HttpResponse) -> None:
        """Note the records that a list does not take."""
        self._response = response
        self._refused = {place for place, record in self.ids.items() if record in ids}

    def outcomes(
        self,
        gone: OutcomeKind = OutcomeKind.REJECTED,
        silent: OutcomeKind = OutcomeKind.REJECTED,
    ) -> list[Outcome]:
        """One per row; ``gone`` is what a record that is not there means, ``silent`` no word."""
        return [self._outcome(place, gone, silent) for place in range(len(self._rows))]

    def _outcome(self, place: int, gone: OutcomeKind, silent: OutcomeKind) -> Outcome:
        error = self._errors.get(place)
        if error is not None:
            category = error.get("category")
            kind = OutcomeKind.RETRY if category in PASSING else OutcomeKind.REJECTED
            kind = gone if category == _NOT_FOUND else kind
            return outcome_of(self._response, kind, error.get("message"), category)
        if place in self._refused:
            message = "HubSpot does not know this record, or its list does not take it"
            return outcome_of(self._response, OutcomeKind.REJECTED, message, "not_on_list")
        if place in self.ids:
            return outcome_of(self._response, OutcomeKind.SUCCEEDED)
        said = self._said or "HubSpot does not report that it has written this row"
        return outcome_of(self._response, silent, said, "no_result")

    def _note(self, error: dict[str, Any]) -> None:
        context = error.get("context")
        context = context if isinstance(context, dict) else {}
        named = [context.get("objectWriteTraceId"), context.get("ids")]
        names = [str(name) for names in named if isinstance(names, list) for name in names]
        places = [self._places.get(name, self._places.get(name.casefold())) for name in names]
        self._errors.update({place: error for place in places if place is not None})
        if not any(place is not None for place in places):
            self._said = error.get("message")

    def _place_of(self, result: dict[str, Any], identifier: str) -> int | None:
        trace = self._places.get(str(result.get("objectWriteTraceId")))
        if trace is not None:
            return trace
        values = result.get("properties")
        value = str(values.get(identifier)) if isinstance(values, dict) else ""
        return self._places.get(value, self._places.get(value.casefold()))


def input_to_write(row: Row, name: str) -> str:
    """A record by the value of a property, for upsert and update."""
    return (
        f'{{"idProperty":{json.dumps(name)},"id":{as_text(row.key_json)},'
        f'"objectWriteTraceId":"{row.idempotency_key}",'
        f'"properties":{properties(fragments(row.payload))}}}'
    )


def input_to_create(row: Row, name: str) -> str:
    """A record that is not there yet."""
    values = {name: row.key_json, **fragments(row.payload)}
    return f'{{"objectWriteTraceId":"{row.idempotency_key}","properties":{properties(values)}}}'


def input_to_read(row: Row, name: str) -> str:
    """A record whose id is looked up."""
    del name
    return f'{{"id":{as_text(row.key_json)}}}'


def properties(values: Mapping[str, str]) -> str:
    """Properties are text; the empty text clears one."""
    return as_object({name: as_text(value) for name, value in values.items()})


def record_in(response: HttpResponse) -> str:
    """The id, as JSON, of the one record that was looked up. Raises Unexpected without a word."""
    document = accepted(response)
    for result in objects_in(response, document, "results"):
        if "id" in result:
            return json.dumps(str(result["id"]))
    errors = objects_in(response, document, "errors")
    if not any(error.get("category") == _NOT_FOUND for error in errors):
        raise Unexpected(response)
    return NO_RECORD
