"""Destinations of another package: one with asynchronous jobs, one that is not idempotent."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from reverse_etl.destinations.http_base import HttpDestination, Limits
from reverse_etl.destinations.messages import HttpRequest, HttpResponse, Job
from reverse_etl.destinations.rows import Batch
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
