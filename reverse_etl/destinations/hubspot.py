"""hubspot: contacts, or other records of the CRM, by a property with unique values."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from reverse_etl.destinations.hubspot_records import (
    NO_RECORD,
    Records,
    input_to_create,
    input_to_read,
    input_to_write,
    properties,
    record_in,
)
from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.erasing import one_by_one
from reverse_etl.destinations.kit.events import event_refusals, read_event
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.purpose import Kind, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, done, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, as_text

_OBJECT_TYPES = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "tickets": "0-5"}
_PEOPLE_OF_EVENTS = {"email": "email", "object_id": "objectId", "utk": "utk"}
_ERASED = {"email": "email", "object_id": "objectId"}
_GONE = frozenset({404})


class HubSpot(ApiDestination):
    """HubSpot: contacts, companies and other records, static lists of them, custom events."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=100, requests_per_second=10, concurrency=4, verified_on="2026-11-22"
    )
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"erasure": 1}
    takes_object: ClassVar[bool] = True
    takes_list: ClassVar[bool] = True
    account_settings: ClassVar[tuple[str, ...]] = ("portal",)

    type: Literal["hubspot"]
    access_token: SecretStr = Field(description="of a private app")
    portal: str = Field(description="the account's id (Hub ID), which tells accounts apart")

    def address(self) -> str:
        """One address for all regions."""
        return "https://api.hubapi.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The token of the private app."""
        del session
        return {"Authorization": f"Bearer {self.access_token.get_secret_value()}"}

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The details of the account."""
        return self.json_request("GET", "/account-info/v3/details", None, session, reads=True)

    def check(self, purpose: Purpose) -> None:
        """Events need somebody."""
        super().check(purpose)
        if purpose.mode == "append" and not _PEOPLE_OF_EVENTS.keys() & set(purpose.fields):
            raise ValueError("events need a person: one of the fields email, object_id, utk")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Events without a name, a time or a person; other records than people to be forgotten."""
        if batch.purpose.kind == "events":
            return event_refusals(batch, _PEOPLE_OF_EVENTS)
        if batch.purpose.kind == "erasure" and _object(batch.purpose) != "contacts":
            return dict.fromkeys(range(len(batch.rows)), "only contacts are deleted for privacy")
        return {}

    @property
    def all_or_nothing(self) -> bool:
        """A value HubSpot cannot read makes it refuse a whole request (400)."""
        return True

    def is_spent(self, response: HttpResponse) -> bool:
        """The requests of the day."""
        return response.status == 429 and _policy(response) == "DAILY"

    def pause(self, response: HttpResponse) -> float | None:
        """The window whose requests are used up."""
        said = response.headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
        spent = response.headers.get("x-hubspot-ratelimit-remaining") == "0"
        return int(said) / 1000 if spent and said.isdecimal() else None

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """A list by its name; a static one where there is none."""
        kind = _OBJECT_TYPES.get(_object(purpose), _object(purpose))
        name = purpose.list_title
        path = f"/crm/v3/lists/object-type-id/{quote(kind, safe='')}/name/{quote(name, safe='')}"
        found = yield self.json_request("GET", path, None, session, reads=True, expected=_GONE)
        if found.status in _GONE:
            body = json.dumps({"name": name, "objectTypeId": kind, "processingType": "MANUAL"})
            found = yield self.json_request("POST", "/crm/v3/lists", body, session)
        document = accepted(found)
        try:
            return str(document["list"]["listId"])
        except (TypeError, KeyError):
            raise Unexpected(found) from None

    def exchange(self, batch: Batch) -> Exchange:
        """One request for records and events; lists and removals need the ids of records first."""
        kind = batch.purpose.kind
        if kind == "events":
            response = yield self._events(batch)
            accepted(response)
            return alike(response, batch)
        if kind == "erasure":
            ask = partial(self._erase, batch)
            return (yield from one_by_one(batch, _ERASED, ask))
        if batch.removes:
            return (yield from self._remove(batch))
        mode = batch.purpose.mode
        response = yield self._batch(batch, mode if mode in ("update", "create") else "upsert")
        records = Records(response, batch, self.identifier(batch.purpose))
        if kind == "members" and records.ids:
            yield from self._change_members(batch, records, records.known, [])
        return records.outcomes()

    def _remove(self, batch: Batch) -> Exchange:
        response = yield self._batch(batch, "read")
        records = Records(response, batch, self.identifier(batch.purpose))
        ids = records.known
        if ids and batch.purpose.kind == "members":
            yield from self._change_members(batch, records, [], ids)
        elif ids:
            inputs = ",".join(f'{{"id":{json.dumps(record)}}}' for record in ids)
            path, body = f"{_objects(batch)}/batch/archive", f'{{"inputs":[{inputs}]}}'
            accepted((yield self.json_request("POST", path, body, batch.session)))
        return records.outcomes(gone=OutcomeKind.SUCCEEDED, silent=OutcomeKind.UNKNOWN)

    def _change_members(
        self, batch: Batch, records: Records, add: Sequence[str], remove: Sequence[str]
    ) -> Conversation[None]:
        body = json.dumps({"recordIdsToAdd": add, "recordIdsToRemove": remove})
        path = f"/crm/v3/lists/{quote(str(batch.list_id), safe='')}/memberships/add-and-remove"
        response = yield self.json_request("PUT", path, body, batch.session)
        document = accepted(response)
        missing = document.get("recordIdsMissing") if isinstance(document, dict) else None
        if not isinstance(missing, list):
            raise Unexpected(response)
        if add:
            records.refuse({str(record) for record in missing}, response)

    def _batch(self, batch: Batch, what: str) -> HttpRequest:
        """The rows as the inputs of one of the four kinds of batches."""
        name = self.identifier(batch.purpose)
        row_input: Callable[[Row, str], str] = {
            "read": input_to_read,
            "create": input_to_create,
        }.get(what, input_to_write)
        inputs = ",".join([row_input(row, name) for row in batch.rows])
        more = f'"idProperty":{json.dumps(name)},"properties":[{json.dumps(name)}],'
        body = f'{{{more if what == "read" else ""}"inputs":[{inputs}]}}'
        path = f"{_objects(batch)}/batch/{what}"
        return self.json_request("POST", path, body, batch.session, reads=what == "read")

    def _events(self, batch: Batch) -> HttpRequest:
        inputs = []
        for row in batch.rows:
            event = read_event(row, batch, _PEOPLE_OF_EVENTS)
            members = {"eventName": event.name, **event.identifiers, "occurredAt": event.time}
            members["uuid"] = json.dumps(row.idempotency_key)
            members["properties"] = properties(event.properties)
            inputs.append(as_object(members))
        body = f'{{"inputs":[{",".join(inputs)}]}}'
        return self.json_request("POST", "/events/v3/send/batch", body, batch.session)

    def _erase(self, batch: Batch, name: str, value: str) -> Conversation[Outcome]:
        """By the record's id: HubSpot would block an address that it does not know for good."""
        if name != "objectId":
            ask = {"idProperty": json.dumps(name), "properties": f"[{json.dumps(name)}]"}
            body = as_object({**ask, "inputs": f'[{{"id":{as_text(value)}}}]'})
            path = "/crm/v3/objects/contacts/batch/read"
            found = yield self.json_request("POST", path, body, batch.session, reads=True)
            value = record_in(found)
            if value == NO_RECORD:
                return outcome_of(found, OutcomeKind.SUCCEEDED)
        path, body = "/crm/v3/objects/contacts/gdpr-delete", f'{{"objectId":{as_text(value)}}}'
        response = yield self.json_request("POST", path, body, batch.session, expected=_GONE)
        return done(response, _GONE)


def _object(purpose: Purpose) -> str:
    return purpose.object or "contacts"


def _objects(batch: Batch) -> str:
    return f"/crm/v3/objects/{quote(_object(batch.purpose), safe='')}"


def _policy(response: HttpResponse) -> object:
    try:
        document = json.loads(response.body)
    except ValueError:
        return None
    return document.get("policyName") if isinstance(document, dict) else None
