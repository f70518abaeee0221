"""iterable: users, lists and events to Iterable, in bulk.

An answer of 200 holds lists of the e-mail addresses and user ids that failed, and counts: whom a
list names is rejected, and nobody counts as written while failures are counted that no list names.
"""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from reverse_etl.destinations.iterable_answers import (
    carried_out,
    code_of,
    dropped_fields,
    first_reason,
    folded,
    read_reasons,
)
from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.erasing import one_by_one
from reverse_etl.destinations.kit.events import read_event
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Kind, Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import UNREADABLE
from reverse_etl.values import as_object, fragments, plain

_USER_ID = "userId"
_UNKNOWN_USER = "BadParams"


class Iterable(ApiDestination):
    """Users of an Iterable project, its static lists, and custom events."""

    limits: ClassVar[Limits] = Limits(1000, 4_000_000, 5, 4, verified_on="2026-11-22")
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"erasure": 50}
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "mirror", "audience", "append"})
    identifiers: ClassVar[Mapping[str, str]] = {
        "email": "email",
        "user_id": _USER_ID,
        _USER_ID: _USER_ID,
    }
    takes_list: ClassVar[bool] = True
    takes_fields_with: ClassVar[frozenset[str]] = frozenset({"people", "members", "events"})
    account_settings: ClassVar[tuple[str, ...]] = ("region", "project")

    type: Literal["iterable"]
    api_key: SecretStr = Field(description="a server-side API key of the project")
    region: Literal["us", "eu"] = Field(description="the data center of the project")
    project: str = Field(default="", description="any name, to tell two projects apart")
    merge_nested_objects: bool = Field(
        default=False, description="objects are merged with what is there, not replaced"
    )
    create_new_fields: bool | None = Field(
        default=None, description="whether unknown fields are made; by default as the project says"
    )

    def address(self) -> str:
        """The data center."""
        return f"https://api{'.eu' if self.region == 'eu' else ''}.iterable.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The API key."""
        del session
        return {"Api-Key": self.api_key.get_secret_value()}

    def check(self, purpose: Purpose) -> None:
        """Also: lists have numbers."""
        super().check(purpose)
        if not (purpose.list_id or "1").isdigit():
            raise ValueError("list_id is the number of a list")

    def exchange(self, batch: Batch) -> Exchange:
        """One request; deletions have one for each person."""
        if batch.purpose.kind == "erasure":
            return (yield from one_by_one(batch, self.identifiers, self._forget))
        if batch.removes and batch.purpose.kind == "people":
            return (yield from one_by_one(batch, self.identifiers, self._delete))
        response = yield self.request(batch)
        return self.outcomes(response, batch)

    def request(self, batch: Batch) -> HttpRequest:
        """Users, events, or members of a list."""
        members: dict[str, str] = {}
        kind = batch.purpose.kind
        if kind == "events":
            path, array, write = "/api/events/trackBulk", "events", self._event
        elif kind == "people":
            path, array, write = "/api/users/bulkUpdate", "users", self._user
        else:
            path, array, write = "/api/lists/subscribe", "subscribers", self._subscriber
            members = {"listId": str(batch.list_id or 0), "updateExistingUsersOnly": "false"}
            if batch.removes:
                path = "/api/lists/unsubscribe"
                members = {"listId": members["listId"], "channelUnsubscribe": "false"}
        if kind == "people" and self.create_new_fields is not None:
            members["createNewFields"] = json.dumps(self.create_new_fields)
        members[array] = f"[{','.join([write(row, batch) for row in batch.rows])}]"
        return self.json_request("POST", path, as_object(members), batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Rejected whom a list names, and succeeded the others as far as they are counted."""
        said = accepted(response)
        counted = said.get("successCount") if isinstance(said, dict) else None
        failures = said.get("failCount") if isinstance(said, dict) else None
        if not isinstance(counted, int) or not isinstance(failures, int):
            raise Unexpected(response)
        reasons = read_reasons(response, said)
        named = (
            [first_reason(reasons, self._names(row, batch)) for row in batch.rows]
            if reasons
            else []
        )
        failed = {place: reason for place, reason in enumerate(named) if reason is not None}
        rest = outcome_of(response, OutcomeKind.SUCCEEDED, dropped_fields(said))
        if len(failed) < failures or counted < len(batch.rows) - len(failed):
            rest = UNREADABLE
        outcomes = [rest] * len(batch.rows)
        for place, reason in failed.items():
            is_off = batch.removes and reason.startswith("notFound")
            kind = OutcomeKind.SUCCEEDED if is_off else OutcomeKind.REJECTED
            outcomes[place] = outcome_of(response, kind, None, reason)
        return outcomes

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The static list of that name, made where there is none."""
        response = yield self.json_request("GET", "/api/lists", None, session, reads=True)
        for found in objects_in(response, accepted(response), "lists", is_needed=True):
            if (found.get("name"), found.get("listType")) == (purpose.list_title, "Standard"):
                return str(found.get("id"))
        body = json.dumps({"name": purpose.list_title})
        response = yield self.json_request("POST", "/api/lists", body, session)
        made = accepted(response)
        if not isinstance(made, dict) or not isinstance(made.get("listId"), int):
            raise Unexpected(response)
        return str(made["listId"])

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The message types of the project."""
        return self.json_request("GET", "/api/messageTypes", None, session, reads=True)

    @property
    def all_or_nothing(self) -> bool:
        """A type that does not fit makes Iterable refuse a whole request, with 400."""
        return True

    def _known_by(self, row: Row, batch: Batch) -> dict[str, str]:
        return {self.identifier(batch.purpose): row.key_json}

    def _user(self, row: Row, batch: Batch) -> str:
        user = self._known_by(row, batch)
        if _USER_ID in user:
            user["preferUserId"] = "true"
        user["dataFields"] = row.payload
        user["mergeNestedObjects"] = json.dumps(self.merge_nested_objects)
        return as_object(user)

    def _subscriber(self, row: Row, batch: Batch) -> str:
        user = self._known_by(row, batch)
        if not batch.removes and _USER_ID in user:
            user["preferUserId"] = "true"
        if not batch.removes and len(row.payload) > 2:
            user["dataFields"] = row.payload
        return as_object(user)

    def _event(self, row: Row, batch: Batch) -> str:
        event = read_event(row, batch, self.identifiers)
        name, value = next(iter(event.identifiers.items()))
        return as_object(
            {
                name: value,
                "eventName": event.name,
                "id": f'"{row.idempotency_key}"',
                "createdAt": str(event.unix_seconds),
                "dataFields": as_object(event.properties),
            }
        )

    def _names(self, row: Row, batch: Batch) -> list[str]:
        """What a list of failures may call a row by."""
        if batch.purpose.kind == "events":
            event = read_event(row, batch, self.identifiers)
            named = [*event.identifiers.values(), event.name]
        else:
            fields = fragments(row.payload)
            named = [row.key_json, *(fields.get(name, "null") for name in ("email", _USER_ID))]
        return [folded(plain(name) or "") for name in named]

    def _forget(self, name: str, value: str) -> Conversation[Outcome]:
        body = as_object({name: value})
        response = yield self.json_request("POST", "/api/users/forget", body, {})
        return carried_out(response)

    def _delete(self, name: str, value: str) -> Conversation[Outcome]:
        path = "/api/users/byUserId/" if name == _USER_ID else "/api/users/"
        path += quote(plain(value) or "", safe="")
        response = yield self.json_request("DELETE", path, None, {})
        if response.status == 400 and code_of(response) == _UNKNOWN_USER:
            return outcome_of(response, OutcomeKind.SUCCEEDED)
        return carried_out(response)
