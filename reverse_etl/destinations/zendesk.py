"""zendesk: users, their tags, and organizations, to an account of Zendesk Support."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self
from urllib.parse import quote

from pydantic import Field, SecretStr, model_validator

from reverse_etl.destinations.kit.api_base import ApiDestination, basic
from reverse_etl.destinations.kit.base import ALL_MODES
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Job,
)
from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.replies import is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.kit.singly import (
    GONE,
    NOBODY,
    each_row,
    not_possible,
    whom,
)
from reverse_etl.destinations.zendesk_records import (
    job_in,
    job_results,
    organization_of,
    outcome_from,
    said,
    user_of,
)
from reverse_etl.destinations.zendesk_users import (
    EXTERNAL_ID,
    USERS,
    User,
    delete_user,
    find_user,
    known_users,
    tag_user,
)
from reverse_etl.outcomes import Outcome, kind_of_status
from reverse_etl.values import as_object

_FORBIDDEN = frozenset({403})


class Zendesk(ApiDestination):
    """Users with user fields, tags, and organizations to an account of Zendesk Support."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=100, requests_per_second=3, concurrency=4, verified_on="2026-11-22"
    )
    modes: ClassVar[frozenset[Mode]] = ALL_MODES - {"append", "create"}
    account_settings: ClassVar[tuple[str, ...]] = ("subdomain",)
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": EXTERNAL_ID,
        EXTERNAL_ID: EXTERNAL_ID,
        "email": "email",
        "name": "name",
    }
    takes_object: ClassVar[bool] = True

    type: Literal["zendesk"]
    subdomain: str = Field(
        pattern=r"^([A-Za-z0-9][A-Za-z0-9-]*|.*\{\{.*)$",
        description="the account: `acme` of acme.zendesk.com",
    )
    email: str | None = Field(default=None, description="the address of the user of api_token")
    api_token: SecretStr | None = Field(default=None, description="an API token")
    access_token: SecretStr | None = Field(
        default=None, description="an OAuth access token, instead of email and api_token"
    )
    bulk_import: bool = Field(
        default=True,
        description="whether to try jobs first; false where the account has no bulk imports",
    )

    @model_validator(mode="after")
    def _has_credentials(self) -> Self:
        has_token = self.email is not None and self.api_token is not None
        if has_token == (self.access_token is not None):
            raise ValueError("it needs email and api_token, or access_token")
        return self

    def address(self) -> str:
        """The account's own address."""
        return f"https://{self.subdomain}.zendesk.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The API token of a user, or an OAuth token."""
        if self.access_token:
            return {"Authorization": f"Bearer {self.access_token.get_secret_value()}"}
        assert self.api_token is not None
        token = self.api_token.get_secret_value()
        return {"Authorization": basic(f"{self.email}/token", token)}

    def check(self, purpose: Purpose) -> None:
        """As all do; tags are words, and not every mode finds users by every identifier."""
        super().check(purpose)
        identifier = self.identifier(purpose)
        if purpose.object and (purpose.object, purpose.mode) != ("organization", "upsert"):
            raise ValueError("its one object is 'organization', in mode 'upsert'")
        if identifier == ("email" if purpose.object else "name"):
            raise ValueError(f"the key cannot be the {identifier}")
        if purpose.mode == "update" and identifier != EXTERNAL_ID:
            raise ValueError("in mode 'update' it finds users by external_id only")
        tag = purpose.list_title
        if purpose.mode == "audience" and (tag != tag.lower() or len(tag.split()) != 1):
            raise ValueError(f"{tag!r} cannot be a tag: set list to one word in small letters")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """External ids that cannot be looked up together."""
        writes = batch.purpose.kind == "people" and not batch.removes
        if writes or self.identifier(batch.purpose) != EXTERNAL_ID:
            return super().refusals(batch)
        reason = "its external id has a comma, at which Zendesk parts several ids"
        return {place: reason for place, row in enumerate(batch.rows) if "," in row.key}

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The user behind the token."""
        return self.json_request("GET", f"{USERS}/me", None, session, reads=True)

    def exchange(self, batch: Batch) -> Exchange:
        """Users in a job; members, removals and deletions user by user, once they are found."""
        purpose = batch.purpose
        if purpose.object or batch.removes or purpose.kind == "members":
            known: Mapping[str, User] = {}
            if not purpose.object:
                known = yield from known_users(self, batch)
            return (yield from each_row(batch, lambda row: self._act(row, batch, known)))
        if self.bulk_import or purpose.mode == "update":
            response = yield self._job_request(batch)
            if response.status not in _FORBIDDEN or purpose.mode == "update":
                return self._accepted(response, batch)
        return (yield from each_row(batch, lambda row: self._write(row, batch)))

    def poll(self, job: Job, batch: Batch) -> HttpRequest:
        """How far a job is."""
        path = f"/api/v2/job_statuses/{quote(job.job_id, safe='')}"
        return self.json_request("GET", path, None, batch.session, reads=True)

    def job_outcomes(
        self, job: Job, response: HttpResponse, batch: Batch
    ) -> Sequence[Outcome] | Job:
        """The result of each user."""
        return job_results(job, response, batch)

    def _job_request(self, batch: Batch) -> HttpRequest:
        identifier = self.identifier(batch.purpose)
        body = f'{{"users":[{",".join([user_of(row, identifier) for row in batch.rows])}]}}'
        if batch.purpose.mode == "update":
            return self.json_request("PUT", f"{USERS}/update_many", body, batch.session)
        return self.json_request(
            "POST", f"{USERS}/create_or_update_many", body, batch.session, expected=_FORBIDDEN
        )

    def _accepted(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome] | Job:
        if is_success(response):
            return job_in(response)
        kind = kind_of_status(response.status)
        return [outcome_of(response, kind, said(response))] * len(batch.rows)

    def _write(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        user = as_object({"user": user_of(row, self.identifier(batch.purpose))})
        path = f"{USERS}/create_or_update"
        return outcome_from((yield self.json_request("POST", path, user, batch.session)), "user")

    def _act(self, row: Row, batch: Batch, known: Mapping[str, User]) -> Conversation[Outcome]:
        if batch.purpose.object:
            return (yield from self._write_organization(row, batch))
        person = whom(row, batch, self.identifiers)
        if person is None:
            return NOBODY
        user = yield from find_user(self, person, batch, known)
        if user is None:
            return GONE if batch.removes else not_possible(f"no user has this {person[0]}")
        if batch.purpose.kind == "members":
            return (yield from tag_user(self, user, batch))
        return (yield from delete_user(self, user, batch))

    def _write_organization(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        if batch.purpose.erases:
            return not_possible("an organization is no person")
        body = as_object({"organization": organization_of(row, self.identifier(batch.purpose))})
        path = "/api/v2/organizations/create_or_update"
        response = yield self.json_request("POST", path, body, batch.session)
        return outcome_from(response, "organization")
