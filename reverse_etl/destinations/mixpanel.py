"""mixpanel: user profiles and events, to Mixpanel's ingestion API; deletion by its GDPR API.

Strict validation names the records that fail, by their place. Of events the others are stored
then, and not sent again; profiles are sent again without them. An audience is a property of its
name, which those have who are members.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlencode

from pydantic import Field, SecretStr, model_validator

from reverse_etl.destinations.kit.api_base import JSON, ApiDestination, basic
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
from reverse_etl.destinations.kit.places import objects_in, place_in
from reverse_etl.destinations.kit.properties import set_and_cleared
from reverse_etl.destinations.kit.purpose import Kind, Mode
from reverse_etl.destinations.kit.replies import accepted, alike, is_success, outcome_of, parsed
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, as_text

_FAILED = 400
_INGESTION = {"us": "api", "eu": "api-eu", "in": "api-in"}
_APPLICATION = {"us": "", "eu": "eu.", "in": "in."}


class Mixpanel(ApiDestination):
    """User profiles of a Mixpanel project, and events."""

    limits: ClassVar[Limits] = Limits(2000, 10_000_000, 15, 8, verified_on="2026-11-22")
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"people": 1000}
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {"upsert", "create", "mirror", "audience", "append"}
    )
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": "distinct_id",
        "distinct_id": "distinct_id",
    }
    account_settings: ClassVar[tuple[str, ...]] = ("region", "project_id")

    type: Literal["mixpanel"]
    project_id: str = Field(pattern=r"^\d+$", description="the number of the project")
    project_token: SecretStr = Field(description="the token of the project")
    region: Literal["us", "eu", "in"] = Field(description="where the project's data is")
    service_account: str | None = Field(
        default=None,
        description="the user name of a service account, which weft debug can ask for; without it "
        "events are imported under the project token",
    )
    service_account_secret: SecretStr | None = Field(default=None, description="its secret")
    gdpr_token: SecretStr | None = Field(
        default=None, description="an OAuth token of the GDPR API, for weft forget"
    )
    compliance_type: Literal["GDPR", "CCPA"] = Field(
        default="GDPR", description="under which law weft forget asks for a deletion"
    )

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if (self.service_account is None) != (self.service_account_secret is None):
            raise ValueError("a service account needs service_account and service_account_secret")
        return self

    def address(self) -> str:
        """The ingestion API of the region."""
        return f"https://{_INGESTION[self.region]}.mixpanel.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The service account, or else the project token in its place."""
        del session
        if self.service_account is None or self.service_account_secret is None:
            return {"Authorization": basic(self.project_token.get_secret_value(), "")}
        secret = self.service_account_secret.get_secret_value()
        return {"Authorization": basic(self.service_account, secret)}

    @property
    def can_erase(self) -> bool:
        """With a token of the GDPR API."""
        return self.gdpr_token is not None

    @property
    def all_or_nothing(self) -> bool:
        """A request that cannot be read is refused as a whole."""
        return True

    def exchange(self, batch: Batch) -> Exchange:
        """A deletion for each person to be forgotten; anything else is one request."""
        if batch.purpose.kind == "erasure":
            return one_by_one(batch, self.identifiers, self._forget)
        return super().exchange(batch)

    def request(self, batch: Batch) -> HttpRequest:
        """Events, or updates of profiles."""
        if batch.purpose.kind == "events":
            project = f"&project_id={self.project_id}" if self.service_account else ""
            path = f"/import?strict=1{project}"
            items = [self._event(row, batch) for row in batch.rows]
        else:
            path = "/engage?ip=0&strict=1&verbose=1"
            items = [update for row in batch.rows for update in self._updates(row, batch)]
        body = f"[{','.join(items)}]"
        return self.json_request("POST", path, body, batch.session, expected=frozenset({_FAILED}))

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Success but for the rows whose records failed."""
        if not is_success(response) and response.status != _FAILED:
            return alike(response, batch)
        said = parsed(response) if response.body.strip() else None
        if isinstance(said, dict) and said.get("failed_records"):
            return self._but_for_failed(response, said, batch)
        if response.status == _FAILED:
            return alike(response, batch, message=response.body.decode(errors="replace"))
        if batch.purpose.kind == "events":
            if isinstance(said, dict) and said.get("num_records_imported") == len(batch.rows):
                return alike(response, batch)
            raise Unexpected(response)
        if said == 1 or (isinstance(said, dict) and said.get("status") in (1, "OK")):
            return alike(response, batch)
        if said == 0 or (isinstance(said, dict) and said.get("status") == 0):
            why = said.get("error") if isinstance(said, dict) else None
            return alike(response, batch, OutcomeKind.REJECTED, why or "no update is valid")
        raise Unexpected(response)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest | None:
        """Who the service account is."""
        if self.service_account is None:
            return None
        headers = {**self.credentials(session), "Accept": JSON}
        return HttpRequest("GET", f"{self._application}/me", headers, reads=True)

    @property
    def _application(self) -> str:
        host = self.base_url or f"https://{_APPLICATION[self.region]}mixpanel.com"
        return f"{host}/api/app"

    def _but_for_failed(
        self, response: HttpResponse, said: dict[str, Any], batch: Batch
    ) -> list[Outcome]:
        owners = [place for place, row in enumerate(batch.rows) for _ in self._records(row, batch)]
        is_event = batch.purpose.kind == "events"
        kind = OutcomeKind.SUCCEEDED if is_event else OutcomeKind.RETRY
        failed = objects_in(response, said, "failed_records")
        if is_event and said.get("num_records_imported") != len(batch.rows) - len(failed):
            kind = OutcomeKind.UNKNOWN
        outcomes = [outcome_of(response, kind)] * len(batch.rows)
        for record in failed:
            place = owners[place_in(response, record, "index", len(owners))]
            message = record.get("message")
            outcomes[place] = outcome_of(
                response, OutcomeKind.REJECTED, message, record.get("field")
            )
        return outcomes

    def _records(self, row: Row, batch: Batch) -> Sequence[str]:
        return [""] if batch.purpose.kind == "events" else list(self._updates(row, batch))

    def _updates(self, row: Row, batch: Batch) -> Iterator[str]:
        token = json.dumps(self.project_token.get_secret_value())
        known = f'{{"$token":{token},"$distinct_id":{row.key_json},'
        title = json.dumps(batch.purpose.list_title, ensure_ascii=False)
        if batch.purpose.kind == "members":
            yield known + (
                f'"$unset":[{title}]}}' if batch.removes else f'"$set":{{{title}:true}}}}'
            )
        elif batch.removes:
            yield f'{known}"$delete":"","$ignore_alias":true}}'
        else:
            properties, cleared = set_and_cleared(row.payload)
            operation = "$set_once" if batch.purpose.mode == "create" else "$set"
            yield f'{known}"{operation}":{properties}}}'
            if cleared and operation == "$set":
                yield f'{known}"$unset":[{",".join(cleared)}]}}'

    def _event(self, row: Row, batch: Batch) -> str:
        event = read_event(row, batch, self.identifiers)
        known = {
            "time": str(int(event.at.timestamp() * 1000)),
            "distinct_id": as_text(event.identifiers["distinct_id"]),
            "$insert_id": f'"{make_uuid(row.idempotency_key)}"',
        }
        return f'{{"event":{event.name},"properties":{as_object({**event.properties, **known})}}}'

    def _forget(self, name: str, value: str) -> Conversation[Outcome]:
        del name
        token = self.gdpr_token
        assert token is not None, "it says that it cannot erase"
        query = urlencode({"token": self.project_token.get_secret_value()})
        headers = {
            "Authorization": f"Bearer {token.get_secret_value()}",
            "Accept": JSON,
            "Content-Type": JSON,
        }
        body = f'{{"distinct_ids":[{as_text(value)}],"compliance_type":"{self.compliance_type}"}}'
        url = f"{self._application}/data-deletions/v3.0?{query}"
        response = yield HttpRequest("POST", url, headers, body.encode())
        said = accepted(response)
        results = said.get("results") if isinstance(said, dict) else None
        if not isinstance(results, dict) or not results.get("task_id"):
            raise Unexpected(response)
        return outcome_of(response, OutcomeKind.SUCCEEDED)
