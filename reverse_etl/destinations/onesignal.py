"""onesignal: users, their tags and events, to one app of OneSignal.

A request holds one user, or many events. Whatever OneSignal has no place for is a tag, and tags
are texts; an audience is a tag of its name. An address makes a subscription, and so subscribes
somebody, only where the settings say so.
"""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.erasing import one_by_one
from reverse_etl.destinations.kit.events import read_event
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.ids import make_uuid
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Kind, Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, except_for, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import UNREADABLE
from reverse_etl.values import as_object, as_text, fragments, plain

_EXTERNAL_ID = "external_id"
_PROPERTIES = frozenset(
    {"language", "timezone_id", "lat", "long", "country", "first_active", "last_active"}
)
_SUBSCRIPTIONS = {"email": "Email", "phone": "SMS"}
_MOST_FIELDS = 100
_MOST_EVENT_BYTES = 2024
_GONE = frozenset({404})


class OneSignal(ApiDestination):
    """Users of a OneSignal app, their tags, and custom events."""

    limits: ClassVar[Limits] = Limits(1000, 1_000_000, 1000, 8, verified_on="2026-11-22")
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"people": 1, "members": 1, "erasure": 50}
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "update", "audience", "append"})
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": _EXTERNAL_ID,
        _EXTERNAL_ID: _EXTERNAL_ID,
        "onesignal_id": "onesignal_id",
    }
    account_settings: ClassVar[tuple[str, ...]] = ("app_id",)

    type: Literal["onesignal"]
    app_id: str = Field(description="the id of the app", pattern=r"^[0-9A-Za-z-]+$")
    api_key: SecretStr = Field(description="an API key of the app")
    make_subscriptions: bool = Field(
        default=False,
        description="the fields email and phone make subscriptions, which subscribes the person",
    )

    def address(self) -> str:
        """There is one."""
        return "https://api.onesignal.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The key of the app."""
        del session
        return {"Authorization": f"Key {self.api_key.get_secret_value()}"}

    def check(self, purpose: Purpose) -> None:
        """Also: who is made has an external id, and is not subscribed unasked."""
        super().check(purpose)
        is_made = purpose.mode in ("upsert", "audience")
        if is_made and self.identifier(purpose) != _EXTERNAL_ID:
            raise ValueError("users are made by external_id; mode update takes onesignal_id")
        if purpose.kind != "people":
            return
        addresses = sorted(_SUBSCRIPTIONS.keys() & set(purpose.fields))
        if addresses and not (is_made and self.make_subscriptions):
            raise ValueError(
                f"the field {addresses[0]!r} subscribes the person, in mode upsert where the "
                "setting make_subscriptions of the destination is true"
            )
        if len(purpose.fields) > _MOST_FIELDS:
            raise ValueError(f"a request changes at most {_MOST_FIELDS} properties")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Also events that are too large, and tags that are no texts."""
        refused = dict(super().refusals(batch))
        for place, row in enumerate(batch.rows):
            if batch.purpose.kind == "events" and place not in refused:
                size = len(self._event(row, batch).encode())
                if size > _MOST_EVENT_BYTES:
                    refused[place] = (
                        f"it has {size:,} bytes, an event may have {_MOST_EVENT_BYTES:,}"
                    )
            elif batch.purpose.kind == "people":
                for name, value in fragments(row.payload).items():
                    if name not in _PROPERTIES and value[0] in "[{":
                        refused[place] = f"the tag {name} is no text or number"
        return refused

    def exchange(self, batch: Batch) -> Exchange:
        """One request; deletions have one for each person."""
        if batch.purpose.kind == "erasure":
            return (yield from one_by_one(batch, self.identifiers, self._forget))
        response = yield self.request(batch)
        return self.outcomes(response, batch)

    def request(self, batch: Batch) -> HttpRequest:
        """A user who is made or changed, a tag that is taken away, or events."""
        if batch.purpose.kind == "events":
            events = ",".join([self._event(row, batch) for row in batch.rows])
            body = f'{{"events":[{events}]}}'
            return self.json_request("POST", self._path("custom_events"), body, batch.session)
        [row] = batch.rows
        user = self._user(row, batch)
        if batch.removes or batch.purpose.mode == "update":
            path = self._user_path(self.identifier(batch.purpose), row.key_json)
            return self.json_request("PATCH", path, as_object(user), batch.session, expected=_GONE)
        user = {"identity": as_object({_EXTERNAL_ID: row.key_json}), **user}
        return self.json_request("POST", self._path("users"), as_object(user), batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """As the answer for one user says; of events those of the people that errors name."""
        if response.status in _GONE and batch.removes:
            return alike(response, batch, OutcomeKind.SUCCEEDED)
        said = accepted(response)
        if not isinstance(said, dict):
            raise Unexpected(response)
        errors = objects_in(response, said, "errors")
        if batch.purpose.kind == "events":
            return except_for(response, batch, self._failed(response, errors, batch))
        if errors:
            raise Unexpected(response)
        return alike(response, batch)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """One segment."""
        path = self._path("segments?offset=0&limit=1")
        return self.json_request("GET", path, None, session, reads=True)

    @property
    def all_or_nothing(self) -> bool:
        """Events are refused together, with 400."""
        return True

    def _path(self, name: str) -> str:
        return f"/apps/{self.app_id}/{name}"

    def _user_path(self, label: str, value: str) -> str:
        return self._path(f"users/by/{label}/{quote(plain(value) or '', safe='')}")

    def _user(self, row: Row, batch: Batch) -> dict[str, str]:
        if batch.purpose.kind == "members":
            tag = {batch.purpose.list_title: '""' if batch.removes else '"true"'}
            return {"properties": as_object({"tags": as_object(tag)})}
        fields = fragments(row.payload)
        subscriptions = [
            f'{{"type":"{kind}","token":{address}}}'
            for name, kind in _SUBSCRIPTIONS.items()
            if (address := fields.pop(name, "null")) != "null"
        ]
        properties = {name: fields.pop(name) for name in sorted(_PROPERTIES & fields.keys())}
        known = {name: value for name, value in properties.items() if value != "null"}
        if fields:
            known["tags"] = as_object({name: as_text(value) for name, value in fields.items()})
        user = {"properties": as_object(known)}
        return user | ({"subscriptions": f"[{','.join(subscriptions)}]"} if subscriptions else {})

    def _event(self, row: Row, batch: Batch) -> str:
        event = read_event(row, batch, self.identifiers)
        name, value = next(iter(event.identifiers.items()))
        return as_object(
            {
                "name": event.name,
                name: value,
                "timestamp": event.time,
                "idempotency_key": json.dumps(make_uuid(row.idempotency_key)),
                "properties": as_object(event.properties),
            }
        )

    def _failed(
        self, response: HttpResponse, errors: Sequence[Mapping[str, object]], batch: Batch
    ) -> dict[int, Outcome]:
        """The events of the people that errors name: unknown where fewer failed than were sent."""
        places: dict[str, list[int]] = {}
        for place, row in enumerate(batch.rows if errors else ()):
            event = read_event(row, batch, self.identifiers)
            person = plain(next(iter(event.identifiers.values()))) or ""
            places.setdefault(person, []).append(place)
        whys: dict[str, list[Outcome]] = {}
        for error in errors:
            whose, why = error.get("event_user_id"), error.get("error")
            if not isinstance(whose, str) or whose not in places or not isinstance(why, dict):
                raise Unexpected(response)
            said = outcome_of(response, OutcomeKind.REJECTED, why.get("title"), why.get("code"))
            whys.setdefault(whose, []).append(said)
        return {
            place: found[0] if len(found) >= len(places[whose]) else UNREADABLE
            for whose, found in whys.items()
            for place in places[whose]
        }

    def _forget(self, name: str, value: str) -> Conversation[Outcome]:
        path = self._user_path(name, value)
        response = yield self.json_request("DELETE", path, None, {}, expected=_GONE)
        if response.status not in _GONE:
            accepted(response)
        return outcome_of(response, OutcomeKind.SUCCEEDED)
