"""klaviyo: profiles, lists and events to Klaviyo, by jobs.

Profiles are imported by jobs, which are polled to their end; the errors of one point at the
profiles that failed. An import also puts profiles on a list; they leave it by Klaviyo's own ids,
which are looked up. Nobody is ever subscribed: being on a list is no consent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.erasing import one_by_one
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import Conversation, Exchange, HttpRequest, Job
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Kind, Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, except_for, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.destinations.klaviyo_documents import (
    OWN_ID,
    attributes_of,
    deletion_document,
    events_document,
    id_of,
    ids_of,
    import_document,
    members_document,
    next_page,
    pointed_at,
    profile_of,
    refused_job,
)
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import UNREADABLE

_IMPORTS = "/api/profile-bulk-import-jobs"
_EVENTS = "/api/event-bulk-create-jobs"
_DELETIONS = "/api/data-privacy-deletion-jobs"
_MOST_PROFILE_BYTES = 100_000
_LOOKED_UP_TOGETHER = 50


class Klaviyo(ApiDestination):
    """Profiles of Klaviyo, the lists they are on, and events."""

    limits: ClassVar[Limits] = Limits(10_000, 5_000_000, 2.5, 4, verified_on="2026-11-22")
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"members": 1000, "events": 1000, "erasure": 50}
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "audience", "append"})
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": "external_id",
        "external_id": "external_id",
        "email": "email",
        "phone": "phone_number",
        "phone_number": "phone_number",
        "klaviyo_id": OWN_ID,
    }
    takes_list: ClassVar[bool] = True
    takes_fields_with: ClassVar[frozenset[str]] = frozenset({"people", "members", "events"})
    account_settings: ClassVar[tuple[str, ...]] = ("site_id",)

    type: Literal["klaviyo"]
    api_key: SecretStr = Field(
        description="a private API key with the scopes profiles:read, profiles:write, lists:read, "
        "lists:write, events:write and, for forget, data-privacy:write"
    )
    site_id: str = Field(
        default="", description="the account's public key, or any name to tell two accounts apart"
    )
    revision: str = Field(
        default="2026-07-15",
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        description="the revision of the API that is spoken with",
    )

    def address(self) -> str:
        """There is one."""
        return "https://a.klaviyo.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The private API key."""
        del session
        return {"Authorization": f"Klaviyo-API-Key {self.api_key.get_secret_value()}"}

    def check(self, purpose: Purpose) -> None:
        """Also refuse a field beside the key that is the key."""
        super().check(purpose)
        if purpose.kind != "events" and self.identifier(purpose) in purpose.fields:
            raise ValueError(f"the field {self.identifier(purpose)!r} is the key already")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Also profiles that are too large."""
        refused = dict(super().refusals(batch))
        for place, row in enumerate(batch.rows):
            if batch.purpose.kind == "events" or len(row.payload) * 4 < _MOST_PROFILE_BYTES:
                continue
            size = len(profile_of(row, self.identifier(batch.purpose)).encode())
            if size > _MOST_PROFILE_BYTES:
                refused[place] = (
                    f"it has {size:,} bytes, a profile may have {_MOST_PROFILE_BYTES:,}"
                )
        return refused

    def exchange(self, batch: Batch) -> Exchange:
        """A job of profiles or events; look-ups where people leave a list or are forgotten."""
        if batch.purpose.kind == "erasure":
            return (yield from one_by_one(batch, self.identifiers, self._forget))
        if batch.removes:
            return (yield from self._leave(batch))
        is_event = batch.purpose.kind == "events"
        if is_event:
            path, body = _EVENTS, events_document(batch, self.identifiers)
        else:
            path, body = _IMPORTS, import_document(batch, self.identifier(batch.purpose))
        response = yield self._ask("POST", path, body)
        if not is_success(response):
            return refused_job(response, batch)
        return alike(response, batch) if is_event else Job(id_of(response))

    def follow(self, job: Job, batch: Batch) -> Exchange:
        """How far an import is, and the profiles that its errors point at."""
        path = f"{_IMPORTS}/{quote(job.job_id, safe='')}"
        response = yield self._ask("GET", path)
        state = attributes_of(response)
        if state.get("status") == "cancelled":
            return [UNREADABLE] * len(batch.rows)
        if state.get("status") != "complete":
            return job
        failures = state.get("failed_count") or 0
        failed: dict[int, Outcome] = {}
        page: str | None = f"{path}/import-errors?page%5Bsize%5D=100" if failures else None
        while page:
            response = yield self._ask("GET", page)
            said = accepted(response)
            errors = [error.get("attributes") for error in objects_in(response, said, "data")]
            failed = {**pointed_at(response, errors, len(batch.rows)), **failed}
            page = next_page(said, self.url(""))
        if len(failed) < failures:
            return [failed.get(place, UNREADABLE) for place in range(len(batch.rows))]
        return except_for(response, batch, failed)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The list of that name, made where there is none."""
        del session
        name = json.dumps(purpose.list_title, ensure_ascii=False)
        chosen = quote(f"equals(name,{name})", safe="")
        response = yield self._ask("GET", f"/api/lists?filter={chosen}")
        if found := ids_of(response):
            return found[0]
        body = f'{{"data":{{"type":"list","attributes":{{"name":{name}}}}}}}'
        response = yield self._ask("POST", "/api/lists", body)
        return id_of(response)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """One list."""
        del session
        return self._ask("GET", "/api/lists?page%5Bsize%5D=1")

    @property
    def all_or_nothing(self) -> bool:
        """A job that is refused is applied to nobody."""
        return True

    def _leave(self, batch: Batch) -> Exchange:
        """Take off the list whom Klaviyo knows; nobody else is on it."""
        name, keys = self.identifier(batch.purpose), [row.key_json for row in batch.rows]
        found: list[str] = keys if name == OWN_ID else []
        if name != OWN_ID:
            for start in range(0, len(keys), _LOOKED_UP_TOGETHER):
                response = yield self._look_up(name, keys[start : start + _LOOKED_UP_TOGETHER])
                found += [json.dumps(own_id) for own_id in ids_of(response)]
        if found:
            path = f"/api/lists/{quote(str(batch.list_id), safe='')}/relationships/profiles"
            response = yield self._ask("DELETE", path, members_document(found))
        return alike(response, batch)

    def _forget(self, name: str, value: str) -> Conversation[Outcome]:
        """Ask for the deletion of a person's profiles, by what Klaviyo deletes by."""
        people = [(name, value)]
        if name == "external_id":
            response = yield self._look_up(name, [value])
            people = [(OWN_ID, json.dumps(own_id)) for own_id in ids_of(response)]
        gone = frozenset({404})
        for person in people:
            response = yield self._ask("POST", _DELETIONS, deletion_document(*person), gone)
            if response.status not in gone:
                accepted(response)
        return outcome_of(response, OutcomeKind.SUCCEEDED)

    def _look_up(self, name: str, values: Sequence[str]) -> HttpRequest:
        chosen = quote(f"any({name},[{','.join(values)}])", safe="")
        fields = f"fields%5Bprofile%5D={name}&page%5Bsize%5D=100"
        return self._ask("GET", f"/api/profiles?filter={chosen}&{fields}")

    def _ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        expected: frozenset[int] = frozenset(),
    ) -> HttpRequest:
        request = self.json_request(
            method, path, body, {}, reads=method == "GET", expected=expected
        )
        headers = {**request.headers, "revision": self.revision}
        if body is not None:
            headers["Content-Type"] = "application/vnd.api+json"
        return replace(request, headers=headers)
