"""notion: rows as pages of a data source, found by the property that holds the key.

Notion has no upsert and takes one page at a time: each row is looked for, then written. What a
value looks like depends on the type of its property, so the data source is asked for its
properties first, once for each batch. A page that was made while the answer was lost is found by
the next try.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import quote

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
from reverse_etl.destinations.kit.replies import accepted, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.kit.singly import each_row
from reverse_etl.destinations.notion_values import page_filter, property_value
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status
from reverse_etl.values import as_object, fragments

_CONFLICT = 409


class Notion(ApiDestination):
    """Pages of a data source in Notion."""

    limits: ClassVar[Limits] = Limits(50, None, 3, 3, verified_on="2026-11-22")
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "update", "mirror", "audience"})
    takes_fields_with: ClassVar[frozenset[str]] = frozenset({"people", "members"})
    account_settings: ClassVar[tuple[str, ...]] = ("data_source_id",)

    type: Literal["notion"]
    token: SecretStr = Field(description="the token of a connection that may edit the database")
    data_source_id: str = Field(description="the id of the data source, not that of the database")
    version: str = Field(default="2026-03-11", description="the version of the API")

    def address(self) -> str:
        """Notion's only one."""
        return "https://api.notion.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The token."""
        del session
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}

    def json_request(
        self,
        method: str,
        path: str,
        body: str | None,
        session: Mapping[str, SecretStr],
        *,
        reads: bool = False,
        expected: frozenset[int] = frozenset(),
    ) -> HttpRequest:
        """As of every vendor, with the version that Notion demands."""
        made = super().json_request(method, path, body, session, reads=reads, expected=expected)
        headers = {**made.headers, "Notion-Version": self.version}
        return HttpRequest(made.method, made.url, headers, made.body, reads, expected)

    def exchange(self, batch: Batch) -> Exchange:
        """The properties of the data source, then row by row."""
        response = yield self.probe(batch.session)
        types = _types(response)
        return (yield from each_row(batch, lambda row: self._converse(row, batch, types)))

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The data source."""
        return self.json_request("GET", self._source, None, session, reads=True)

    @property
    def _source(self) -> str:
        return f"/v1/data_sources/{quote(self.data_source_id, safe='')}"

    def _converse(self, row: Row, batch: Batch, types: Mapping[str, str]) -> Conversation[Outcome]:
        """Look for the page of a row, then write it."""
        name = self.identifier(batch.purpose)
        try:
            properties = self._properties(row, batch, types)
            wanted = page_filter(name, types, row.key_json)
        except ValueError as error:
            return Outcome(OutcomeKind.REJECTED, code="not_sendable", message=str(error))
        body = f'{{"filter":{wanted},"page_size":2}}'
        response = yield self.json_request(
            "POST", f"{self._source}/query", body, batch.session, reads=True
        )
        if not is_success(response):
            return _outcome(response)
        pages = objects_in(response, accepted(response), "results")
        if not pages and (batch.removes or batch.purpose.mode == "update"):
            kind = OutcomeKind.SUCCEEDED if batch.removes else OutcomeKind.REJECTED
            return Outcome(kind, message=None if batch.removes else "no page has this key")
        if len(pages) > 1:
            return Outcome(OutcomeKind.REJECTED, message="several pages have this key")
        response = yield self._write(response, pages, properties, batch)
        return _outcome(response)

    def _properties(self, row: Row, batch: Batch, types: Mapping[str, str]) -> str:
        if batch.purpose.kind == "members":
            member = "false" if batch.removes else "true"
            fields = {batch.purpose.list_title: member}
            fields |= {} if batch.removes else fragments(row.payload)
        else:
            fields = {} if batch.removes else fragments(row.payload)
        if not batch.removes:
            fields[self.identifier(batch.purpose)] = row.key_json
        return as_object({name: property_value(name, types, text) for name, text in fields.items()})

    def _write(
        self, found: HttpResponse, pages: list[dict[str, Any]], properties: str, batch: Batch
    ) -> HttpRequest:
        if not pages:
            source = as_object(
                {"type": '"data_source_id"', "data_source_id": f'"{self.data_source_id}"'}
            )
            body = f'{{"parent":{source},"properties":{properties}}}'
            return self.json_request("POST", "/v1/pages", body, batch.session)
        page = pages[0].get("id")
        if not isinstance(page, str):
            raise Unexpected(found)
        leaves = batch.removes and batch.purpose.kind != "members"
        body = '{"in_trash":true}' if leaves else f'{{"properties":{properties}}}'
        return self.json_request("PATCH", f"/v1/pages/{quote(page, safe='')}", body, batch.session)


def _types(response: HttpResponse) -> Mapping[str, str]:
    """The type of each property of a data source, by name."""
    said = accepted(response)
    properties = said.get("properties") if isinstance(said, dict) else None
    if not isinstance(properties, dict):
        raise Unexpected(response)
    return {
        name: str(value.get("type"))
        for name, value in properties.items()
        if isinstance(value, dict)
    }


def _outcome(response: HttpResponse) -> Outcome:
    """What the answer for one page means: Notion says code and message."""
    kind = OutcomeKind.RETRY if response.status == _CONFLICT else kind_of_status(response.status)
    if kind is OutcomeKind.SUCCEEDED:
        if not isinstance(accepted(response), dict):
            raise Unexpected(response)
        return outcome_of(response, kind)
    try:
        said = accepted(HttpResponse(200, response.headers, response.body))
    except Unexpected:
        said = None
    found = said if isinstance(said, dict) else {}
    message = found.get("message") or response.body.decode(errors="replace")
    return outcome_of(response, kind, message, found.get("code"))
