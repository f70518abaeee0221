"""stripe: customers, their contact data and metadata, form-encoded.

Stripe has no upsert: a customer is looked for by e-mail or metadata, then changed or made. Making
one carries an idempotency key, so that a request whose answer was lost makes no second customer;
a change does not, since Stripe would repeat a remembered error for a day. Deleting a customer
cancels their subscriptions at once: it happens only where the setting ``delete`` says so.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlencode

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.kit.singly import each_row
from reverse_etl.destinations.stripe_form import (
    LONGEST_VALUE,
    check_metadata,
    is_metadata,
    parameters,
)
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status
from reverse_etl.values import fragments, plain

_CUSTOMERS = "/v1/customers"
_GONE, _CONFLICT = 404, 409
_ID = "id"


class Stripe(ApiDestination):
    """Customers of a Stripe account."""

    limits: ClassVar[Limits] = Limits(20, None, 25, 8, verified_on="2026-11-22")
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "update", "mirror", "audience"})
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": "metadata",
        "email": "email",
        "id": _ID,
        "customer_id": _ID,
    }
    account_settings: ClassVar[tuple[str, ...]] = ("account_name",)

    type: Literal["stripe"]
    api_key: SecretStr = Field(description="a secret or restricted key that may write customers")
    account_name: str = Field(
        default="", description="any name, to tell two accounts or test and live mode apart"
    )
    metadata_key: str = Field(
        default="user_id", description="the name in metadata that holds a key of kind user_id"
    )
    version: str | None = Field(
        default=None, description="the version of the API, where it is not the account's"
    )
    delete: bool = Field(
        default=False, description="customers may be deleted, which cancels their subscriptions"
    )

    def address(self) -> str:
        """Stripe's only one."""
        return "https://api.stripe.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The key."""
        del session
        return {"Authorization": f"Bearer {self.api_key.get_secret_value()}"}

    @property
    def can_erase(self) -> bool:
        """Only where customers may be deleted."""
        return self.delete

    def check(self, purpose: Purpose) -> None:
        """Also: deleting is wanted, and metadata is as Stripe takes it."""
        super().check(purpose)
        if purpose.mode == "mirror" and not self.delete:
            raise ValueError(
                "mirror deletes customers and cancels their subscriptions, which the setting "
                "delete has to allow"
            )
        if purpose.identifier == "email" and "email" in purpose.fields:
            raise ValueError("the e-mail address is the key already; leave it out of the fields")
        named = [purpose.list_title] if purpose.kind == "members" else []
        check_metadata([*named, *(name for name in purpose.fields if is_metadata(name))])

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Also rows with metadata that is too long."""
        refused = dict(super().refusals(batch))
        for place, row in enumerate(batch.rows):
            for name, value in fragments(row.payload).items():
                if is_metadata(name) and len(plain(value) or "") > LONGEST_VALUE:
                    said = f"{name!r} has more than {LONGEST_VALUE} characters"
                    refused.setdefault(place, said)
        return refused

    def exchange(self, batch: Batch) -> Exchange:
        """Row by row: look for the customer, then write."""
        return (yield from each_row(batch, lambda row: self._converse(row, batch)))

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """One customer."""
        return self._request("GET", f"{_CUSTOMERS}?limit=1", session, reads=True)

    def _converse(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        known_by = self.identifier(batch.purpose)
        customers = [row.key]
        if known_by != _ID:
            response = yield self._look_up(known_by, row, batch)
            if not is_success(response):
                return _outcome(response)
            found = objects_in(response, accepted(response), "data")
            customers = [str(one["id"]) for one in found if isinstance(one.get("id"), str)]
            if len(customers) != len(found):
                raise Unexpected(response)
        if len(customers) > 1:
            return Outcome(OutcomeKind.REJECTED, message="several customers have this key")
        if not customers and batch.removes:
            return Outcome(OutcomeKind.SUCCEEDED)
        if not customers and batch.purpose.mode == "update":
            return Outcome(OutcomeKind.REJECTED, message="no customer has this key")
        response = yield self._write(row, batch, customers)
        if batch.removes and batch.purpose.kind != "members" and response.status == _GONE:
            return Outcome(OutcomeKind.SUCCEEDED, http_status=_GONE)
        return _outcome(response)

    def _look_up(self, known_by: str, row: Row, batch: Batch) -> HttpRequest:
        if known_by == "email":
            query, path = {"email": row.key}, _CUSTOMERS
        else:
            key, value = _in_query(self.metadata_key), _in_query(row.key)
            query, path = {"query": f"metadata['{key}']:'{value}'"}, f"{_CUSTOMERS}/search"
        asked = urlencode({**query, "limit": 2})
        return self._request("GET", f"{path}?{asked}", batch.session, reads=True)

    def _write(self, row: Row, batch: Batch, customers: list[str]) -> HttpRequest:
        form = urlencode(list(self._form(row, batch)))
        if not customers:
            made = self._request("POST", _CUSTOMERS, batch.session, form)
            return replace(made, headers={**made.headers, "Idempotency-Key": row.idempotency_key})
        path = f"{_CUSTOMERS}/{quote(customers[0], safe='')}"
        if batch.removes and batch.purpose.kind != "members":
            return self._request("DELETE", path, batch.session)
        return self._request("POST", path, batch.session, form)

    def _form(self, row: Row, batch: Batch) -> Iterable[tuple[str, str]]:
        if batch.purpose.kind == "members":
            yield f"metadata[{batch.purpose.list_title}]", "" if batch.removes else "true"
        for name, value in fragments(row.payload).items():
            yield from parameters(name, value)
        known_by = self.identifier(batch.purpose)
        if known_by == "email":
            yield "email", row.key
        elif known_by == "metadata":
            yield f"metadata[{self.metadata_key}]", row.key

    def _request(
        self,
        method: str,
        path: str,
        session: Mapping[str, SecretStr],
        form: str | None = None,
        *,
        reads: bool = False,
    ) -> HttpRequest:
        expected = frozenset() if reads else frozenset({_GONE})
        made = self.json_request(method, path, None, session, reads=reads, expected=expected)
        headers = dict(made.headers)
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.version is not None:
            headers["Stripe-Version"] = self.version
        return replace(made, headers=headers, body=(form or "").encode())


def _in_query(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _outcome(response: HttpResponse) -> Outcome:
    """What an answer means; a header of Stripe's own says whether trying again helps."""
    kind = kind_of_status(response.status)
    if kind is OutcomeKind.SUCCEEDED:
        if not isinstance(accepted(response), dict):
            raise Unexpected(response)
        return outcome_of(response, kind)
    again = response.headers.get("stripe-should-retry") == "true"
    if again or response.status == _CONFLICT:
        kind = OutcomeKind.RETRY
    error = _error(response)
    return replace(
        outcome_of(response, kind, error.get("message"), error.get("code") or error.get("type")),
        request_id=response.headers.get("request-id"),
    )


def _error(response: HttpResponse) -> dict[str, Any]:
    try:
        error = json.loads(response.body)["error"]
    except (ValueError, TypeError, KeyError):
        error = None
    return error if isinstance(error, dict) else {"message": response.body.decode(errors="replace")}
