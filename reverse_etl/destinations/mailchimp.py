"""mailchimp: the members of an audience, by their e-mail address.

Nobody is ever subscribed again: a status goes out for people who are new only, and an audience of
weft becomes a tag (Mailchimp's static segment), which says nothing about consent.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator

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
from reverse_etl.destinations.kit.purpose import Kind, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.kit.singly import each_row
from reverse_etl.destinations.mailchimp_answers import (
    GONE,
    is_busy,
    judge,
    judge_gone,
    outcomes_of,
)
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, as_text, fragments, plain

_OF_MEMBERS = frozenset({"email_type", "interests", "language", "location", "vip"})


class Mailchimp(ApiDestination):
    """Mailchimp: the members of one audience, their merge fields, tags and events."""

    limits: ClassVar[Limits] = Limits(rows_per_request=500, concurrency=8, verified_on="2026-11-22")
    identifiers: ClassVar[Mapping[str, str]] = {"email": "email_address"}
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"events": 1, "erasure": 1}
    takes_list: ClassVar[bool] = True
    account_settings: ClassVar[tuple[str, ...]] = ("audience",)

    type: Literal["mailchimp"]
    api_key: SecretStr = Field(description="it ends with the data center, as in …-us21")
    audience: str = Field(description="the id of the audience (list)")
    status_if_new: Literal["transactional", "subscribed", "pending", "unsubscribed"] = Field(
        default="transactional",
        description="what people who are new become; `subscribed` only if they have agreed to it",
    )

    @field_validator("api_key")
    @classmethod
    def _names_its_data_center(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value()
        if "{{" not in text and not text.rpartition("-")[2].isalnum():
            raise ValueError("it must end with a data center, as in …-us21")
        return key

    def address(self) -> str:
        """The data center of the key."""
        return f"https://{self.api_key.get_secret_value().rpartition('-')[2]}.api.mailchimp.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The key."""
        del session
        return {"Authorization": f"Bearer {self.api_key.get_secret_value()}"}

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """Whether everything is chimpy."""
        return self.json_request("GET", "/3.0/ping", None, session, reads=True)

    def check(self, purpose: Purpose) -> None:
        """A status would subscribe people again."""
        super().check(purpose)
        for name in ("status", "status_if_new"):
            if name in purpose.fields:
                raise ValueError(f"{name!r} is no field: nobody is subscribed again by a sync")

    @property
    def all_or_nothing(self) -> bool:
        """A member it cannot read makes Mailchimp refuse a whole request (400)."""
        return True

    def is_fatal(self, response: HttpResponse) -> bool:
        """By its status; but a 403 without JSON says that Mailchimp is too busy."""
        return super().is_fatal(response) and not is_busy(response)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """A tag by its name, made where there is none."""
        name = purpose.list_title
        path = self._path(f"/tag-search?name={quote(name, safe='')}")
        found = yield self.json_request("GET", path, None, session, reads=True)
        for tag in objects_in(found, accepted(found), "tags"):
            if tag.get("name") == name and "id" in tag:
                return str(tag["id"])
        body = json.dumps({"name": name, "static_segment": []})
        made = yield self.json_request("POST", self._path("/segments"), body, session)
        segment = accepted(made)
        if not isinstance(segment, dict) or "id" not in segment:
            raise Unexpected(made)
        return str(segment["id"])

    def exchange(self, batch: Batch) -> Exchange:
        """One request for many, but where Mailchimp takes them one by one."""
        kind, mode = batch.purpose.kind, batch.purpose.mode
        if kind == "erasure":
            ask = partial(self._erase, batch)
            return (yield from one_by_one(batch, self.identifiers, ask))
        if kind == "events" or mode == "update":
            return (yield from each_row(batch, lambda row: self._change(row, batch)))
        if kind == "people" and batch.removes:
            return (yield from each_row(batch, lambda row: self._archive(row, batch)))
        response = yield self.request(batch)
        if is_busy(response):
            return alike(response, batch, OutcomeKind.RETRY)
        return outcomes_of(response, batch)

    def request(self, batch: Batch) -> HttpRequest:
        """Members of the audience, or of a segment."""
        if batch.purpose.kind == "members":
            change = "members_to_remove" if batch.removes else "members_to_add"
            body = f'{{"{change}":[{",".join([row.key_json for row in batch.rows])}]}}'
            path = self._path(f"/segments/{quote(str(batch.list_id), safe='')}")
            return self.json_request("POST", path, body, batch.session)
        status = f'"status_if_new":"{self.status_if_new}"'
        members = ",".join(
            [f'{{"email_address":{row.key_json},{status}{_fields(row)}}}' for row in batch.rows]
        )
        updates = json.dumps(batch.purpose.mode != "create")
        body = f'{{"members":[{members}],"update_existing":{updates},"sync_tags":false}}'
        path = self._path("?skip_merge_validation=true")
        return self.json_request("POST", path, body, batch.session)

    def _change(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        """An event of a member, or new values of one that must be there."""
        if batch.purpose.kind == "people":
            body = f"{{{_fields(row)[1:]}}}"
            path = self._member(row.key_json, "?skip_merge_validation=true")
        else:
            event = read_event(row, batch, self.identifiers)
            values = {name: as_text(value) for name, value in event.properties.items()}
            values = {name: value for name, value in values.items() if value != '""'}
            named = {"name": event.name, "occurred_at": event.time}
            body = as_object({**named, "properties": as_object(values)})
            path = self._member(event.identifiers["email_address"], "/events")
        method = "PATCH" if batch.purpose.kind == "people" else "POST"
        response = yield self.json_request(method, path, body, batch.session, expected=GONE)
        return judge(response)

    def _archive(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        path = self._member(row.key_json)
        response = yield self.json_request("DELETE", path, None, batch.session, expected=GONE)
        return judge_gone(response)

    def _erase(self, batch: Batch, name: str, value: str) -> Conversation[Outcome]:
        del name
        path = self._member(value, "/actions/delete-permanent")
        response = yield self.json_request("POST", path, None, batch.session, expected=GONE)
        return judge_gone(response)

    def _member(self, address: str, rest: str = "") -> str:
        text = plain(address) or ""
        # Mailchimp names a member by this hash; nothing is kept secret by it.
        name = hashlib.md5(text.lower().encode(), usedforsecurity=False).hexdigest()
        return self._path(f"/members/{name}{rest}")

    def _path(self, rest: str) -> str:
        return f"/3.0/lists/{quote(self.audience, safe='')}{rest}"


def _fields(row: Row) -> str:
    """The fields of a member, each after a comma; the empty text clears a merge field."""
    own: dict[str, str] = {}
    merged: dict[str, str] = {}
    for name, value in fragments(row.payload).items():
        if name in _OF_MEMBERS:
            own[name] = value
        else:
            merged[name] = '""' if value == "null" else value
    if merged or not own:
        own["merge_fields"] = as_object(merged)
    return f",{as_object(own)[1:-1]}"
