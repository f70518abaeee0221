"""meta: members of custom audiences, by hashes, to Meta's Marketing API.

Meta counts the entries that are invalid and names none of them: such a request is halved until
they are alone. Where an error is about the account, the token or the audience, its code says so;
the status is 400 for nearly all of them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.ad_base import AdDestination, in_halves
from reverse_etl.destinations.kit.hashing import META, Rule, sha256
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

_NO_CREDENTIALS = frozenset({10, 102, 190, 294, 2655, *range(200, 300)})
_NO_AUDIENCE = frozenset({1487301, 1487366, 1713230})
_LATER = frozenset({1, 2, 4, 17, 32, 341, 613, 2650, *range(80000, 80015)})
_USAGE = "x-business-use-case-usage"
_SESSION_DIGITS = 15


class Meta(AdDestination):
    """Members of custom audiences of an ad account of Meta (Facebook, Instagram)."""

    limits: ClassVar[Limits] = Limits(10_000, concurrency=2, verified_on="2026-11-22")
    account_settings: ClassVar[tuple[str, ...]] = ("ad_account_id",)
    rules: ClassVar[Mapping[str, Rule]] = META
    beside: ClassVar[frozenset[str]] = frozenset(META) - {"email", "phone", "external_id", "madid"}

    type: Literal["meta"]
    access_token: SecretStr = Field(
        description="a token of a system user with the permission ads_management"
    )
    ad_account_id: str = Field(pattern=r"^\d+$", description="the ad account, without act_")
    api_version: str = Field(
        default="v25.0", pattern=r"^v\d+\.\d+$", description="the version of the Marketing API"
    )
    customer_file_source: Literal[
        "USER_PROVIDED_ONLY", "PARTNER_PROVIDED_ONLY", "BOTH_USER_AND_PARTNER_PROVIDED"
    ] = Field(default="USER_PROVIDED_ONLY", description="where the people's data comes from")

    def address(self) -> str:
        """The Graph API."""
        return "https://graph.facebook.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The token of the system user."""
        del session
        return {"Authorization": f"Bearer {self.access_token.get_secret_value()}"}

    def exchange(self, batch: Batch) -> Exchange:
        """Invalid entries are counted, not named: such a request is halved."""
        return in_halves(batch, self.request, self.outcomes)

    def request(self, batch: Batch) -> HttpRequest:
        """People of one schema, in a session of their own."""
        schema, cells = self.table(batch)
        session = {
            "session_id": int(sha256(batch.rows[0].idempotency_key)[:_SESSION_DIGITS], 16),
            "batch_seq": 1,
            "last_batch_flag": True,
            "estimated_num_total": len(cells),
        }
        body = {"payload": {"schema": schema, "data": cells}, "session": session}
        method = "DELETE" if batch.removes else "POST"
        text = json.dumps(body, ensure_ascii=False)
        return self.json_request(method, self._path(f"{batch.list_id}/users"), text, batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Success when everything was received and nothing is invalid."""
        if not is_success(response):
            error = _error_of(response)
            kind = OutcomeKind.RETRY if _LATER & _codes_of(response) else None
            return alike(response, batch, kind, error.get("message"), error.get("code"))
        said = accepted(response)
        if not isinstance(said, dict) or said.get("num_received") != len(batch.rows):
            raise Unexpected(response)
        invalid = said.get("num_invalid_entries")
        if invalid == 0:
            return alike(response, batch)
        if not isinstance(invalid, int):
            raise Unexpected(response)
        message = f"{invalid:,} of {len(batch.rows):,} entries are invalid"
        return alike(response, batch, OutcomeKind.REJECTED, message, "invalid_entries")

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The custom audience of that name, made where there is none."""
        path = self._path(f"act_{self.ad_account_id}/customaudiences")
        after = ""
        while True:
            query = urlencode({"fields": "id,name,subtype", "limit": 200, **_from(after)})
            response = yield self.json_request("GET", f"{path}?{query}", None, session, reads=True)
            said = accepted(response)
            for audience in objects_in(response, said, "data"):
                if (audience.get("name"), audience.get("subtype")) == (
                    purpose.list_title,
                    "CUSTOM",
                ):
                    return _id_of(audience, response)
            after = _next_page(said)
            if not after:
                break
        body = {
            "name": purpose.list_title,
            "subtype": "CUSTOM",
            "description": "Filled by weft.",
            "customer_file_source": self.customer_file_source,
        }
        response = yield self.json_request("POST", path, json.dumps(body), session)
        return _id_of(accepted(response), response)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The name of the ad account."""
        path = self._path(f"act_{self.ad_account_id}?fields=name")
        return self.json_request("GET", path, None, session, reads=True)

    def refuses_credentials(self, response: HttpResponse) -> bool:
        """By the code of the error: a token that has ended, a permission, terms not accepted."""
        codes = _codes_of(response)
        if codes:
            return bool(_NO_CREDENTIALS & codes)
        return super().refuses_credentials(response)

    def is_fatal(self, response: HttpResponse) -> bool:
        """Also an audience that is gone, not shared or blocked; not a limit that was reached."""
        codes = _codes_of(response)
        return not _LATER & codes and (bool(_NO_AUDIENCE & codes) or super().is_fatal(response))

    def pause(self, response: HttpResponse) -> float | None:
        """The minutes after which the account has calls left, of the header that counts them."""
        try:
            accounts = json.loads(response.headers.get(_USAGE, "{}")).values()
            uses = [use for account in accounts for use in account]
            minutes = max(float(use.get("estimated_time_to_regain_access", 0)) for use in uses)
        except (ValueError, TypeError, AttributeError):
            return None
        return minutes * 60 or None

    def _path(self, rest: str) -> str:
        return f"/{self.api_version}/{rest}"


def _error_of(response: HttpResponse) -> dict[str, Any]:
    try:
        error = json.loads(response.body)["error"]
    except (ValueError, TypeError, KeyError):
        return {}
    return error if isinstance(error, dict) else {}


def _codes_of(response: HttpResponse) -> set[int]:
    """Code and subcode of an error; none of a success."""
    error = {} if is_success(response) else _error_of(response)
    found = (error.get("code"), error.get("error_subcode"))
    return {code for code in found if isinstance(code, int)}


def _from(after: str) -> dict[str, str]:
    return {"after": after} if after else {}


def _next_page(said: Any) -> str:
    paging = said.get("paging") if isinstance(said, dict) else None
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    return str(cursors.get("after") or "") if isinstance(cursors, dict) else ""


def _id_of(document: Any, response: HttpResponse) -> str:
    found = document.get("id") if isinstance(document, dict) else None
    if not isinstance(found, str) or not found.isdigit():
        raise Unexpected(response)
    return found
