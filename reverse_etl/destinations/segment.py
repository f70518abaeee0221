"""segment: people, audiences and events to a source of Segment; deletion by its Public API."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import accepted, alike, is_success
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.destinations.segment_spec import SpecDestination
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import shown

_TRACKING = {"us": "https://api.segment.io", "eu": "https://events.eu1.segmentapis.com"}
_PUBLIC = {"us": "https://api.segmentapis.com", "eu": "https://eu1.api.segmentapis.com"}


class Segment(SpecDestination):
    """People with traits, audiences and events to a source of Segment."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=2500,
        bytes_per_request=500_000,
        requests_per_second=1000,
        verified_on="2026-11-22",
    )
    account_settings: ClassVar[tuple[str, ...]] = ("region", "write_key")

    type: Literal["segment"]
    region: Literal["us", "eu"] = Field(
        default="us",
        description="where the workspace is; the address of the other one takes calls and loses "
        "them",
    )
    public_api_token: SecretStr | None = Field(
        default=None, description="a token of the Public API, for weft forget and weft debug"
    )
    regulation: Literal[
        "SUPPRESS_WITH_DELETE", "SUPPRESS_WITH_DELETE_INTERNAL", "DELETE_ONLY", "DELETE_INTERNAL"
    ] = Field(
        default="SUPPRESS_WITH_DELETE",
        description="what forgetting does: delete and take no more data of the person, or delete "
        "only; INTERNAL leaves connected destinations alone",
    )

    def account(self) -> str:
        """The region and the source."""
        return f"{self.type}/{self.region}/{self.source}"

    def address(self) -> str:
        """The tracking API of the region."""
        return _TRACKING[self.region]

    @property
    def can_erase(self) -> bool:
        """With a token of the Public API."""
        return self.public_api_token is not None

    def request(self, batch: Batch) -> HttpRequest:
        """A batch of calls; the people to forget go into one regulation."""
        if batch.purpose.kind != "erasure":
            return self.calls_request(batch)
        people = ",".join(self.erased(batch))
        body = (
            f'{{"regulationType":"{self.regulation}","subjectType":"USER_ID",'
            f'"subjectIds":[{people}]}}'
        )
        return self._public_request("POST", "/regulations", body)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Success only where the answer says it: a regulation has an id, a batch ``success``."""
        if not is_success(response):
            return alike(response, batch, message=shown(response.body))
        answer = accepted(response)
        answer = answer if isinstance(answer, dict) else {}
        data = answer.get("data")
        is_regulated = isinstance(data, dict) and bool(data.get("regulateId"))
        if is_regulated if batch.purpose.kind == "erasure" else answer.get("success") is True:
            return alike(response, batch, OutcomeKind.SUCCEEDED)
        raise Unexpected(response)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest | None:
        """The workspace of the Public API's token; the tracking API answers any write key."""
        return self._public_request("GET", "/", None) if self.public_api_token else None

    def _public_request(self, method: str, path: str, body: str | None) -> HttpRequest:
        address = _PUBLIC[self.region]
        return self.token_request(address, self.public_api_token, method, path, body)
