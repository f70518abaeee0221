"""linkedin: members of matched audiences, by hashed e-mail, to LinkedIn's Marketing API.

An audience is a DMP segment of users; each user in a request has a status in the answer.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Literal, Self
from urllib.parse import quote, urlencode

from pydantic import Field, SecretStr, model_validator

from reverse_etl.destinations.kit.ad_base import AdDestination
from reverse_etl.destinations.kit.hashing import LINKEDIN, Rule
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.oauth import TOKEN, bearer, refresh
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status

_IDS = ("SHA256_EMAIL", "GOOGLE_AID")
_NOT_THERE_YET = frozenset({404})


class LinkedIn(AdDestination):
    """Members of matched audiences of a LinkedIn ad account."""

    limits: ClassVar[Limits] = Limits(
        5000, requests_per_second=10, concurrency=2, verified_on="2026-11-22"
    )
    account_settings: ClassVar[tuple[str, ...]] = ("ad_account_id",)
    api_version_ends: ClassVar[date | None] = date(2027, 6, 15)
    rules: ClassVar[Mapping[str, Rule]] = LINKEDIN
    beside: ClassVar[frozenset[str]] = frozenset(LINKEDIN) - {"email", "google_aid"}

    type: Literal["linkedin"]
    ad_account_id: str = Field(pattern=r"^\d+$", description="the ad account, its number only")
    source_platform: str = Field(
        description="the name that LinkedIn gave the developer as the source of segments"
    )
    access_token: SecretStr | None = Field(
        default=None, description="a token of the scope rw_dmp_segments, which lasts 60 days"
    )
    client_id: str | None = Field(default=None, description="the app, with a refresh token")
    client_secret: SecretStr | None = Field(default=None, description="the secret of the app")
    refresh_token: SecretStr | None = Field(
        default=None, description="in place of access_token: lasts a year"
    )
    api_version: str = Field(
        default="202606", pattern=r"^\d{6}$", description="the month of the version of the API"
    )

    @model_validator(mode="after")
    def _has_credentials(self) -> Self:
        parts = (self.client_id, self.client_secret, self.refresh_token)
        if self.access_token is None and None in parts:
            raise ValueError(
                "credentials are missing: give access_token, or client_id, client_secret and "
                "refresh_token"
            )
        return self

    def address(self) -> str:
        """The versioned API."""
        return "https://api.linkedin.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The access token, of the settings or of the session."""
        return bearer({TOKEN: self.access_token} if self.access_token else session)

    def authorize(self) -> Conversation[Mapping[str, SecretStr]]:
        """An access token where there is a refresh token."""
        if self.access_token or not (self.client_id and self.client_secret and self.refresh_token):
            return {}
        url = f"{self.base_url or 'https://www.linkedin.com'}/oauth/v2/accessToken"
        return (yield from refresh(url, self.client_id, self.client_secret, self.refresh_token))

    def request(self, batch: Batch) -> HttpRequest:
        """Users to add or to remove."""
        elements = [self._element(row, batch) for row in batch.rows]
        text = json.dumps({"elements": elements}, ensure_ascii=False)
        request = self._asked("POST", f"/{batch.list_id}/users", text, batch.session)
        headers = {**request.headers, "X-RestLi-Method": "BATCH_CREATE"}
        return HttpRequest("POST", request.url, headers, request.body, expected=_NOT_THERE_YET)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """By the status of each user; a segment that is not there yet is asked for again."""
        if response.status in _NOT_THERE_YET:
            message = "LinkedIn does not know the segment, or not yet"
            return alike(response, batch, OutcomeKind.RETRY, message)
        if not is_success(response):
            return alike(response, batch, message=response.body.decode(errors="replace"))
        elements = objects_in(response, accepted(response), "elements")
        if len(elements) != len(batch.rows):
            raise Unexpected(response)
        return [_outcome(response, element) for element in elements]

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The segment of that name from this source, made where there is none."""
        account = f"urn:li:sponsoredAccount:{self.ad_account_id}"
        source = {"sourceSegmentId": purpose.list_title, "sourcePlatform": self.source_platform}
        query = urlencode({"q": "account", "account": account, **source})
        response = yield self._asked("GET", f"?{query}", None, session)
        for segment in objects_in(response, accepted(response), "elements"):
            if segment.get("sourceSegmentId") == purpose.list_title:
                return _id_of(str(segment.get("id") or ""), response)
        body = {
            "name": purpose.list_title,
            **source,
            "account": account,
            "type": "USER",
            "destinations": [{"destination": "LINKEDIN"}],
        }
        response = yield self._asked("POST", "", json.dumps(body), session)
        if not is_success(response):
            raise Unexpected(response)
        found = response.headers.get("x-restli-id") or response.headers.get("x-linkedin-id") or ""
        return _id_of(found, response)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The ad account."""
        return self._asked("GET", "", None, session, f"/rest/adAccounts/{self.ad_account_id}")

    def _asked(
        self,
        method: str,
        rest: str,
        body: str | None,
        session: Mapping[str, SecretStr],
        path: str = "/rest/dmpSegments",
    ) -> HttpRequest:
        reads = method == "GET"
        request = self.json_request(method, f"{path}{rest}", body, session, reads=reads)
        versions = {"LinkedIn-Version": self.api_version, "X-Restli-Protocol-Version": "2.0.0"}
        return HttpRequest(
            method, request.url, {**request.headers, **versions}, request.body, reads=reads
        )

    def _element(self, row: Row, batch: Batch) -> dict[str, Any]:
        values = self.person(row, batch).values
        ids = [
            {"idType": kind, "idValue": value} for kind in _IDS for value in values.get(kind, ())
        ]
        known = {name: found[0] for name, found in values.items() if name not in _IDS}
        return {"action": "REMOVE" if batch.removes else "ADD", "userIds": ids, **known}


def _outcome(response: HttpResponse, element: dict[str, Any]) -> Outcome:
    status = element.get("status")
    if not isinstance(status, int):
        raise Unexpected(response)
    error = element.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return outcome_of(response, kind_of_status(status), message, status)


def _id_of(found: str, response: HttpResponse) -> str:
    if not found:
        raise Unexpected(response)
    return quote(found, safe="")
