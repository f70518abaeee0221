"""amplitude: user properties and events by Amplitude's batch endpoint; cohorts; deletion.

A request that is refused names events by their place, the bad ones and those of people who are
throttled, and takes none: the others are sent again at once, the throttled ones alone and later.
Cohorts are written one request after another.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, SecretStr

from reverse_etl.destinations.amplitude_answers import (
    but_for_named,
    memberships,
    named_places,
    text_of,
)
from reverse_etl.destinations.kit.api_base import JSON, ApiDestination, basic
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
from reverse_etl.destinations.kit.properties import set_and_cleared
from reverse_etl.destinations.kit.purpose import Kind, Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, as_text

_INGESTION = {"us": "https://api2.amplitude.com", "eu": "https://api.eu.amplitude.com"}
_DASHBOARD = {"us": "https://amplitude.com", "eu": "https://analytics.eu.amplitude.com"}


class Amplitude(ApiDestination):
    """User properties, cohorts and events of an Amplitude project."""

    limits: ClassVar[Limits] = Limits(1000, 10_000_000, None, 4, verified_on="2026-11-22")
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"erasure": 100}
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "create", "audience", "append"})
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": "user_id",
        "device_id": "device_id",
        "anonymous_id": "device_id",
    }
    takes_list: ClassVar[bool] = True
    account_settings: ClassVar[tuple[str, ...]] = ("region", "api_key")

    type: Literal["amplitude"]
    api_key: SecretStr = Field(description="the API key of the project")
    region: Literal["us", "eu"] = Field(description="where the project's data is")
    secret_key: SecretStr | None = Field(
        default=None, description="the secret key, for cohorts, weft forget and weft debug"
    )
    app_id: int | None = Field(
        default=None, description="the number of the project, to make cohorts"
    )
    owner: str | None = Field(
        default=None, description="the e-mail of who owns cohorts and asks for deletions"
    )
    min_id_length: int | None = Field(
        default=None, ge=1, description="takes ids that are shorter than 5 characters"
    )

    def account(self) -> str:
        """The region and a hash of the API key, which is what Amplitude knows a project by."""
        key = hashlib.sha256(self.api_key.get_secret_value().encode()).hexdigest()[:16]
        return f"{self.type}/{self.region}/{key}"

    def address(self) -> str:
        """The ingestion of the region."""
        return _INGESTION[self.region]

    @property
    def can_erase(self) -> bool:
        """With the secret key and somebody who asks."""
        return self.secret_key is not None and self.owner is not None

    @property
    def all_or_nothing(self) -> bool:
        """Of a request that is refused nothing is taken."""
        return True

    def refuses_credentials(self, response: HttpResponse) -> bool:
        """Also a 400 that is about the API key."""
        is_about_key = response.status == 400 and b"Invalid API key" in response.body
        return is_about_key or super().refuses_credentials(response)

    def for_purpose(self, purpose: Purpose) -> Self:
        """Changes of a cohort one after another, deletions one a second, unless it is set."""
        found = super().for_purpose(purpose)
        if purpose.kind in ("members", "erasure"):
            found = found.model_copy(update={"concurrency": self.concurrency or 1})
        if purpose.kind == "erasure":
            found = found.model_copy(
                update={"requests_per_second": self.requests_per_second or 1.0}
            )
        return found

    def check(self, purpose: Purpose) -> None:
        """Also: what cohorts and deletions need."""
        super().check(purpose)
        if purpose.kind not in ("members", "erasure"):
            return
        if self.identifier(purpose) != "user_id" and purpose.mode != "append":
            raise ValueError("members and deletions are known by user_id")
        if self.secret_key is None:
            raise ValueError("a cohort needs the setting secret_key")
        makes = purpose.kind == "members" and purpose.list_id is None
        if makes and None in (self.app_id, self.owner):
            raise ValueError("a cohort needs list_id, or app_id and owner to make it")

    def exchange(self, batch: Batch) -> Exchange:
        """A change of a cohort, deletions, or events as far as they are accepted."""
        if batch.purpose.kind == "erasure":
            return one_by_one(batch, self.identifiers, self._forget)
        if batch.purpose.kind == "members":
            return super().exchange(batch)
        return but_for_named(batch, self.request, self.outcomes)

    def request(self, batch: Batch) -> HttpRequest:
        """Events, or a change of a cohort."""
        if batch.purpose.kind == "members":
            return self._change(batch)
        write = self._event if batch.purpose.kind == "events" else self._identify
        events = ",".join([write(row, batch) for row in batch.rows])
        options = f',"options":{{"min_id_length":{self.min_id_length}}}'
        body = (
            f'{{"api_key":{json.dumps(self.api_key.get_secret_value())},"events":[{events}]'
            f"{options if self.min_id_length else ''}}}"
        )
        return self.json_request("POST", "/batch", body, batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Success where as many events were ingested, or by the ids that a cohort skipped."""
        if not is_success(response):
            named = named_places(response, len(batch.rows))
            if len(named) == len(batch.rows):
                return [named[place] for place in range(len(batch.rows))]
            return alike(response, batch, message=response.body.decode(errors="replace"))
        said = accepted(response)
        if batch.purpose.kind == "members":
            return memberships(response, said, batch)
        if not isinstance(said, dict) or said.get("events_ingested") != len(batch.rows):
            raise Unexpected(response)
        return alike(response, batch)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The cohort of that name, made where there is none."""
        del session
        response = yield self._dashboard("GET", "/api/3/cohorts", None)
        for cohort in objects_in(response, accepted(response), "cohorts"):
            if cohort.get("name") == purpose.list_title and not cohort.get("archived"):
                return text_of(response, cohort.get("id"))
        body: dict[str, Any] = {
            "name": purpose.list_title,
            "app_id": self.app_id,
            "id_type": "BY_USER_ID",
            "ids": [],
            "owner": self.owner,
            "published": True,
        }
        response = yield self._dashboard("POST", "/api/3/cohorts/upload", json.dumps(body))
        said = accepted(response)
        # The vendor's pages have both names.
        names = ("cohortId", "cohort_id") if isinstance(said, dict) else ()
        return text_of(response, next((said[name] for name in names if name in said), None))

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest | None:
        """The cohorts of the project, with the secret key."""
        del session
        return self._dashboard("GET", "/api/3/cohorts", None) if self.secret_key else None

    def _dashboard(self, method: str, path: str, body: str | None) -> HttpRequest:
        secret = self.secret_key.get_secret_value() if self.secret_key else ""
        headers = {
            "Authorization": basic(self.api_key.get_secret_value(), secret),
            "Accept": JSON,
            **({} if body is None else {"Content-Type": JSON}),
        }
        url = f"{(self.base_url or _DASHBOARD[self.region]).rstrip('/')}{path}"
        return HttpRequest(method, url, headers, (body or "").encode(), reads=method == "GET")

    def _change(self, batch: Batch) -> HttpRequest:
        ids = ",".join([row.key_json for row in batch.rows])
        operation = "REMOVE" if batch.removes else "ADD"
        body = (
            f'{{"cohort_id":{json.dumps(batch.list_id)},"skip_invalid_ids":true,"memberships":'
            f'[{{"ids":[{ids}],"id_type":"BY_NAME","operation":"{operation}"}}]}}'
        )
        return self._dashboard("POST", "/api/3/cohorts/membership", body)

    def _identify(self, row: Row, batch: Batch) -> str:
        values, cleared = set_and_cleared(row.payload)
        operations = {"$setOnce" if batch.purpose.mode == "create" else "$set": values}
        if cleared and batch.purpose.mode != "create":
            operations["$unset"] = "{" + ",".join([f'{name}:"-"' for name in cleared]) + "}"
        return (
            f'{{"event_type":"$identify","{self.identifier(batch.purpose)}":{row.key_json},'
            f'"insert_id":"{row.idempotency_key}","user_properties":{as_object(operations)}}}'
        )

    def _event(self, row: Row, batch: Batch) -> str:
        event = read_event(row, batch, self.identifiers)
        people = {name: as_text(value) for name, value in event.identifiers.items()}
        return (
            f'{{"event_type":{event.name},{as_object(people)[1:-1]},'
            f'"time":{int(event.at.timestamp() * 1000)},"insert_id":"{row.idempotency_key}",'
            f'"event_properties":{as_object(event.properties)}}}'
        )

    def _forget(self, name: str, value: str) -> Conversation[Outcome]:
        if name != "user_id":
            return Outcome(OutcomeKind.REJECTED, message="Amplitude deletes by user_id only")
        body = (
            f'{{"user_ids":[{as_text(value)}],"requester":{json.dumps(self.owner)},'
            '"ignore_invalid_id":"true","delete_from_org":"false"}'
        )
        response = yield self._dashboard("POST", "/api/2/deletions/users", body)
        said = accepted(response)
        if not said or not isinstance(said, list | dict):
            raise Unexpected(response)
        return outcome_of(response, OutcomeKind.SUCCEEDED)
