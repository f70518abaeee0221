"""rudderstack: people, audiences and events to a data plane of RudderStack."""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import accepted, alike, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.destinations.segment_spec import SpecDestination
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import UNREADABLE, shown
from reverse_etl.values import plain

_CONTROL = {"us": "https://api.rudderstack.com", "eu": "https://api.eu.rudderstack.com"}


class RudderStack(SpecDestination):
    """People with traits, audiences and events to a data plane of RudderStack."""

    limits: ClassVar[Limits] = Limits(
        rows_per_request=1000, bytes_per_request=4_000_000, verified_on="2026-11-22"
    )
    account_settings: ClassVar[tuple[str, ...]] = ("data_plane_url", "write_key")

    type: Literal["rudderstack"]
    data_plane_url: str = Field(
        pattern=r"^(https?://[^/\s]+(/[^\s]*)?|.*\{\{.*)$",
        description="the address of the data plane",
    )
    region: Literal["us", "eu"] = Field(
        default="us", description="where the control plane is, for weft forget and weft debug"
    )
    access_token: SecretStr | None = Field(
        default=None,
        description="a service access token of the workspace, for weft forget and weft debug",
    )
    delete_from: tuple[str, ...] = Field(
        default=(), description="ids of the destinations in which weft forget deletes people"
    )

    def account(self) -> str:
        """The data plane and the source."""
        return f"{self.type}/{self.data_plane_url}/{self.source}"

    def address(self) -> str:
        """The data plane."""
        return self.data_plane_url

    @property
    def can_erase(self) -> bool:
        """With a token and destinations to delete from: suppressing alone deletes nothing."""
        return self.access_token is not None and bool(self.delete_from)

    def request(self, batch: Batch) -> HttpRequest:
        """A batch of calls; the people to forget go into one regulation."""
        if batch.purpose.kind != "erasure":
            return self.calls_request(batch)
        people = ",".join([f'{{"userId":{value}}}' for value in self.erased(batch)])
        body = (
            '{"regulationType":"suppress_with_delete",'
            f'"destinationIds":{json.dumps(self.delete_from)},"users":[{people}]}}'
        )
        return self._control_request("POST", "/v2/regulations", body)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """OK for the whole batch; of a regulation, the people it names."""
        if not is_success(response):
            return alike(response, batch, message=shown(response.body))
        if batch.purpose.kind == "erasure":
            return _regulated(response, batch, self.erased(batch))
        if response.body.strip().strip(b'"').upper() == b"OK":
            return alike(response, batch, OutcomeKind.SUCCEEDED)
        raise Unexpected(response)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest | None:
        """The sources of the workspace; the data plane has nothing that can be asked for."""
        return self._control_request("GET", "/v2/sources", None) if self.access_token else None

    def _control_request(self, method: str, path: str, body: str | None) -> HttpRequest:
        return self.token_request(_CONTROL[self.region], self.access_token, method, path, body)


def _regulated(
    response: HttpResponse, batch: Batch, erased: Mapping[str, Sequence[int]]
) -> list[Outcome]:
    """Success for the people whose regulations the answer lists."""
    answer = accepted(response)
    entries = answer if isinstance(answer, list) else []
    attributes = [entry.get("attributes") for entry in entries if isinstance(entry, dict)]
    named = {str(found.get("userId")) for found in attributes if isinstance(found, dict)}
    outcomes = [UNREADABLE] * len(batch.rows)
    for value, places in erased.items():
        for place in places if plain(value) in named else ():
            outcomes[place] = outcome_of(response, OutcomeKind.SUCCEEDED)
    return outcomes
