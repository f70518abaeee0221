"""pipedrive: persons, their labels, and organizations, to a company of Pipedrive."""

import json
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
from reverse_etl.destinations.kit.replies import outcome_of
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
from reverse_etl.destinations.pipedrive_records import (
    CUSTOM_FIELD,
    FIELDS,
    LABELS,
    fields_of,
    id_of,
    in_list,
    listed,
    option_of,
    outcome_from,
)
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, plain


class Pipedrive(SinglyDestination):
    """Persons with custom fields, labels, and organizations to a company of Pipedrive."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=1, requests_per_second=10, concurrency=2, verified_on="2026-11-22"
    )
    modes: ClassVar[frozenset[Mode]] = ALL_MODES - {"append", "create"}
    account_settings: ClassVar[tuple[str, ...]] = ("company_domain",)
    identifiers: ClassVar[Mapping[str, str]] = {
        "email": "email",
        "phone": "phone",
        "id": "id",
        "name": "name",
    }
    takes_object: ClassVar[bool] = True
    takes_list: ClassVar[bool] = True

    type: Literal["pipedrive"]
    company_domain: str = Field(
        pattern=r"^([A-Za-z0-9][A-Za-z0-9-]*|.*\{\{.*)$",
        description="the company: `acme` of acme.pipedrive.com",
    )
    api_token: SecretStr = Field(description="the API token of a user")
    label_field: str = Field(
        default=LABELS,
        description="the field audiences are options of: labels, or a custom field of several "
        "options by its 40 characters",
    )

    def address(self) -> str:
        """The company's own address."""
        return f"https://{self.company_domain}.pipedrive.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The API token."""
        return {"x-api-token": self.api_token.get_secret_value()}

    def check(self, purpose: Purpose) -> None:
        """As all do; a field is one of Pipedrive's or a custom field by its 40 characters."""
        super().check(purpose)
        records = purpose.object or "persons"
        if records not in FIELDS or (purpose.object and purpose.mode == "audience"):
            raise ValueError("its objects are 'persons' and 'organizations', the lists of persons")
        if self.identifier(purpose) not in (
            ("email", "phone", "id") if records == "persons" else ("name", "id")
        ):
            raise ValueError(f"{records} are not found by {purpose.identifier}")
        if purpose.list_id is not None and not purpose.list_id.isdecimal():
            raise ValueError("list_id is the number of an option")
        for name in purpose.fields:
            if name not in FIELDS[records] and not CUSTOM_FIELD.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no field of {records}; a custom field goes by its 40 characters"
                )

    def is_spent(self, response: HttpResponse) -> bool:
        """Whether the tokens of the day are used up."""
        left = response.headers.get("x-daily-ratelimit-token-remaining")
        return response.status == 429 and left == "0"

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The field of a person's name, for one token."""
        return self.json_request("GET", "/api/v2/personFields/name", None, session, reads=True)

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """The option of this name among those of the field, added if need be."""
        path = f"/api/v2/personFields/{quote(self.label_field, safe='')}"
        response = yield self.json_request("GET", path, None, session, reads=True)
        options = record_of(response, "data").get("options") or []
        if found := option_of(options, purpose.list_title):
            return found
        body = f'[{{"label":{json.dumps(purpose.list_title, ensure_ascii=False)}}}]'
        response = yield self.json_request("POST", f"{path}/options", body, session)
        found = option_of(records_of(response, "data"), purpose.list_title)
        if found is None:
            raise Unexpected(response)
        return found

    def converse(self, row: Row, batch: Batch) -> Conversation[Outcome]:
        """A record is looked for, then written, labelled or deleted."""
        purpose = batch.purpose
        person = whom(row, batch, self.identifiers)
        if person is None:
            return NOBODY
        if purpose.erases and purpose.object == "organizations":
            return not_possible("an organization is no person")
        found = yield from self._find(person, batch)
        if batch.removes:
            return (yield from self._take_away(found, batch))
        if len(found) > 1:
            return not_possible(f"several have this {person[0]}")
        if not found and (purpose.kind == "members" or purpose.mode == "update"):
            return not_possible(f"no {_records(batch)[:-1]} has this {person[0]}")
        if purpose.kind == "members":
            return (yield from self._label(found[0], batch))
        fields = fields_of(row.payload)
        if found:
            return (yield from self._write("PATCH", f"/{found[0]}", as_object(fields), batch))
        identity = in_list(*person) or {person[0]: person[1]}
        return (yield from self._write("POST", "", as_object({**identity, **fields}), batch))

    def _find(self, person: Person, batch: Batch) -> Conversation[list[str]]:
        identifier, value = person[0], quote(plain(person[1]) or "", safe="")
        if identifier == "id":
            return [value]
        path = f"/api/v2/{_records(batch)}/search?term={value}&fields={identifier}"
        response = yield self.json_request(
            "GET", f"{path}&exact_match=true&limit=50", None, batch.session, reads=True
        )
        found = [one.get("item") for one in records_of(response, "data", "items")]
        return [id_of(item, response) for item in found]

    def _label(self, person: str, batch: Batch) -> Conversation[Outcome]:
        """Add the option of an audience to those a person has, or take it from them."""
        path = f"/api/v2/persons/{person}"
        response = yield self.json_request(
            "GET", path, None, batch.session, reads=True, expected=NOT_FOUND
        )
        if response.status in NOT_FOUND:
            return GONE if batch.removes else outcome_from(response)
        data = record_of(response, "data")
        custom = data.get("custom_fields")
        holder = data if self.label_field == LABELS else custom
        held = listed(holder.get(self.label_field) if isinstance(holder, dict) else None)
        others = [one for one in held if str(one) != batch.list_id]
        if (len(others) < len(held)) is not batch.removes:
            return outcome_of(response, OutcomeKind.SUCCEEDED)
        wanted = others if batch.removes else [*others, int(batch.list_id or 0)]
        if self.label_field == LABELS:
            body = json.dumps({LABELS: wanted})
        else:
            body = json.dumps({"custom_fields": {self.label_field: wanted or None}})
        return (yield from self._write("PATCH", f"/{person}", body, batch))

    def _take_away(self, found: list[str], batch: Batch) -> Conversation[Outcome]:
        outcome = GONE
        for record in found:
            if batch.purpose.kind == "members":
                outcome = yield from self._label(record, batch)
            else:
                outcome = yield from self._write("DELETE", f"/{record}", None, batch)
            if outcome.http_status in NOT_FOUND:
                outcome = GONE
            if outcome.kind is not OutcomeKind.SUCCEEDED:
                return outcome
        return outcome

    def _write(
        self, method: str, record: str, body: str | None, batch: Batch
    ) -> Conversation[Outcome]:
        path = f"/api/v2/{_records(batch)}{record}"
        response = yield self.json_request(method, path, body, batch.session, expected=NOT_FOUND)
        return outcome_from(response)


def _records(batch: Batch) -> str:
    return batch.purpose.object or "persons"
