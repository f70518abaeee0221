"""airtable: rows into a table of an Airtable base, found by the field that holds the key.

Records are written ten at a time with Airtable's own upsert. One bad value makes Airtable refuse
the whole request, which is then halved. What changes a record without making one (a removal, mode
update) asks for the ids of the records first.
"""

import json
from collections.abc import Mapping, Sequence
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
from reverse_etl.destinations.kit.purpose import Mode
from reverse_etl.destinations.kit.replies import accepted, alike, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, fragments, plain

_TOO_MANY = 429


class Airtable(ApiDestination):
    """Records of a table in Airtable."""

    limits: ClassVar[Limits] = Limits(10, None, 5, 4, verified_on="2026-11-22")
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "update", "mirror", "audience"})
    takes_fields_with: ClassVar[frozenset[str]] = frozenset({"people", "members"})
    account_settings: ClassVar[tuple[str, ...]] = ("base", "table")

    type: Literal["airtable"]
    token: SecretStr = Field(
        description="a personal access token that may read and write records of the base"
    )
    base: str = Field(description="the id of the base, such as appXXXXXXXXXXXXXX")
    table: str = Field(description="the name or id of the table")
    typecast: bool = Field(
        default=True, description="Airtable makes of a text what the field takes, new choices too"
    )
    pause_seconds: float = Field(default=30, ge=0, description="the wait after 429")

    def address(self) -> str:
        """Airtable's only one."""
        return "https://api.airtable.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The personal access token."""
        del session
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}

    def exchange(self, batch: Batch) -> Exchange:
        """An upsert; or the ids of the records, then what happens to them."""
        if not batch.removes and batch.purpose.mode != "update":
            response = yield self._write(batch, [self._fields(row, batch) for row in batch.rows])
            return _written(response, batch)
        found = yield from self._records(batch)
        outcomes = [self._without_one(found.get(row.key, []), batch) for row in batch.rows]
        ids = {
            place: found[row.key][0]
            for place, row in enumerate(batch.rows)
            if outcomes[place] is None
        }
        if ids:
            response = yield self._change(batch, ids)
            for place in ids:
                outcomes[place] = _written(response, batch, len(ids))[place]
        return [outcome or Outcome(OutcomeKind.UNKNOWN) for outcome in outcomes]

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """One record of the table."""
        return self.json_request("GET", f"{self._path}?maxRecords=1", None, session, reads=True)

    def pause(self, response: HttpResponse) -> float | None:
        """Airtable refuses everything for 30 seconds, and no header says so."""
        return self.pause_seconds if response.status == _TOO_MANY else None

    def is_spent(self, response: HttpResponse) -> bool:
        """Whether the calls of the month are used up."""
        return response.status == _TOO_MANY and b"BILLING_LIMIT_EXCEEDED" in response.body

    @property
    def all_or_nothing(self) -> bool:
        """One value that a field does not take makes Airtable refuse all records (422)."""
        return True

    @property
    def _path(self) -> str:
        return f"/v0/{quote(self.base, safe='')}/{quote(self.table, safe='')}"

    def _fields(self, row: Row, batch: Batch) -> str:
        fields = {**fragments(row.payload), self.identifier(batch.purpose): row.key_json}
        if batch.purpose.kind == "members":
            fields[batch.purpose.list_title] = "true"
        return f'{{"fields":{as_object(fields)}}}'

    def _write(self, batch: Batch, records: Sequence[str], *, merges: bool = True) -> HttpRequest:
        key = json.dumps([self.identifier(batch.purpose)], ensure_ascii=False)
        upsert = f'"performUpsert":{{"fieldsToMergeOn":{key}}},' if merges else ""
        typecast = "true" if self.typecast else "false"
        body = f'{{{upsert}"typecast":{typecast},"records":[{",".join(records)}]}}'
        return self.json_request("PATCH", self._path, body, batch.session)

    def _change(self, batch: Batch, ids: Mapping[int, str]) -> HttpRequest:
        """Delete the records with these ids, or change them; they go by the row's place."""
        purpose = batch.purpose
        if batch.removes and purpose.kind != "members":
            query = urlencode([("records[]", record) for record in ids.values()])
            return self.json_request("DELETE", f"{self._path}?{query}", None, batch.session)
        left = as_object({purpose.list_title: "false"})
        records = [
            f'{{"id":{json.dumps(record)},"fields":'
            f"{left if batch.removes else batch.rows[place].payload}}}"
            for place, record in ids.items()
        ]
        return self._write(batch, records, merges=False)

    def _records(self, batch: Batch) -> Conversation[Mapping[str, list[str]]]:
        """The ids of the records that have the rows' keys, by key."""
        name = self.identifier(batch.purpose)
        field = name.replace("\\", "\\\\").replace("}", "\\}")
        # A field may hold numbers: joined with a text it is one.
        keys = [f'{{{field}}}&""={json.dumps(row.key, ensure_ascii=False)}' for row in batch.rows]
        asked = {"filterByFormula": f"OR({','.join(keys)})", "fields": [name], "pageSize": 100}
        path = f"{self._path}/listRecords"
        body = json.dumps(asked, ensure_ascii=False)
        response = yield self.json_request("POST", path, body, batch.session, reads=True)
        found: dict[str, list[str]] = {}
        for record in objects_in(response, accepted(response), "records"):
            fields = record.get("fields")
            if not isinstance(fields, dict) or not isinstance(record.get("id"), str):
                raise Unexpected(response)
            key = plain(json.dumps(fields.get(name), ensure_ascii=False)) or ""
            found.setdefault(key, []).append(record["id"])
        return found

    def _without_one(self, records: Sequence[str], batch: Batch) -> Outcome | None:
        """What becomes of a row whose key has no record, or several; None where it has one."""
        if len(records) == 1:
            return None
        if not records and batch.removes:
            return Outcome(OutcomeKind.SUCCEEDED)
        said = f"{len(records)} records have this key" if records else "no record has this key"
        return Outcome(OutcomeKind.REJECTED, code="no_single_record", message=said)


def _written(response: HttpResponse, batch: Batch, records: int | None = None) -> list[Outcome]:
    """An outcome for each row of the batch, though ``records`` of them were in the request."""
    if not is_success(response):
        kind, message = _error(response)
        return alike(response, batch, message=message, code=kind)
    said = accepted(response)
    if len(objects_in(response, said, "records")) != (records or len(batch.rows)):
        raise Unexpected(response)
    details = said.get("details")
    if isinstance(details, dict) and details.get("message") == "partialSuccess":
        failed = outcome_of(response, OutcomeKind.REJECTED, details.get("reasons"), "partial")
        return [failed] * len(batch.rows)
    return alike(response, batch)


def _error(response: HttpResponse) -> tuple[Any, Any]:
    """Type and message; some errors are a text instead of an object."""
    try:
        error = json.loads(response.body)["error"]
    except (ValueError, TypeError, KeyError):
        return None, response.body.decode(errors="replace")
    if isinstance(error, dict):
        return error.get("type"), error.get("message")
    return error, None
