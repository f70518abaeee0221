"""tiktok: members of audiences, by hashes, to TikTok's API for Business.

TikTok answers 200 to nearly everything: only the code 0 is success. Other codes are about the
token, about a limit, or about the request, which is then halved until the bad rows are alone.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.ad_base import AdDestination, in_halves
from reverse_etl.destinations.kit.hashing import TIKTOK, Rule
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, is_success
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind

_SUCCESS = 0
_NO_CREDENTIALS = frozenset({40001, 40101, 40102, 40103, 40104, 40105})
_LATER = frozenset({40100, 40016, 40133})
_SERVER_ERRORS = range(50000, 60000)
_PAGE = 100


class TikTok(AdDestination):
    """Members of audiences of a TikTok advertiser."""

    limits: ClassVar[Limits] = Limits(
        1000, requests_per_second=10, concurrency=2, verified_on="2026-11-22"
    )
    account_settings: ClassVar[tuple[str, ...]] = ("advertiser_id",)
    rules: ClassVar[Mapping[str, Rule]] = TIKTOK

    type: Literal["tiktok"]
    access_token: SecretStr = Field(
        description="a long-lived access token with the scope Audience Management"
    )
    advertiser_id: str = Field(pattern=r"^\d+$", description="the advertiser")

    def address(self) -> str:
        """Version 1.3 of the API for Business."""
        return "https://business-api.tiktok.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The access token."""
        del session
        return {"Access-Token": self.access_token.get_secret_value()}

    def exchange(self, batch: Batch) -> Exchange:
        """A request that is refused names no row: it is halved."""
        return in_halves(batch, self.request, self.outcomes)

    def request(self, batch: Batch) -> HttpRequest:
        """People in columns of one schema; a cell without a value is an empty object."""
        schema, cells = self.table(batch)
        audiences = [batch.list_id]
        body = {
            "advertiser_ids": [self.advertiser_id],
            "action": "delete" if batch.removes else "add",
            "id_schema": schema,
            "batch_data": [
                [{"id": cell, "audience_ids": audiences} if cell else {} for cell in row]
                for row in cells
            ],
        }
        path = "/open_api/v1.3/segment/mapping/"
        return self.json_request("POST", path, json.dumps(body), batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Success with the code 0 only."""
        if not is_success(response):
            return alike(response, batch)
        said = accepted(response)
        code = _code_of(response)
        if code is None:
            raise Unexpected(response)
        if code == _SUCCESS:
            return alike(response, batch)
        passes = code in _LATER or code in _SERVER_ERRORS
        kind = OutcomeKind.RETRY if passes else OutcomeKind.REJECTED
        return alike(response, batch, kind, said.get("message"), code)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The audience of that name, made where there is none."""
        page, pages = 1, 1
        while page <= pages:
            query = {"advertiser_id": self.advertiser_id, "page": page, "page_size": _PAGE}
            path = f"/open_api/v1.3/dmp/custom_audience/list/?{urlencode(query)}"
            response = yield self.json_request("GET", path, None, session, reads=True)
            data = _data_of(response)
            for audience in objects_in(response, data, "list"):
                if audience.get("name") == purpose.list_title:
                    return _id_of(audience, response)
            shown = data.get("page_info")
            total = shown.get("total_page") if isinstance(shown, dict) else None
            pages = total if isinstance(total, int) else pages
            page += 1
        body = {
            "custom_audience_name": purpose.list_title,
            "advertiser_id": self.advertiser_id,
            "action": "create",
        }
        path = "/open_api/v1.3/segment/audience/"
        response = yield self.json_request("POST", path, json.dumps(body), session)
        return _id_of(_data_of(response), response)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The first audience of the advertiser."""
        query = urlencode({"advertiser_id": self.advertiser_id, "page": 1, "page_size": 1})
        path = f"/open_api/v1.3/dmp/custom_audience/list/?{query}"
        return self.json_request("GET", path, None, session, reads=True)

    def refuses_credentials(self, response: HttpResponse) -> bool:
        """By the code of an answer, whatever its status."""
        return super().refuses_credentials(response) or _code_of(response) in _NO_CREDENTIALS


def _code_of(response: HttpResponse) -> int | None:
    try:
        code = json.loads(response.body)["code"]
    except (ValueError, TypeError, KeyError):
        return None
    return code if isinstance(code, int) else None


def _data_of(response: HttpResponse) -> dict[str, Any]:
    said = accepted(response)
    data = said.get("data") if isinstance(said, dict) else None
    if _code_of(response) != _SUCCESS or not isinstance(data, dict):
        raise Unexpected(response)
    return data


def _id_of(audience: dict[str, Any], response: HttpResponse) -> str:
    found = str(audience.get("audience_id") or "")
    if not found.isdigit():
        raise Unexpected(response)
    return found
