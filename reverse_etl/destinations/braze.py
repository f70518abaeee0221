"""braze: users, their custom attributes and events, to Braze's REST API.

All but deletions goes to ``POST /users/track``. What Braze acknowledges is queued, and may be
refused row by row, by the place in the array it was in. An audience is a boolean custom attribute
of its name, or the subscription group that ``list_id`` names.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.erasing import people_of
from reverse_etl.destinations.kit.events import read_event
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse, Unexpected
from reverse_etl.destinations.kit.places import objects_in, place_in
from reverse_etl.destinations.kit.purpose import Kind, Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, except_for, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object

_ALIAS = "user_alias"
_ONLY_EXISTING = "_update_existing_only"
_DELETED_BY = {
    "external_id": "external_ids",
    "braze_id": "braze_ids",
    _ALIAS: "user_aliases",
    "email": "email_addresses",
    "phone": "phone_numbers",
}
# With several identifiers in one object, Braze does not go by these.
_WEAKER = {
    "external_id": ("email", "phone"),
    "braze_id": ("email", "phone"),
    _ALIAS: ("email", "phone"),
    "email": ("phone",),
}


class Braze(ApiDestination):
    """Users of Braze, their attributes and events."""

    limits: ClassVar[Limits] = Limits(75, 4_000_000, 1000, 8, verified_on="2026-11-22")
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"erasure": 1}
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "update", "audience", "append"})
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": "external_id",
        **{name: name for name in _DELETED_BY},
    }
    takes_list: ClassVar[bool] = True
    account_settings: ClassVar[tuple[str, ...]] = ("region", "workspace")

    type: Literal["braze"]
    api_key: SecretStr = Field(
        description="a REST API key with the permissions users.track, users.delete (forget) and "
        "events.list (debug)"
    )
    region: Literal[
        "iad-01",
        "iad-02",
        "iad-03",
        "iad-04",
        "iad-05",
        "iad-06",
        "iad-07",
        "iad-08",
        "us-10",
        "fra-01",
        "fra-02",
        "au-01",
        "id-01",
        "jp-01",
        "kr-01",
    ] = Field(description="the instance, as in rest.iad-01.braze.com")
    workspace: str = Field(
        default="", description="any name, to tell two workspaces of one instance apart"
    )
    app_id: str | None = Field(default=None, description="the app that events are recorded for")
    alias_label: str | None = Field(
        default=None, description="the label of aliases, where the identifier is user_alias"
    )

    def address(self) -> str:
        """The instance; those in Frankfurt end in .eu."""
        return f"https://rest.{self.region}.braze.{'eu' if self.region[:3] == 'fra' else 'com'}"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The REST API key."""
        del session
        return {"Authorization": f"Bearer {self.api_key.get_secret_value()}"}

    def check(self, purpose: Purpose) -> None:
        """Also refuse fields by which a row would be about somebody else than its key."""
        super().check(purpose)
        known = self.identifier(purpose)
        if self.alias_label is None and _ALIAS in (known, *purpose.fields):
            raise ValueError("an alias needs the setting alias_label of the destination")
        if purpose.kind == "people":
            about = set(self.identifiers.values()) - set(_WEAKER.get(known, ()))
            for field in sorted(about & set(purpose.fields)):
                raise ValueError(f"the field {field!r} would say whom a row is about, not its key")

    def request(self, batch: Batch) -> HttpRequest:
        """Users, their memberships, events, or one deletion."""
        if batch.purpose.kind == "erasure":
            return self._deletion(batch)
        is_event = batch.purpose.kind == "events"
        write = self._event if is_event else self._user
        objects = ",".join([write(row, batch) for row in batch.rows])
        body = f'{{"{_array(batch)}":[{objects}]}}'
        return self.json_request("POST", "/users/track", body, batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Success but for the rows whose place an error names, and as far as Braze counted."""
        said = accepted(response)
        if not isinstance(said, dict):
            raise Unexpected(response)
        if batch.purpose.kind == "erasure" and isinstance(said.get("deleted"), int):
            return alike(response, batch)
        if batch.purpose.kind == "erasure" or said.get("message") not in ("success", "queued"):
            raise Unexpected(response)
        failed = _failed(response, said, _array(batch), len(batch.rows))
        processed = said.get(f"{_array(batch)}_processed", len(batch.rows))
        if not isinstance(processed, int) or processed + len(failed) < len(batch.rows):
            raise Unexpected(response)
        return except_for(response, batch, failed)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The names of the first custom events."""
        return self.json_request("GET", "/events/list?page=0", None, session, reads=True)

    @property
    def all_or_nothing(self) -> bool:
        """Of a request with a fatal error Braze takes nothing."""
        return True

    def _user(self, row: Row, batch: Batch) -> str:
        members = self._who(self.identifier(batch.purpose), row.key_json)
        only_existing = batch.removes or batch.purpose.mode == "update"
        if only_existing or _ALIAS in members:
            members[_ONLY_EXISTING] = "true" if only_existing else "false"
        if batch.purpose.kind == "members":
            return as_object(members | _membership(batch))
        fields = row.payload[1:-1]
        return f"{as_object(members)[:-1]}{',' if fields else ''}{fields}}}"

    def _event(self, row: Row, batch: Batch) -> str:
        event = read_event(row, batch, self.identifiers)
        name, value = next(iter(event.identifiers.items()))
        members = {**self._who(name, value), "name": event.name, "time": event.time}
        if self.app_id is not None:
            members["app_id"] = json.dumps(self.app_id)
        return as_object({**members, "properties": as_object(event.properties)})

    def _who(self, name: str, value: str) -> dict[str, str]:
        if name == _ALIAS:
            label = json.dumps(self.alias_label)
            return {name: f'{{"alias_name":{value},"alias_label":{label}}}'}
        return {name: value}

    def _deletion(self, batch: Batch) -> HttpRequest:
        name, value = next(iter(people_of(batch, self.identifiers)))
        user = self._who(name, value)[name]
        if name in ("email", "phone"):
            user = f'{{"{name}":{value},"prioritization":["identified","most_recently_updated"]}}'
        body = f'{{"{_DELETED_BY[name]}":[{user}]}}'
        return self.json_request("POST", "/users/delete", body, batch.session)


def _array(batch: Batch) -> str:
    return "events" if batch.purpose.kind == "events" else "attributes"


def _membership(batch: Batch) -> dict[str, str]:
    if batch.list_id is None:
        return {batch.purpose.list_title: "false" if batch.removes else "true"}
    state = "unsubscribed" if batch.removes else "subscribed"
    group = {"subscription_group_id": batch.list_id, "subscription_state": state}
    return {"subscription_groups": json.dumps([group])}


def _failed(
    response: HttpResponse, said: dict[str, Any], array: str, rows: int
) -> dict[int, Outcome]:
    """The rows that errors name. Raises Unexpected for an error that names none."""
    failed: dict[int, Outcome] = {}
    for error in objects_in(response, said, "errors"):
        if error.get("input_array", array) != array:
            raise Unexpected(response)
        place = place_in(response, error, "index", rows)
        failed[place] = outcome_of(response, OutcomeKind.REJECTED, error.get("type"))
    return failed
