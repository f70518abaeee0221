"""sendgrid: contacts of Marketing Campaigns, which jobs write, and lists of them.

A contact is written by what identifies it and removed by the id SendGrid has for it, which is
looked up. A job is followed to its end; the file of its errors says which contacts failed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.base import ALL_MODES
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    Job,
    Unexpected,
)
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Kind, Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.sendgrid_jobs import NO_FILE, Ended, job_of, outcomes_of
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, fragments

_RESERVED = frozenset(
    {"address_line_1", "address_line_2", "alternate_emails", "anonymous_id", "city", "country"}
    | {"email", "external_id", "facebook", "first_name", "last_name", "line", "phone_number"}
    | {"phone_number_id", "postal_code", "state_province_region", "unique_name", "whatsapp"}
)
_CUSTOM = re.compile(r"[a-z]\d+_[NTD]")
_AT_ONCE = 100
_NOBODY = 404
_MEMBERS = "members:"


class SendGrid(ApiDestination):
    """SendGrid: contacts of Marketing Campaigns, their custom fields, and lists of them."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=30_000,
        bytes_per_request=6_000_000,
        concurrency=2,
        verified_on="2026-11-22",
    )
    modes: ClassVar[frozenset[Mode]] = ALL_MODES - {"update", "create", "append"}
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"erasure": _AT_ONCE}
    identifiers: ClassVar[Mapping[str, str]] = {
        "email": "email",
        "user_id": "external_id",
        "external_id": "external_id",
        "anonymous_id": "anonymous_id",
        "phone": "phone_number_id",
        "phone_number_id": "phone_number_id",
    }
    takes_list: ClassVar[bool] = True
    account_settings: ClassVar[tuple[str, ...]] = ("region", "account_name")

    type: Literal["sendgrid"]
    api_key: SecretStr = Field(description="with access to Marketing, and to Data Erasure")
    region: Literal["global", "eu"] = Field(default="global", description="where the account is")
    account_name: str = Field(default="", description="any name, to tell two accounts apart")

    def address(self) -> str:
        """By the region."""
        return {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}[
            self.region
        ]

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The key."""
        del session
        return {"Authorization": f"Bearer {self.api_key.get_secret_value()}"}

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """How many contacts there are."""
        return self.json_request("GET", "/v3/marketing/contacts/count", None, session, reads=True)

    def check(self, purpose: Purpose) -> None:
        """A custom field that is called by its name would fail only in a job."""
        super().check(purpose)
        for name in purpose.fields:
            if name not in _RESERVED and not _CUSTOM.fullmatch(name):
                raise ValueError(
                    f"the field {name!r} is none of SendGrid's; a custom field goes by its id, "
                    "as in w1_T"
                )

    @property
    def all_or_nothing(self) -> bool:
        """An address it cannot read makes SendGrid refuse a whole request (400)."""
        return True

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """A list by its name, made where there is none."""
        path = "/v3/marketing/lists?page_size=1000"
        while path:
            found = yield self.json_request("GET", path, None, session, reads=True)
            page = accepted(found)
            for item in objects_in(found, page, "result"):
                if item.get("name") == purpose.list_title and isinstance(item.get("id"), str):
                    return str(item["id"])
            following = page.get("_metadata") if isinstance(page, dict) else None
            address = following.get("next") if isinstance(following, dict) else None
            token = str(address or "").partition("page_token=")[2].partition("&")[0]
            path = f"/v3/marketing/lists?page_size=1000&page_token={token}" if token else ""
        body = json.dumps({"name": purpose.list_title})
        made = yield self.json_request("POST", "/v3/marketing/lists", body, session)
        document = accepted(made)
        if not isinstance(document, dict) or not isinstance(document.get("id"), str):
            raise Unexpected(made)
        return str(document["id"])

    def exchange(self, batch: Batch) -> Exchange:
        """One request to write; to remove, a look-up of the ids first."""
        if batch.removes:
            return (yield from self._remove(batch))
        response = yield self.request(batch)
        return Job(job_of(response))

    def request(self, batch: Batch) -> HttpRequest:
        """Contacts, put on the list of an audience."""
        name = self.identifier(batch.purpose)
        contacts = ",".join([_contact(row, name) for row in batch.rows])
        lists = f'"list_ids":[{json.dumps(batch.list_id)}],' if batch.list_id else ""
        body = f'{{{lists}"contacts":[{contacts}]}}'
        return self.json_request("PUT", "/v3/marketing/contacts", body, batch.session)

    def follow(self, job: Job, batch: Batch) -> Exchange:
        """A job is asked for its state; a list, whether it still has the contacts."""
        if job.job_id.startswith(_MEMBERS):
            there = yield from self._find(batch)
            is_done = not _members(there, batch)
            return [Outcome(OutcomeKind.SUCCEEDED)] * len(batch.rows) if is_done else job
        ended = []
        for job_id in job.job_id.split(","):
            path = f"/v3/marketing/contacts/imports/{quote(job_id, safe='')}"
            state = yield self.json_request("GET", path, None, batch.session, reads=True)
            found = Ended.read(state)
            if found is None:
                return job
            ended.append(found)
        file = NO_FILE
        if not batch.removes and ended[0].errors_url:
            statuses = frozenset({400, 401, 403, 404, 410})
            # The file lies with another company: it must not see the key.
            request = HttpRequest("GET", ended[0].errors_url, {}, reads=True, expected=statuses)
            file = yield request
        return outcomes_of(ended, file, batch)

    def _remove(self, batch: Batch) -> Exchange:
        purpose = batch.purpose
        there = yield from self._find(batch)
        if purpose.kind == "erasure":
            yield from self._erase_mails(batch, there)
        ids = _members(there, batch) if purpose.kind == "members" else _ids(there)
        if not ids:
            return [Outcome(OutcomeKind.SUCCEEDED)] * len(batch.rows)
        path = "/v3/marketing/contacts?ids="
        if purpose.kind == "members":
            path = f"/v3/marketing/lists/{quote(str(batch.list_id), safe='')}/contacts?contact_ids="
        jobs = []
        for start in range(0, len(ids), _AT_ONCE):
            some = ",".join(quote(one, safe="") for one in ids[start : start + _AT_ONCE])
            response = yield self.json_request("DELETE", f"{path}{some}", None, batch.session)
            jobs.append(job_of(response))
        return Job(f"{_MEMBERS}{jobs[0]}" if purpose.kind == "members" else ",".join(jobs))

    def _erase_mails(self, batch: Batch, there: Sequence[Mapping[str, Any]]) -> Conversation[None]:
        """Of the addresses that are keys, and those of the contacts that were found."""
        emails = {contact["email"] for contact in there if contact.get("email")}
        if self.identifier(batch.purpose) == "email":
            emails = {row.key for row in batch.rows}
        if emails:
            body = json.dumps({"email_addresses": sorted(emails)})
            accepted(
                (yield self.json_request("POST", "/v3/recipients/erasejob", body, batch.session))
            )

    def _find(self, batch: Batch) -> Conversation[list[dict[str, Any]]]:
        """The contacts that SendGrid has of the rows."""
        name, found = self.identifier(batch.purpose), list[dict[str, Any]]()
        path = f"/v3/marketing/contacts/search/identifiers/{name}"
        path = "/v3/marketing/contacts/search/emails" if name == "email" else path
        for start in range(0, len(batch.rows), _AT_ONCE):
            keys = [row.key_json for row in batch.rows[start : start + _AT_ONCE]]
            listed = ",".join(keys if name == "email" else [f'{{"{name}":{key}}}' for key in keys])
            body = f'{{"{"emails" if name == "email" else "identifiers"}":[{listed}]}}'
            expected = frozenset({_NOBODY})
            response = yield self.json_request(
                "POST", path, body, batch.session, reads=True, expected=expected
            )
            if response.status == _NOBODY:
                continue
            document = accepted(response)
            result = document.get("result") if isinstance(document, dict) else None
            if not isinstance(result, dict) or len(result) < len(keys):
                raise Unexpected(response)
            contacts = [item.get("contact") for item in result.values() if isinstance(item, dict)]
            found += [contact for contact in contacts if isinstance(contact, dict)]
        return found


def _contact(row: Row, name: str) -> str:
    own, custom = {name: row.key_json}, dict[str, str]()
    for field, value in fragments(row.payload).items():
        (own if field in _RESERVED else custom).setdefault(field, value)
    if custom:
        own["custom_fields"] = as_object(custom)
    return as_object(own)


def _ids(contacts: Sequence[Mapping[str, Any]]) -> list[str]:
    return [contact["id"] for contact in contacts if isinstance(contact.get("id"), str)]


def _members(contacts: Sequence[Mapping[str, Any]], batch: Batch) -> list[str]:
    """The ids of those that are on the list."""
    return _ids([one for one in contacts if batch.list_id in (one.get("list_ids") or [])])
