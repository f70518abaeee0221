"""salesforce: records by an external id, in collections of 200 or, when they are many, in jobs.

A session is opened with the client's credentials or a refresh token, and opened again once it has
ended. Salesforce answers 200 with a flag per record, in the order of the request.
"""

import json
from collections.abc import Mapping
from typing import ClassVar, Literal, Self
from urllib.parse import quote, urlencode

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.events import EVENT, TIME, moment
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Job,
    Unexpected,
)
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.replies import accepted
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.salesforce_records import record
from reverse_etl.destinations.salesforce_talk import PEOPLE, Talk, is_field, object_of
from reverse_etl.values import fragments

_COLLECTION, _FORBIDDEN = 200, 403


class Salesforce(ApiDestination):
    """Salesforce: contacts, leads and other records, members of campaigns, platform events."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=_COLLECTION, concurrency=4, verified_on="2026-11-22"
    )
    takes_object: ClassVar[bool] = True
    takes_list: ClassVar[bool] = True
    account_settings: ClassVar[tuple[str, ...]] = ("my_domain",)

    type: Literal["salesforce"]
    my_domain: str = Field(
        pattern=r"^[A-Za-z0-9.-]+$|\{\{",
        description="as in https://acme.my.salesforce.com, or acme--test.sandbox",
    )
    client_id: str = Field(description="the consumer key of the connected app")
    client_secret: SecretStr = Field(description="its consumer secret")
    refresh_token: SecretStr | None = Field(
        default=None, description="of a user; without it the app's own user (client credentials)"
    )
    api_version: str = Field(default="62.0", description="from 46.0 on")
    bulk_above: int | None = Field(
        default=2000, description="rows of a run from which on upserts go as jobs; null: never"
    )
    rows_per_job: int = Field(default=10_000, ge=1, description="rows of one job")
    event_time_field: str = Field(
        default="Occurred_At__c", description="the field of an event that holds its time"
    )

    def address(self) -> str:
        """The organisation's own domain."""
        return f"https://{self.my_domain}.my.salesforce.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The token of the session."""
        token = session.get("token")
        return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}

    def authorize(self) -> Conversation[Mapping[str, SecretStr]]:
        """A session: OAuth with a refresh token, or with the client's credentials alone."""
        form = {"grant_type": "client_credentials"}
        if self.refresh_token is not None:
            form = {"grant_type": "refresh_token"}
            form["refresh_token"] = self.refresh_token.get_secret_value()
        form["client_id"] = self.client_id
        form["client_secret"] = self.client_secret.get_secret_value()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        url = self.url("/services/oauth2/token")
        response = yield HttpRequest("POST", url, headers, urlencode(form).encode())
        document = accepted(response)
        token = document.get("access_token") if isinstance(document, dict) else None
        if not isinstance(token, str):
            raise Unexpected(response)
        return {"token": SecretStr(token)}

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """What the version of the API has."""
        return self.json_request("GET", self._path(""), None, session, reads=True)

    def check(self, purpose: Purpose) -> None:
        """Records by ids of Salesforce are there already; only people are members."""
        super().check(purpose)
        if purpose.identifier == "Id" and purpose.mode not in ("update", "audience", "append"):
            raise ValueError("with identifier Id it has the modes update and audience")
        list_id = purpose.list_id
        if list_id is not None and not is_field(list_id) and not list_id.startswith("701"):
            raise ValueError("list_id is a campaign's id (701…) or a checkbox field (…__c)")
        is_campaign = purpose.mode == "audience" and not is_field(list_id)
        if is_campaign and object_of(purpose) not in PEOPLE:
            raise ValueError("members of a campaign are Contacts or Leads")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Events without name or time; people who are to be forgotten and are none."""
        refused: dict[int, str] = {}
        is_person = object_of(batch.purpose) in PEOPLE and batch.purpose.mode != "append"
        for place, row in enumerate(batch.rows):
            if batch.purpose.kind == "erasure" and not is_person:
                refused[place] = "only Contacts and Leads are forgotten, by their own key"
            elif batch.purpose.kind == "events":
                try:
                    _event(row, batch)
                except ValueError as error:
                    refused[place] = str(error)
        return refused

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """A campaign by its name, made where there is none."""
        batch = Batch(purpose, [], None, session)
        return (yield from Talk(self, self._path(""), batch).find_campaign(purpose.list_title))

    @property
    def all_or_nothing(self) -> bool:
        """A value Salesforce cannot read makes it refuse a whole collection (400), but no job."""
        return not self._uses_jobs

    def is_spent(self, response: HttpResponse) -> bool:
        """The requests of 24 hours."""
        return response.status == _FORBIDDEN and b"REQUEST_LIMIT_EXCEEDED" in response.body

    def for_purpose(self, purpose: Purpose) -> Self:
        """Jobs are for upserts."""
        if purpose.kind == "people" and purpose.mode in ("upsert", "mirror"):
            return self
        return self.model_copy(update={"bulk_above": None})

    def for_rows(self, rows: int) -> Self:
        """In jobs, once there are many."""
        if self.bulk_above is None or rows <= self.bulk_above:
            return self
        return self.model_copy(update={"rows_per_request": self.rows_per_job})

    @property
    def _uses_jobs(self) -> bool:
        return self.bulk_above is not None and self.most_rows == self.rows_per_job

    def exchange(self, batch: Batch) -> Exchange:
        """Collections, or a job."""
        talk = Talk(self, self._path(""), batch)
        if self._uses_jobs and not batch.removes:
            return (yield from talk.start_job())
        if batch.purpose.kind == "events":
            records = [self._event_record(row, batch) for row in batch.rows]
            return (yield from talk.write("POST", "", records))
        if batch.removes:
            return (yield from talk.remove())
        return (yield from talk.send())

    def follow(self, job: Job, batch: Batch) -> Exchange:
        """The state of a job, and its result files once it has ended."""
        return (yield from Talk(self, self._path(""), batch).ask_job(job))

    def _event_record(self, row: Row, batch: Batch) -> str:
        name, found = _event(row, batch)
        time = found.pop(TIME)
        return record(name, {**found, self.event_time_field: time})

    def _path(self, rest: str) -> str:
        return f"/services/data/v{quote(self.api_version, safe='')}{rest}"


def _event(row: Row, batch: Batch) -> tuple[str, dict[str, str]]:
    """The name of an event, as JSON, and its fields. Raises ValueError where it lacks something."""
    found = fragments(row.payload)
    constant = batch.purpose.event
    name = found.pop(EVENT, "null") if constant is None else json.dumps(constant)
    if name in ("null", '""'):
        raise ValueError("the event has no name")
    moment(found.get(TIME, "null"))
    return name, found
