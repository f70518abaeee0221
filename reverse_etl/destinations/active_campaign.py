"""active_campaign: contacts by their e-mail address, in imports that are followed to their end.

An audience is a tag, which says nothing about consent: whoever has left a list of ActiveCampaign
cannot be put on it again, and it does not say so.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlencode

from pydantic import Field, SecretStr

from reverse_etl.destinations.active_campaign_removal import remove
from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.base import ALL_MODES
from reverse_etl.destinations.kit.erasing import one_by_one
from reverse_etl.destinations.kit.events import read_event
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Job,
    Unexpected,
)
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Kind, Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, as_text, fragments, plain

_OWN = frozenset({"first_name", "last_name", "phone", "customer_acct_name"})
_REFUSED = 400


class ActiveCampaign(ApiDestination):
    """ActiveCampaign: contacts, their custom fields, tags and tracked events."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=250,
        bytes_per_request=399_999,
        requests_per_second=5,
        concurrency=4,
        verified_on="2026-11-22",
    )
    modes: ClassVar[frozenset[Mode]] = ALL_MODES - {"update", "create"}
    identifiers: ClassVar[Mapping[str, str]] = {"email": "email"}
    most_of_kind: ClassVar[Mapping[Kind, int]] = {"events": 1, "erasure": 1}
    account_settings: ClassVar[tuple[str, ...]] = ("account_name",)

    type: Literal["active_campaign"]
    account_name: str = Field(
        pattern=r"^[A-Za-z0-9-]+$|\{\{", description="as in https://acme.api-us1.com"
    )
    api_token: SecretStr = Field(description="of a user, under Settings, Developer")
    event_account: str | None = Field(default=None, description="actid of event tracking")
    event_key: SecretStr | None = Field(default=None, description="key of event tracking")

    def address(self) -> str:
        """The account's own."""
        return f"https://{self.account_name}.api-us1.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The user's token."""
        del session
        return {"Api-Token": self.api_token.get_secret_value()}

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """Whose token it is."""
        return self.json_request("GET", "/api/3/users/me", None, session, reads=True)

    def check(self, purpose: Purpose) -> None:
        """Fields that an import would drop without a word."""
        super().check(purpose)
        if purpose.mode == "append":
            if self.event_account is None or self.event_key is None:
                raise ValueError("events need the settings event_account and event_key")
            return
        for name in purpose.fields:
            if name not in _OWN and not name.isdecimal():
                raise ValueError(
                    f"the field {name!r} is none of ActiveCampaign's; a custom field goes by its "
                    "number"
                )

    @property
    def all_or_nothing(self) -> bool:
        """One contact that is not valid makes ActiveCampaign refuse a whole import (400)."""
        return True

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        """A tag by its name, made where there is none."""
        name = purpose.list_title
        path = f"/api/3/tags?search={quote(name, safe='')}&limit=100"
        found = yield self.json_request("GET", path, None, session, reads=True)
        for tag in objects_in(found, accepted(found), "tags"):
            if tag.get("tag") == name and tag.get("tagType") == "contact":
                return str(tag.get("id"))
        body = json.dumps({"tag": {"tag": name, "tagType": "contact", "description": ""}})
        made = yield self.json_request("POST", "/api/3/tags", body, session)
        document = accepted(made)
        try:
            return str(document["tag"]["id"])
        except (TypeError, KeyError):
            raise Unexpected(made) from None

    def exchange(self, batch: Batch) -> Exchange:
        """An import; what is removed, and events, go one by one."""
        if batch.removes:
            ask = partial(remove, self, batch)
            return (yield from one_by_one(batch, self.identifiers, ask))
        response = yield self.request(batch)
        return self.outcomes(response, batch)

    def request(self, batch: Batch) -> HttpRequest:
        """An import, or one event."""
        if batch.purpose.kind == "events":
            return self._event(batch)
        tags = ""
        if batch.purpose.kind == "members":
            tags = f',"tags":[{json.dumps(batch.purpose.list_title, ensure_ascii=False)}]'
        contacts = ",".join([_contact(row, tags) for row in batch.rows])
        body = f'{{"contacts":[{contacts}]}}'
        return self.json_request("POST", "/api/3/import/bulk_import", body, batch.session)

    def outcomes(self, response: HttpResponse, batch: Batch) -> list[Outcome] | Job:
        """The import that was queued; of an event, whether it was taken."""
        if response.status == _REFUSED and b"Rate limit exceeded" in response.body:
            return alike(response, batch, OutcomeKind.RETRY, "too many imports in a minute")
        document = accepted(response)
        found = document if isinstance(document, dict) else {}
        if batch.purpose.kind == "events":
            if "success" not in found:
                raise Unexpected(response)
            kind = OutcomeKind.SUCCEEDED if found["success"] == 1 else OutcomeKind.REJECTED
            return alike(response, batch, kind, found.get("message"))
        if not isinstance(found.get("batchId"), str):
            raise Unexpected(response)
        return Job(found["batchId"])

    def poll(self, job: Job, batch: Batch) -> HttpRequest:
        """The state of an import."""
        path = f"/api/3/import/info?batchId={quote(job.job_id, safe='')}"
        return self.json_request("GET", path, None, batch.session, reads=True)

    def job_outcomes(self, job: Job, response: HttpResponse, batch: Batch) -> list[Outcome] | Job:
        """The addresses that failed; the others are written if the numbers add up."""
        document = accepted(response)
        found: dict[str, Any] = document if isinstance(document, dict) else {}
        state, written, failed = (found.get(name) for name in ("status", "success", "failure"))
        if state not in ("completed", "failed", "interrupted"):
            return job
        if not isinstance(written, list) or not isinstance(failed, list):
            raise Unexpected(response)
        addresses = {str(address).lower() for address in failed}
        everyone = {row.key.lower() for row in batch.rows}
        rest = outcome_of(response, OutcomeKind.RETRY, f"the import was {state}", state)
        if state == "completed" and len(written) + len(addresses) >= len(everyone):
            rest = outcome_of(response, OutcomeKind.SUCCEEDED)
        elif state == "completed":
            message = "the import reports fewer contacts than it was given"
            rest = outcome_of(response, OutcomeKind.UNKNOWN, message, "no_result")
        refused = outcome_of(response, OutcomeKind.REJECTED, "ActiveCampaign could not import it")
        return [refused if row.key.lower() in addresses else rest for row in batch.rows]

    def _event(self, batch: Batch) -> HttpRequest:
        event = read_event(batch.rows[0], batch, self.identifiers)
        key = self.event_key.get_secret_value() if self.event_key else ""
        form = {"actid": self.event_account or "", "key": key, "event": plain(event.name) or ""}
        form |= {"eventdata": as_object(event.properties), "visit": as_object(event.identifiers)}
        url = f"{(self.base_url or 'https://trackcmp.net').rstrip('/')}/event"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return HttpRequest("POST", url, headers, urlencode(form).encode())


def _contact(row: Row, tags: str) -> str:
    """A contact of an import: values are text, custom fields go by their numbers."""
    found = fragments(row.payload)
    own = {"email": row.key_json}
    own |= {name: as_text(value) for name, value in found.items() if name in _OWN}
    custom = ",".join(
        f'{{"id":{int(name)},"value":{as_text(value)}}}'
        for name, value in found.items()
        if name not in _OWN
    )
    if custom:
        own["fields"] = f"[{custom}]"
    return f"{as_object(own)[:-1]}{tags}}}"
