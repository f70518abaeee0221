"""Destinations of another package: with jobs, not idempotent, with several requests for a row."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.http_base import HttpDestination, Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Job,
    Unexpected,
)
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status


class _Acme(HttpDestination):
    account_settings: ClassVar[tuple[str, ...]] = ("base_url",)

    base_url: str
    extra: dict[str, Any] = Field(default_factory=dict)

    def account(self) -> str:
        return urlsplit(self.base_url).netloc

    def request(self, batch: Batch) -> HttpRequest:
        rows = ",".join(
            f'{{"operation":"{row.operation}","key":{row.key_json},'
            f'"idempotency_key":"{row.idempotency_key}","fields":{row.payload}}}'
            for row in batch.rows
        )
        return HttpRequest(
            "POST",
            self.base_url,
            {"Content-Type": "application/json"},
            f'{{"rows":[{rows}]}}'.encode(),
        )

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome] | Job:
        return [Outcome(kind_of_status(response.status), response.status)] * len(batch.rows)


class AcmeBulk(_Acme):
    """Accepts rows with 202 and the id of a job, which has a result per row in the end."""

    limits: ClassVar[Limits] = Limits(rows_per_request=1000, concurrency=2)

    type: Literal["acme_bulk"]

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome] | Job:
        if response.status != 202:
            return super().outcomes(response, batch)
        return Job(str(json.loads(response.body)["job"]))

    def poll(self, job: Job, batch: Batch) -> HttpRequest:
        return HttpRequest("GET", f"{self.base_url}/jobs/{job.job_id}", {}, b"")

    def job_outcomes(
        self, job: Job, response: HttpResponse, batch: Batch
    ) -> Sequence[Outcome] | Job:
        answer = json.loads(response.body)
        if answer["state"] != "complete":
            return job
        return [Outcome(kind_of_status(status), status) for status in answer["statuses"]]


class AcmeTracker(_Acme):
    """Counts every arrival: what is sent twice takes effect twice."""

    type: Literal["acme_tracker"]

    @property
    def is_idempotent(self) -> bool:
        return False

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        kind = OutcomeKind.SUCCEEDED if response.status == 200 else kind_of_status(response.status)
        return [Outcome(kind, response.status)] * len(batch.rows)


class AcmeDesk(_Acme):
    """People of a help desk, found by e-mail before they are changed, on lists that have ids.

    Its token comes from a conversation. A name that is empty would be lost, so it is refused.
    """

    limits: ClassVar[Limits] = Limits(rows_per_request=1)

    type: Literal["acme_desk"]
    secret: SecretStr

    def check(self, purpose: Purpose) -> None:
        """Every setting fits."""

    def place(self, purpose: Purpose) -> str | None:
        return purpose.list_title if purpose.kind == "members" else None

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {session['token'].get_secret_value()}"}

    def authorize(self) -> Conversation[Mapping[str, SecretStr]]:
        body = json.dumps({"secret": self.secret.get_secret_value()}).encode()
        answer = yield HttpRequest("POST", f"{self.base_url}/token", {}, body)
        return {"token": SecretStr(str(_accepted(answer)["token"]))}

    def find_list(
        self, purpose: Purpose, session: Mapping[str, SecretStr]
    ) -> Conversation[str | None]:
        headers = self.credentials(session)
        found = yield HttpRequest("GET", f"{self.base_url}/lists", headers, reads=True)
        for known in _accepted(found)["lists"]:
            if known["name"] == purpose.list_title:
                return str(known["id"])
        body = json.dumps({"name": purpose.list_title}).encode()
        made = yield HttpRequest("POST", f"{self.base_url}/lists", headers, body)
        return str(_accepted(made)["id"])

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        return {
            place: "a name is missing"
            for place, row in enumerate(batch.rows)
            if '"name":null' in row.payload
        }

    def exchange(self, batch: Batch) -> Exchange:
        headers, [row] = self.credentials(batch.session), batch.rows
        found = yield HttpRequest(
            "GET",
            f"{self.base_url}/people/{row.key}",
            headers,
            reads=True,
            expected=frozenset({404}),
        )
        known = None if found.status == 404 else _accepted(found)["id"]
        where = f"/lists/{batch.list_id}" if batch.list_id else f"/people/{known or ''}"
        answer = yield HttpRequest(
            "PUT" if known else "POST", f"{self.base_url}{where}", headers, row.payload.encode()
        )
        return [Outcome(kind_of_status(answer.status), answer.status)]


def _accepted(response: HttpResponse) -> Any:
    if response.status >= 300:
        raise Unexpected(response)
    return json.loads(response.body)
