"""intercom: contacts, their tags and events, and companies, to a workspace of Intercom."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from reverse_etl.destinations.intercom_records import (
    CONTACT,
    company_body,
    error_of,
    fields_of,
    id_of,
    outcome_from,
)
from reverse_etl.destinations.kit.erasing import Person
from reverse_etl.destinations.kit.events import read_event
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import Conversation, HttpRequest, HttpResponse
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.replies import outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.kit.singly import (
    GONE,
    NOBODY,
    NOT_FOUND,
    SinglyDestination,
    not_possible,
    record_of,
    records_of,
    whom,
)
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object

_ADDRESSES = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}
_EVENT_IDENTIFIERS = {"user_id": "user_id", "external_id": "user_id", "email": "email"}
_CONFLICTING = re.compile(r"\bid=(\w+)")


class Intercom(SinglyDestination):
    """Contacts with custom attributes, tags, events and companies to a workspace of Intercom."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=1, requests_per_second=150, verified_on="2026-11-22"
    )
    account_settings: ClassVar[tuple[str, ...]] = ("region", "workspace")
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": "external_id",
        "external_id": "external_id",
        "email": "email",
    }
    takes_object: ClassVar[bool] = True
    takes_list: ClassVar[bool] = True

    type: Literal["intercom"]
    access_token: SecretStr = Field(description="the access token of a private app")
    region: Literal["us", "eu", "au"] = Field(
        default="us", description="where the workspace's data is"
    )
    workspace: str = Field(
        default="", description="the name of the workspace; another name starts fresh"
    )
    api_version: str = Field(
        default="2.14", pattern=r"^(\d+\.\d+|.*\{\{.*)$", description="the version of the API"
    )

    def address(self) -> str:
        """The API of the region."""
        return _ADDRESSES[self.region]

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The token; and the version, which every request needs."""
        return {
            "Authorization": f"Bearer {self.access_token.get_secret_value()}",
            "Intercom-Version": self.api_version,
        }

    def check(self, purpose: Purpose) -> None:
        """As all do; companies have their own key, and are only ever written."""
        if purpose.object is None:
            super().check(purpose)
            return
        super().check(replace(purpose, identifier="external_id"))
        if purpose.object != "company" or purpose.mode != "upsert":
            raise ValueError("its one object is 'company', in mode 'upsert'")

    def is_fatal(self, response: HttpResponse) -> bool:
        """As all do, but for a contact that is gone by now: a 404 else is that of the tag."""
        return super().is_fatal(response) and error_of(response)[1] != "User Not Found"

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The admin behind the token."""
        return self.json_request("GET", "/me", None, session, reads=True)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The tag of this name; asking for it makes it."""
        title = as_object({"name": json.dumps(purpose.list_title, ensure_ascii=False)})
        response = yield self.json_request("POST", "/tags", title, session)
        return id_of(record_of(response), response)

    def converse(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        """An event or a company is one request; a contact is looked up first."""
        purpose = batch.purpose
        if purpose.object:
            if purpose.erases:
                return not_possible("a company is no person")
            return (yield from self._write("POST", "/companies", company_body(row), batch))
        if purpose.kind == "events":
            return (yield from self._track(row, batch))
        if purpose.kind == "people" and purpose.mode == "create":
            return (yield from self._create(row, batch))
        person = whom(row, batch, self.identifiers)
        if person is None:
            return NOBODY
        found = yield from self._search(person, batch)
        if batch.removes:
            return (yield from self._take_away(found, batch))
        if len(found) > 1:
            return not_possible(f"several contacts have this {person[0]}")
        if not found and (purpose.kind == "members" or purpose.mode == "update"):
            return not_possible(f"no contact has this {person[0]}")
        if purpose.kind == "members":
            body = as_object({"id": json.dumps(batch.list_id)})
            path = f"/contacts/{found[0]}/tags"
            return outcome_from((yield self.json_request("POST", path, body, batch.session)))
        if found:
            return (yield from self._update(found[0], row, batch))
        return (yield from self._create(row, batch))

    def _search(self, person: Person, batch: Batch) -> Conversation[list[str]]:
        field, value = person
        body = (
            f'{{"query":{{"field":"{field}","operator":"=","value":{value}}},'
            '"pagination":{"per_page":50}}'
        )
        response = yield self.json_request(
            "POST", "/contacts/search", body, batch.session, reads=True
        )
        return [id_of(contact, response) for contact in records_of(response, "data")]

    def _create(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        identity = {"role": '"user"', self.identifier(batch.purpose): row.key_json}
        body = as_object({**identity, **fields_of(row.payload, CONTACT)})
        response = yield self.json_request("POST", "/contacts", body, batch.session)
        said = error_of(response)[1]
        conflicting = _CONFLICTING.search(said) if response.status == 409 else None
        if conflicting is None or batch.purpose.mode == "create":
            return outcome_from(response)
        if "archived" in said:
            path = f"/contacts/{conflicting[1]}/unarchive"
            record_of((yield self.json_request("POST", path, None, batch.session)))
        return (yield from self._update(conflicting[1], row, batch))

    def _update(self, contact: str, row: Row, batch: Batch) -> Conversation[Outcome]:
        body = as_object(fields_of(row.payload, CONTACT))
        return (yield from self._write("PUT", f"/contacts/{contact}", body, batch))

    def _take_away(self, found: list[str], batch: Batch) -> Conversation[Outcome]:
        outcome = GONE
        for contact in found:
            method, path = "DELETE", f"/contacts/{contact}"
            if batch.purpose.kind == "members":
                path += f"/tags/{quote(batch.list_id or '', safe='')}"
            elif batch.purpose.kind == "people":
                method, path = "POST", f"{path}/archive"
            outcome = yield from self._write(method, path, None, batch, gone=GONE)
            if outcome.kind is not OutcomeKind.SUCCEEDED:
                return outcome
        return outcome

    def _track(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        event = read_event(row, batch, _EVENT_IDENTIFIERS)
        body = as_object(
            {
                "event_name": event.name,
                "created_at": str(event.unix_seconds),
                **event.identifiers,
                "metadata": as_object(event.properties),
            }
        )
        response = yield self.json_request(
            "POST", "/events", body, batch.session, expected=NOT_FOUND
        )
        if response.status == 202:
            return outcome_of(response, OutcomeKind.SUCCEEDED)
        return outcome_from(response)

    def _write(
        self,
        method: str,
        path: str,
        body: str | None,
        batch: Batch,
        gone: Outcome | None = None,
    ) -> Conversation[Outcome]:
        response = yield self.json_request(method, path, body, batch.session, expected=NOT_FOUND)
        return gone if gone and response.status == 404 else outcome_from(response)
