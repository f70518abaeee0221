"""attio: records of people, companies and other objects, and list entries, to Attio."""

import json
import re
from collections.abc import Mapping
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.base import ALL_MODES
from reverse_etl.destinations.kit.erasing import Person
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.replies import is_success, outcome_of, parsed
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.kit.singly import (
    GONE,
    NOBODY,
    NOT_FOUND,
    SinglyDestination,
    not_possible,
    record_of,
    records_of,
    whom,
)
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status
from reverse_etl.values import as_object, fragments, plain

_ATTRIBUTES = {"email": "email_addresses", "phone": "phone_numbers", "domain": "domains"}
_LISTS = frozenset(_ATTRIBUTES.values())
_NAME = ("first_name", "last_name", "full_name")
_CONFLICT = 409


class Attio(SinglyDestination):
    """People, companies and other records, and the lists they are on, to a workspace of Attio."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=1, requests_per_second=25, verified_on="2026-11-22"
    )
    modes: ClassVar[frozenset[Mode]] = ALL_MODES - {"append", "create"}
    account_settings: ClassVar[tuple[str, ...]] = ("workspace",)
    takes_object: ClassVar[bool] = True
    takes_list: ClassVar[bool] = True
    requests_per_row: ClassVar[int] = 1

    type: Literal["attio"]
    access_token: SecretStr = Field(description="an access token of the workspace")
    workspace: str = Field(
        default="", description="the name of the workspace; another name starts fresh"
    )

    def address(self) -> str:
        """Attio has one address."""
        return "https://api.attio.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The access token."""
        return {"Authorization": f"Bearer {self.access_token.get_secret_value()}"}

    def identifier(self, purpose: Purpose) -> str:
        """The slug of an attribute; email, phone and domain stand for Attio's own."""
        return _ATTRIBUTES.get(purpose.identifier, purpose.identifier)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The object of people: what tells of a token answers 200 for a refused one, too."""
        return self.json_request("GET", "/v2/objects/people", None, session, reads=True)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The list of this name that holds such records."""
        of, title = purpose.object or "people", purpose.list_title
        response = yield self.json_request("GET", "/v2/lists", None, session, reads=True)
        for found in records_of(response, "data"):
            parents = found.get("parent_object")
            if found.get("name") == title and (parents == of or of in _listed(parents)):
                return _id_of(found, "list_id", response)
        slug = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") or "audience"
        described = {
            "name": title,
            "api_slug": slug,
            "parent_object": of,
            "workspace_access": "full-access",
            "workspace_member_access": [],
        }
        body = json.dumps({"data": described}, ensure_ascii=False)
        response = yield self.json_request("POST", "/v2/lists", body, session)
        return _id_of(record_of(response, "data"), "list_id", response)

    def converse(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        """A record is asserted; members, updates and deletions look for it first."""
        purpose = batch.purpose
        if purpose.kind == "people" and purpose.mode != "update" and not batch.removes:
            return (yield from self._assert(row, batch))
        person = whom(row, batch, _ATTRIBUTES)
        if person is None:
            return NOBODY
        if purpose.erases and purpose.object not in (None, "people"):
            return not_possible(f"a record of {purpose.object} is no person")
        found = yield from self._query(person, batch)
        if batch.removes:
            return (yield from self._take_away(found, batch))
        if len(found) != 1:
            how_many = "several records have" if found else "no record has"
            return not_possible(f"{how_many} this {person[0]}")
        if purpose.kind == "members":
            return (yield from self._enter(found[0], batch))
        path = f"{_records(batch)}/{found[0]}"
        body = _body(_values(row.payload))
        return _outcome((yield self.json_request("PUT", path, body, batch.session)), "record_id")

    def _assert(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        attribute = self.identifier(batch.purpose)
        key = f"[{row.key_json}]" if attribute in _LISTS else row.key_json
        path = f"{_records(batch)}?matching_attribute={quote(attribute, safe='')}"
        body = _body({attribute: key, **_values(row.payload)})
        return _outcome((yield self.json_request("PUT", path, body, batch.session)), "record_id")

    def _query(self, person: Person, batch: Batch) -> Conversation[list[str]]:
        body = f'{{"filter":{as_object({person[0]: person[1]})},"limit":50}}'
        path = f"{_records(batch)}/query"
        response = yield self.json_request("POST", path, body, batch.session, reads=True)
        return [_id_of(one, "record_id", response) for one in records_of(response, "data")]

    def _enter(self, record: str, batch: Batch) -> Conversation[Outcome]:
        entry = {
            "parent_record_id": record,
            "parent_object": batch.purpose.object or "people",
            "entry_values": {},
        }
        path = f"/v2/lists/{quote(batch.list_id or '', safe='')}/entries"
        body = json.dumps({"data": entry})
        return _outcome((yield self.json_request("PUT", path, body, batch.session)), "entry_id")

    def _take_away(self, found: list[str], batch: Batch) -> Conversation[Outcome]:
        """Delete the records, or their entries in the list."""
        paths = [f"{_records(batch)}/{record}" for record in found]
        if batch.purpose.kind == "members":
            records, paths = paths, []
            for record in records:
                paths += yield from self._entries(record, batch)
        for path in paths:
            response = yield self.json_request(
                "DELETE", path, None, batch.session, expected=NOT_FOUND
            )
            if not is_success(response) and response.status not in NOT_FOUND:
                return _outcome(response, "record_id")
        return GONE

    def _entries(self, record: str, batch: Batch) -> Conversation[list[str]]:
        response = yield self.json_request(
            "GET", f"{record}/entries", None, batch.session, reads=True, expected=NOT_FOUND
        )
        if response.status in NOT_FOUND:
            return []
        return [
            f"/v2/lists/{entry.get('list_id')}/entries/{entry.get('entry_id')}"
            for entry in records_of(response, "data")
            if batch.list_id in (entry.get("list_id"), entry.get("list_api_slug"))
        ]


def _records(batch: Batch) -> str:
    return f"/v2/objects/{quote(batch.purpose.object or 'people', safe='')}/records"


def _body(values: Mapping[str, str]) -> str:
    return f'{{"data":{{"values":{as_object(values)}}}}}'


def _values(payload: str) -> dict[str, str]:
    """The fields as values of attributes: a name in its three parts, null as no value."""
    found = fragments(payload)
    parts = {part: plain(found.pop(part)) or "" for part in _NAME if part in found}
    values = {name: "[]" if value == "null" else value for name, value in found.items()}
    if not parts or "name" in values:
        return values
    first, last = parts.get("first_name", ""), parts.get("last_name", "")
    full = parts.get("full_name") or " ".join(part for part in (first, last) if part)
    name = {"first_name": first, "last_name": last, "full_name": full}
    return {"name": json.dumps([name] if full else [], ensure_ascii=False), **values}


def _outcome(response: HttpResponse, id_name: str) -> Outcome:
    """Success where the answer has the id of what was written; else the code and the words.

    A conflict is that of two writes at one time: it passes.
    """
    if is_success(response):
        _id_of(record_of(response, "data"), id_name, response)
        return outcome_of(response, OutcomeKind.SUCCEEDED)
    is_conflict = response.status == _CONFLICT
    kind = OutcomeKind.RETRY if is_conflict else kind_of_status(response.status)
    try:
        answer = parsed(response)
    except Unexpected:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    return outcome_of(response, kind, answer.get("message"), answer.get("code"))


def _id_of(record: Mapping[str, object], name: str, response: HttpResponse) -> str:
    ids = record.get("id")
    found = ids.get(name) if isinstance(ids, dict) else None
    if not isinstance(found, str) or not found:
        raise Unexpected(response)
    return quote(found, safe="")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
