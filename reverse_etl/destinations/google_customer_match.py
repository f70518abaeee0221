"""google_customer_match: members of audiences of Google Ads, to the Data Manager API.

What is accepted is a request that Google works on for up to some hours; how it ended is asked for,
in this run or the next. Google counts what failed and names no row, so of a request that succeeded
in part every row comes again, which does no harm.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from reverse_etl.destinations.google_errors import audience_id, but_for_violations
from reverse_etl.destinations.kit.ad_base import AdDestination
from reverse_etl.destinations.kit.hashing import GOOGLE, Rule
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    HttpRequest,
    HttpResponse,
    Job,
    Unexpected,
)
from reverse_etl.destinations.kit.oauth import bearer, refresh
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, is_success
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import fragments, plain

_CONSENTS = {"ad_user_data": "adUserData", "ad_personalization": "adPersonalization"}
_SAID = {
    "true": "CONSENT_GRANTED",
    "granted": "CONSENT_GRANTED",
    "false": "CONSENT_DENIED",
    "denied": "CONSENT_DENIED",
}
_ADDRESS = ("givenName", "familyName", "regionCode", "postalCode")
_RUNNING = ("PROCESSING", "REQUEST_STATUS_UNKNOWN")

Consent = Literal["granted", "denied"]


class GoogleCustomerMatch(AdDestination):
    """Members of Customer Match audiences of Google Ads, by the Data Manager API."""

    limits: ClassVar[Limits] = Limits(
        10_000, requests_per_second=5, concurrency=4, verified_on="2026-11-22"
    )
    account_settings: ClassVar[tuple[str, ...]] = ("account_id",)
    rules: ClassVar[Mapping[str, Rule]] = GOOGLE
    beside: ClassVar[frozenset[str]] = frozenset(GOOGLE) - {"email", "phone"}
    settled: ClassVar[frozenset[str]] = frozenset(_CONSENTS)
    takes_several: ClassVar[bool] = True

    type: Literal["google_customer_match"]
    client_id: str = Field(description="the OAuth client")
    client_secret: SecretStr = Field(description="the secret of the client")
    refresh_token: SecretStr = Field(
        description="a refresh token of the scope https://www.googleapis.com/auth/datamanager"
    )
    account_id: str = Field(pattern=r"^\d+$", description="the Google Ads account, digits only")
    login_account_id: str | None = Field(
        default=None, pattern=r"^\d+$", description="the manager account that the user belongs to"
    )
    customer_match_terms: Literal["accepted"] = Field(
        description="says that the account has accepted the Customer Match terms of service"
    )
    ad_user_data: Consent | None = Field(
        default=None,
        description="consent to send user data to Google for advertising, of everybody of whom "
        "the field ad_user_data says nothing",
    )
    ad_personalization: Consent | None = Field(
        default=None, description="consent to personalized advertising, in the same way"
    )
    membership_days: int = Field(
        default=540, ge=1, le=540, description="how long members stay, of an audience that is made"
    )

    def address(self) -> str:
        """The Data Manager API."""
        return "https://datamanager.googleapis.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The access token."""
        return bearer(session)

    def authorize(self) -> Conversation[Mapping[str, SecretStr]]:
        """An access token, which lasts an hour."""
        url = f"{self.base_url or 'https://oauth2.googleapis.com'}/token"
        return refresh(url, self.client_id, self.client_secret, self.refresh_token)

    def check(self, purpose: Purpose) -> None:
        """Also: consent is never left open."""
        super().check(purpose)
        for name in _CONSENTS:
            if getattr(self, name) is None and name not in purpose.fields:
                raise ValueError(f"consent is missing: map the field {name!r}, or set it")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Also people whose consent is not said."""
        reasons = dict(super().refusals(batch))
        for place, row in enumerate(batch.rows):
            if place not in reasons and not batch.removes:
                silent = [name for name in _CONSENTS if self._consent(name, row) is None]
                if silent:
                    reasons[place] = f"the field {silent[0]!r} is neither granted nor denied"
        return reasons

    def request(self, batch: Batch) -> HttpRequest:
        """Members to add with their consent, or to remove."""
        destination = {
            "operatingAccount": _account(self.account_id),
            "productDestinationId": batch.list_id,
        }
        if self.login_account_id is not None:
            destination["loginAccount"] = _account(self.login_account_id)
        body: dict[str, Any] = {
            "destinations": [destination],
            "audienceMembers": [self._member(row, batch) for row in batch.rows],
            "encoding": "HEX",
        }
        if not batch.removes:
            body["termsOfService"] = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
        verb = "remove" if batch.removes else "ingest"
        text = json.dumps(body, ensure_ascii=False)
        return self.json_request("POST", f"/v1/audienceMembers:{verb}", text, batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome] | Job:
        """The request that Google works on; where it names members that are wrong, only those."""
        if response.status == 400:
            return but_for_violations(response, batch)
        said = accepted(response) if is_success(response) else None
        if said is None:
            return alike(response, batch, message=response.body.decode(errors="replace"))
        found = said.get("requestId") if isinstance(said, dict) else None
        if not isinstance(found, str) or not found:
            raise Unexpected(response)
        return Job(found)

    def poll(self, job: Job, batch: Batch) -> HttpRequest:
        """How far a request is."""
        path = f"/v1/requestStatus:retrieve?{urlencode({'requestId': job.job_id})}"
        return self.json_request("GET", path, None, batch.session, reads=True)

    def job_outcomes(
        self, job: Job, response: HttpResponse, batch: Batch
    ) -> Sequence[Outcome] | Job:
        """Success or failure of the request as a whole."""
        said = accepted(response)
        states = objects_in(response, said, "requestStatusPerDestination")
        if len(states) != 1:
            raise Unexpected(response)
        state = states[0].get("requestStatus")
        if state in _RUNNING:
            return job
        if state == "SUCCESS":
            return alike(response, batch)
        why = json.dumps(states[0].get("errorInfo", {}), ensure_ascii=False)
        kind = OutcomeKind.REJECTED if state == "FAILED" else OutcomeKind.UNKNOWN
        return alike(response, batch, kind, why, state)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The audience of that name, made where there is none."""
        page = ""
        while True:
            query = f"&{urlencode({'pageToken': page})}" if page else ""
            response = yield self._lists("GET", f"?pageSize=1000{query}", None, session)
            said = accepted(response)
            for found in objects_in(response, said, "userLists"):
                if found.get("displayName") == purpose.list_title:
                    return audience_id(found, response)
            page = str(said.get("nextPageToken") or "") if isinstance(said, dict) else ""
            if not page:
                break
        body = {
            "displayName": purpose.list_title,
            "description": "Filled by weft.",
            "membershipDuration": f"{self.membership_days * 86_400}s",
            "ingestedUserListInfo": {
                "uploadKeyTypes": ["CONTACT_ID"],
                "contactIdInfo": {"dataSourceType": "DATA_SOURCE_TYPE_FIRST_PARTY"},
            },
        }
        response = yield self._lists("POST", "", json.dumps(body), session)
        return audience_id(accepted(response), response)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The first audience of the account."""
        return self._lists("GET", "?pageSize=1", None, session)

    def _lists(
        self, method: str, query: str, body: str | None, session: Mapping[str, SecretStr]
    ) -> HttpRequest:
        path = f"/v1/accountTypes/GOOGLE_ADS/accounts/{self.account_id}/userLists{query}"
        return self.json_request(method, path, body, session, reads=method == "GET")

    def _member(self, row: Row, batch: Batch) -> dict[str, Any]:
        values = self.person(row, batch).values
        known: list[Any] = [
            {called: value}
            for called in ("emailAddress", "phoneNumber")
            for value in values.get(called, ())
        ]
        address = {called: self.cell(values, called) for called in _ADDRESS}
        if all(address.values()):
            known.append({"address": address})
        member: dict[str, Any] = {"userData": {"userIdentifiers": known}}
        if not batch.removes:
            consents = {called: self._consent(name, row) for name, called in _CONSENTS.items()}
            member["consent"] = consents
        return member

    def _consent(self, name: str, row: Row) -> str | None:
        said = plain(fragments(row.payload).get(name)) if name in row.payload else None
        if said is None:
            said = getattr(self, name)
        return _SAID.get(str(said).lower())


def _account(account_id: str) -> dict[str, str]:
    return {"accountType": "GOOGLE_ADS", "accountId": account_id}
