"""snapchat: members of customer lists, by the hash of one identifier, to Snap's Marketing API.

A call is about one kind of identifier, which is the key of the sync, and is answered as a whole.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.ad_base import AdDestination, in_halves
from reverse_etl.destinations.kit.hashing import SNAPCHAT, Rule
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.oauth import bearer, refresh
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, is_success
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome


class Snapchat(AdDestination):
    """Members of customer lists of a Snapchat ad account."""

    limits: ClassVar[Limits] = Limits(
        10_000, requests_per_second=5, concurrency=2, verified_on="2026-11-22"
    )
    account_settings: ClassVar[tuple[str, ...]] = ("ad_account_id",)
    takes_fields_with: ClassVar[frozenset[str]] = frozenset()
    rules: ClassVar[Mapping[str, Rule]] = SNAPCHAT

    type: Literal["snapchat"]
    client_id: str = Field(description="the OAuth app")
    client_secret: SecretStr = Field(description="the secret of the app")
    refresh_token: SecretStr = Field(
        description="a refresh token of the scope snapchat-marketing-api"
    )
    ad_account_id: str = Field(pattern=r"^[\w-]+$", description="the ad account")
    retention_days: int = Field(
        default=9999, ge=1, description="how long members stay on a list that is made; 9999: ever"
    )

    def address(self) -> str:
        """The Marketing API."""
        return "https://adsapi.snapchat.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The access token."""
        return bearer(session)

    def authorize(self) -> Conversation[Mapping[str, SecretStr]]:
        """An access token, which lasts less than an hour."""
        url = f"{self.base_url or 'https://accounts.snapchat.com'}/login/oauth2/access_token"
        return refresh(url, self.client_id, self.client_secret, self.refresh_token)

    def check(self, purpose: Purpose) -> None:
        """The key is the identifier."""
        super().check(purpose)
        if purpose.identifier not in self.rules:
            raise ValueError("the key says who it is: " + ", ".join(sorted(self.rules)))

    def exchange(self, batch: Batch) -> Exchange:
        """A call that is refused names no user: it is halved."""
        return in_halves(batch, self.request, self.outcomes)

    def request(self, batch: Batch) -> HttpRequest:
        """Hashes to add or to remove, each once."""
        called = self.rules[batch.purpose.identifier].called
        people = [self.person(row, batch).values for row in batch.rows]
        hashes = dict.fromkeys(self.cell(values, called) for values in people)
        body = {"users": [{"schema": [called], "data": [[found] for found in hashes if found]}]}
        method, path = "DELETE" if batch.removes else "POST", f"/v1/segments/{batch.list_id}/users"
        return self.json_request(method, path, json.dumps(body), batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Success where the call and its part say so."""
        if not is_success(response):
            return alike(response, batch, message=response.body.decode(errors="replace"))
        _succeeded(response, "users")
        return alike(response, batch)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The customer list of that name, made where there is none."""
        path = f"/v1/adaccounts/{self.ad_account_id}/segments"
        page = path
        while page:
            response = yield self.json_request("GET", page, None, session, reads=True)
            for segment in _succeeded(response, "segments", may_be_empty=True):
                if (segment.get("name"), segment.get("source_type")) == (
                    purpose.list_title,
                    "FIRST_PARTY",
                ):
                    return _id_of(segment, response)
            page = _next_page(accepted(response))
        segment = {
            "name": purpose.list_title,
            "description": "Filled by weft.",
            "source_type": "FIRST_PARTY",
            "retention_in_days": self.retention_days,
            "ad_account_id": self.ad_account_id,
        }
        body = json.dumps({"segments": [segment]})
        response = yield self.json_request("POST", path, body, session)
        return _id_of(_succeeded(response, "segments")[0], response)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The ad account."""
        path = f"/v1/adaccounts/{self.ad_account_id}"
        return self.json_request("GET", path, None, session, reads=True)


def _succeeded(
    response: HttpResponse, name: str, *, may_be_empty: bool = False
) -> list[dict[str, Any]]:
    """The parts of an answer in which everything succeeded; raises Unexpected for any other."""
    said = accepted(response)
    parts = objects_in(response, said, name)
    states = [said.get("request_status")] if isinstance(said, dict) else [None]
    states += [part.get("sub_request_status") for part in parts]
    if any(str(state).lower() != "success" for state in states) or not (parts or may_be_empty):
        raise Unexpected(response)
    found = [part.get(name.removesuffix("s")) for part in parts]
    return [part if isinstance(part, dict) else {} for part in found]


def _next_page(said: dict[str, Any]) -> str:
    paging = said.get("paging")
    link = urlsplit(str(paging.get("next_link") or "")) if isinstance(paging, dict) else None
    return f"{link.path}?{link.query}" if link and link.path else ""


def _id_of(segment: dict[str, Any], response: HttpResponse) -> str:
    found = segment.get("id")
    if not isinstance(found, str) or not found.replace("-", "").isalnum():
        raise Unexpected(response)
    return found
