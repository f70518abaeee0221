"""posthog: people and events to PostHog's batch endpoint; deletion by its private API.

Properties of people travel in events called ``$set``. The key of a project is not judged: any is
answered with success. An audience is a property of its name.
"""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import JSON, ApiDestination
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
from reverse_etl.destinations.kit.properties import set_and_cleared
from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, as_text


class PostHog(ApiDestination):
    """People of a PostHog project, and events."""

    limits: ClassVar[Limits] = Limits(1000, 10_000_000, None, 8, verified_on="2026-11-22")
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "create", "audience", "append"})
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": "distinct_id",
        "distinct_id": "distinct_id",
        "anonymous_id": "distinct_id",
    }
    account_settings: ClassVar[tuple[str, ...]] = ("region", "project_id")

    type: Literal["posthog"]
    project_api_key: SecretStr = Field(description="the key of the project")
    region: Literal["us", "eu"] = Field(
        default="us", description="the cloud; for a server of your own set base_url"
    )
    project_id: str = Field(default="", pattern=r"^\d*$", description="the number of the project")
    personal_api_key: SecretStr | None = Field(
        default=None, description="a personal key with person:write, for weft forget and weft debug"
    )
    historical_migration: bool = Field(
        default=False, description="the events are older than two days: they are taken more slowly"
    )
    keep_events: bool = Field(
        default=False, description="weft forget leaves the person's events and recordings"
    )

    def address(self) -> str:
        """The ingestion of the cloud."""
        return f"https://{self.region}.i.posthog.com"

    @property
    def can_erase(self) -> bool:
        """With a personal key and the number of the project."""
        return self.personal_api_key is not None and bool(self.project_id)

    @property
    def all_or_nothing(self) -> bool:
        """A request that cannot be read is refused as a whole."""
        return True

    def check(self, purpose: Purpose) -> None:
        """Also: an event is of one person."""
        super().check(purpose)
        if purpose.kind == "events" and len(self.identifiers.keys() & set(purpose.fields)) > 1:
            raise ValueError("an event is of one person: map one of user_id, anonymous_id")

    def exchange(self, batch: Batch) -> Exchange:
        """A deletion for each person to be forgotten; anything else is one request."""
        if batch.purpose.kind == "erasure":
            return one_by_one(batch, self.identifiers, self._forget)
        return super().exchange(batch)

    def request(self, batch: Batch) -> HttpRequest:
        """A batch of events, which hold the properties of people too."""
        write = self._event if batch.purpose.kind == "events" else self._person
        events = ",".join([write(row, batch) for row in batch.rows])
        key = json.dumps(self.project_api_key.get_secret_value())
        migrates = json.dumps(self.historical_migration)
        body = f'{{"api_key":{key},"historical_migration":{migrates},"batch":[{events}]}}'
        return self.json_request("POST", "/batch/", body, batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Success of the whole batch, where the answer says so."""
        if not is_success(response):
            return alike(response, batch, message=response.body.decode(errors="replace"))
        said = accepted(response)
        if not isinstance(said, dict) or said.get("status") not in (1, "Ok", "ok"):
            raise Unexpected(response)
        if said.get("quota_limited"):
            message = "the project's quota is used up, and PostHog drops what is beyond it"
            return alike(response, batch, OutcomeKind.RETRY, message, "quota_limited")
        return alike(response, batch)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest | None:
        """The project, with the personal key."""
        del session
        return self._private("GET", "/", None) if self.can_erase else None

    def _private(self, method: str, path: str, body: str | None) -> HttpRequest:
        key = self.personal_api_key
        assert key is not None, "it says that it cannot erase"
        host = self.base_url or f"https://{self.region}.posthog.com"
        headers = {"Authorization": f"Bearer {key.get_secret_value()}", "Accept": JSON}
        if body is not None:
            headers["Content-Type"] = JSON
        url = f"{host.rstrip('/')}/api/projects/{self.project_id}{path}"
        return HttpRequest(method, url, headers, (body or "").encode(), reads=method == "GET")

    def _person(self, row: Row, batch: Batch) -> str:
        title = json.dumps(batch.purpose.list_title, ensure_ascii=False)
        values, cleared = f"{{{title}:true}}", [title]
        if batch.purpose.kind == "people":
            values, cleared = set_and_cleared(row.payload)
        creates = batch.purpose.mode == "create"
        properties = {"$geoip_disable": "true"}
        if not batch.removes:
            properties["$set_once" if creates else "$set"] = values
        if cleared and not creates and (batch.removes or batch.purpose.kind == "people"):
            properties["$unset"] = f"[{','.join(cleared)}]"
        return (
            f'{{"event":"$set","distinct_id":{row.key_json},'
            f'"uuid":"{make_uuid(row.idempotency_key)}","properties":{as_object(properties)}}}'
        )

    def _event(self, row: Row, batch: Batch) -> str:
        event = read_event(row, batch, self.identifiers)
        properties = as_object({"$geoip_disable": "true", **event.properties})
        person = as_text(event.identifiers["distinct_id"])
        return (
            f'{{"event":{event.name},"distinct_id":{person},"timestamp":{event.time},'
            f'"uuid":"{make_uuid(row.idempotency_key)}","properties":{properties}}}'
        )

    def _forget(self, name: str, value: str) -> Conversation[Outcome]:
        del name
        deletes = json.dumps(not self.keep_events)
        body = (
            f'{{"distinct_ids":[{as_text(value)}],"delete_events":{deletes},'
            f'"delete_recordings":{deletes}}}'
        )
        response = yield self._private("POST", "/persons/bulk_delete/", body)
        said = accepted(response)
        errors = said.get("deletion_errors") if isinstance(said, dict) else None
        if errors:
            return outcome_of(response, OutcomeKind.RETRY, errors, "deletion_errors")
        return outcome_of(response, OutcomeKind.SUCCEEDED)
