"""customer_io: people, objects and events to the Track API of Customer.io, in batches.

An answer of 207 names the items that are invalid by their place; the others are accepted. An
audience is a manual segment, which the App API finds by its name or makes. Events carry a ULID
made of their moment and idempotency key, by which Customer.io drops one that it has.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import JSON, ApiDestination
from reverse_etl.destinations.kit.erasing import people_of
from reverse_etl.destinations.kit.events import Event, read_event
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.ids import make_ulid
from reverse_etl.destinations.kit.messages import (
    Conversation,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.places import objects_in, place_in
from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, except_for, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object

_MOST_ITEM_BYTES = 32_000
_BYTES_PER_CHARACTER = 4


class CustomerIo(ApiDestination):
    """People of a Customer.io workspace, their segments and events, and objects."""

    limits: ClassVar[Limits] = Limits(1000, 500_000, 100, 8, verified_on="2026-11-22")
    modes: ClassVar[frozenset[Mode]] = frozenset(
        {"upsert", "update", "mirror", "audience", "append"}
    )
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": "id",
        "id": "id",
        "email": "email",
        "phone": "phone",
        "cio_id": "cio_id",
    }
    takes_object: ClassVar[bool] = True
    takes_list: ClassVar[bool] = True
    account_settings: ClassVar[tuple[str, ...]] = ("region", "site_id")

    type: Literal["customer_io"]
    site_id: str = Field(description="the site id of the workspace's Track API key")
    api_key: SecretStr = Field(description="the Track API key")
    app_api_key: SecretStr | None = Field(
        default=None, description="an App API key, to find and make the segments of audiences"
    )
    region: Literal["us", "eu"] = Field(description="where the account is")
    suppress: bool = Field(
        default=True, description="people who are forgotten are kept from coming back"
    )

    def address(self) -> str:
        """The Track API of the region."""
        return f"https://track{self._suffix}.customer.io"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The keys of the Track API."""
        del session
        pair = f"{self.site_id}:{self.api_key.get_secret_value()}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def check(self, purpose: Purpose) -> None:
        """Also: objects have a numbered type, segments an id or a key to find it with."""
        super().check(replace(purpose, identifier="id") if purpose.object else purpose)
        if purpose.object and purpose.mode not in ("upsert", "mirror"):
            raise ValueError("objects are sent in the modes mirror, upsert")
        if purpose.object and not purpose.object.isdigit():
            raise ValueError("object is the number that Customer.io gave the type, such as '1'")
        if purpose.kind != "members":
            return
        if purpose.list_id is None and self.app_api_key is None:
            raise ValueError("a segment needs list_id, or the setting app_api_key to find it")
        if not (purpose.list_id or "1").isdigit():
            raise ValueError("list_id is the number of a segment")
        if self.identifier(purpose) == "phone":
            raise ValueError("members of a segment are known by id, email or cio_id")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Also items that are too large, and objects where a person is to be forgotten."""
        refused = dict(super().refusals(batch))
        if batch.purpose.kind == "erasure" and batch.purpose.object:
            return dict.fromkeys(range(len(batch.rows)), "an object is no person; it is kept")
        for place, row in enumerate(batch.rows):
            if len(row.payload) * _BYTES_PER_CHARACTER > _MOST_ITEM_BYTES and place not in refused:
                size = len(self._item(row, batch).encode())
                if size > _MOST_ITEM_BYTES:
                    refused[place] = f"it has {size:,} bytes, an item may have {_MOST_ITEM_BYTES:,}"
        return refused

    def request(self, batch: Batch) -> HttpRequest:
        """A batch of items, or the members of a segment."""
        if batch.purpose.kind == "members":
            verb = "remove" if batch.removes else "add"
            known_by = self.identifier(batch.purpose)
            path = f"/api/v1/segments/{batch.list_id}/{verb}_customers?id_type={known_by}"
            body = f'{{"ids":[{",".join([row.key_json for row in batch.rows])}]}}'
        else:
            erases = batch.purpose.kind == "erasure"
            items = self._erasures(batch) if erases else [self._item(r, batch) for r in batch.rows]
            path, body = "/api/v2/batch", f'{{"batch":[{",".join(items)}]}}'
        return self.json_request("POST", path, body, batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Success but for the rows of items that errors name by their place."""
        said = accepted(response)
        if not isinstance(said, dict):
            raise Unexpected(response)
        if batch.purpose.kind == "members":
            return alike(response, batch)
        owners: Sequence[Sequence[int]] = [[place] for place in range(len(batch.rows))]
        if batch.purpose.kind == "erasure":
            people = people_of(batch, self.identifiers).values()
            owners = [places for places in people for _ in self._last_actions]
        failed = _failed(response, said, owners)
        if response.status == 207 and not failed:
            raise Unexpected(response)
        return except_for(response, batch, failed)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The manual segment of that name, made where there is none."""
        del session
        response = yield self._app_request("GET", None)
        try:
            for segment in objects_in(response, accepted(response), "segments", is_needed=True):
                if (segment["name"], segment["type"]) == (purpose.list_title, "manual"):
                    return str(segment["id"])
            segment = {"name": purpose.list_title, "description": "Filled by weft."}
            response = yield self._app_request("POST", json.dumps({"segment": segment}))
            return str(accepted(response)["segment"]["id"])
        except (KeyError, TypeError):
            raise Unexpected(response) from None

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The region of the account."""
        return self.json_request("GET", "/api/v1/accounts/region", None, session, reads=True)

    @property
    def all_or_nothing(self) -> bool:
        """A request that is malformed anywhere is refused as a whole, with 400."""
        return True

    @property
    def _suffix(self) -> str:
        return "-eu" if self.region == "eu" else ""

    @property
    def _last_actions(self) -> tuple[str, ...]:
        return ("delete", "suppress") if self.suppress else ("delete",)

    def _app_request(self, method: str, body: str | None) -> HttpRequest:
        key = self.app_api_key.get_secret_value() if self.app_api_key else ""
        headers = {"Authorization": f"Bearer {key}", "Accept": JSON, "Content-Type": JSON}
        url = f"{self.base_url or f'https://api{self._suffix}.customer.io'}/v1/segments"
        return HttpRequest(method, url, headers, (body or "").encode(), reads=method == "GET")

    def _item(self, row: Row, batch: Batch) -> str:
        purpose = batch.purpose
        if purpose.kind == "events":
            return _event(read_event(row, batch, self.identifiers), row.idempotency_key)
        kind, known = "person", {self.identifier(purpose): row.key_json}
        if purpose.object:
            kind = "object"
            known = {"object_type_id": json.dumps(purpose.object), "object_id": row.key_json}
        item = f'{{"type":"{kind}","identifiers":{as_object(known)},"action":'
        if batch.removes:
            return f'{item}"delete"}}'
        attributes = row.payload
        if purpose.mode == "update":
            attributes = f'{{"_update":true{"," if len(attributes) > 2 else ""}{attributes[1:]}'
        return f'{item}"identify","attributes":{attributes}}}'

    def _erasures(self, batch: Batch) -> Iterator[str]:
        for name, value in people_of(batch, self.identifiers):
            for action in self._last_actions:
                yield f'{{"type":"person","identifiers":{{"{name}":{value}}},"action":"{action}"}}'


def _event(event: Event, idempotency_key: str) -> str:
    name, value = next(iter(event.identifiers.items()))
    ulid = make_ulid(int(event.at.timestamp() * 1000), idempotency_key)
    return (
        f'{{"type":"person","identifiers":{{"{name}":{value}}},"action":"event",'
        f'"name":{event.name},"id":"{ulid}","timestamp":{event.unix_seconds},'
        f'"attributes":{as_object(event.properties)}}}'
    )


def _failed(
    response: HttpResponse, said: dict[str, Any], owners: Sequence[Sequence[int]]
) -> dict[int, Outcome]:
    """The rows that errors name. Raises Unexpected for an error that names none."""
    failed: dict[int, Outcome] = {}
    for error in objects_in(response, said, "errors"):
        place = place_in(response, error, "batch_index", len(owners))
        why = f"{error.get('field') or ''} {error.get('message') or ''}"
        outcome = outcome_of(response, OutcomeKind.REJECTED, why, error.get("reason"))
        failed |= dict.fromkeys(owners[place], outcome)
    return failed
