"""webhook: rows as JSON to an address of your own.

A request holds up to ``rows_per_request`` rows::

    {"sync": "…", "rows": [{"operation": "add", "key": "…", "idempotency_key": "…", "fields": {…}}]}

``operation`` is add, change or remove; removed rows carry the fields last acknowledged. The
receiver should apply a row's idempotency key once: a request whose answer was lost is sent again.
With ``row_results: true`` the answer ``{"results": [{"status": 200}, …]}`` decides row by row;
otherwise the status of the response decides for all rows, and a request that is refused is halved
until the bad rows are alone. ``body`` and ``row`` are templates for another shape of JSON; with
``signing_secret`` each request is signed.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from reverse_etl.destinations.kit.http_base import HttpDestination, Limits
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.destinations.kit.templates import Render, compile_template
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status
from reverse_etl.reading import UNREADABLE

SIGNATURE_HEADER = "X-Weft-Signature"
"""Holds ``sha256=`` and the HMAC-SHA256 of the body, in hexadecimal digits."""

_SHOWN_CHARACTERS = 300
_ROWS = "{{ rows }}"
_SYNC = '"{{ sync }}"'


class Webhook(HttpDestination):
    """An HTTP endpoint that takes JSON."""

    limits: ClassVar[Limits] = Limits(rows_per_request=100, concurrency=8)
    account_settings: ClassVar[tuple[str, ...]] = ("url",)

    type: Literal["webhook"]
    url: SecretStr
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)
    row: Any = None
    body: Any = None
    row_results: bool = False
    signing_secret: SecretStr | None = None
    idempotent: bool = True
    allow_private_addresses: bool = False

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: SecretStr) -> SecretStr:
        text = url.get_secret_value()
        if "{{" not in text:
            parts = urlsplit(text)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("it must be an address such as https://example.com/hook")
        return url

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
        for name, value in headers.items():
            text = value.get_secret_value()
            if "{{" not in text and not (text.isascii() and text.isprintable()):
                raise ValueError(f"the value of {name} holds a line break or a special character")
        return headers

    @field_validator("row")
    @classmethod
    def _is_template(cls, row: Any) -> Any:
        if row is not None:
            compile_template(row)
        return row

    @field_validator("body")
    @classmethod
    def _holds_the_rows(cls, body: Any) -> Any:
        if body is not None and json.dumps(body).count(f'"{_ROWS}"') != 1:
            raise ValueError(f'it must hold "{_ROWS}" once, where the list of rows goes')
        return body

    def account(self) -> str:
        """Scheme, host and a hash of the path: a path may be a secret, as with Slack's hooks."""
        parts = urlsplit(self.url.get_secret_value())
        port = f":{parts.port}" if parts.port else ""
        path = hashlib.sha256(parts.path.encode()).hexdigest()[:16]
        return f"{parts.scheme}://{parts.hostname}{port}/{path}"

    @property
    def all_or_nothing(self) -> bool:
        """Without results row by row, a refusal says only that one row at least is bad."""
        return not self.row_results

    @property
    def is_idempotent(self) -> bool:
        """As its receiver is set up: whether it applies an idempotency key once."""
        return self.idempotent

    @property
    def allows_private_addresses(self) -> bool:
        """As the settings say; what the warehouse holds is not to reach the own network unasked."""
        return self.allow_private_addresses

    def request(self, batch: Batch) -> HttpRequest:
        """The rows as one JSON document; values are placed into it as they are."""
        sync = batch.sync
        if self.row is None:
            rows = ",".join(
                [
                    f'{{"operation":"{row.operation}","key":{row.key_json},'
                    f'"idempotency_key":"{row.idempotency_key}","fields":{row.payload}}}'
                    for row in batch.rows
                ]
            )
        else:
            rows = ",".join([self._render(row, sync) for row in batch.rows])
        before, after = (part.replace(_SYNC, json.dumps(sync)) for part in self._around)
        body = f"{before}[{rows}]{after}".encode()
        together = "".join([row.idempotency_key for row in batch.rows])
        return HttpRequest(
            method=self.method,
            url=self.url.get_secret_value(),
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": hashlib.blake2b(together.encode(), digest_size=32).hexdigest(),
                **self._signature(body),
                **{name: value.get_secret_value() for name, value in self.headers.items()},
            },
            body=body,
        )

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Per row with ``row_results``; otherwise the response's status for every row."""
        kind = kind_of_status(response.status)
        if self.row_results and kind is OutcomeKind.SUCCEEDED:
            return _row_outcomes(response, len(batch.rows))
        failed = kind is not OutcomeKind.SUCCEEDED
        outcome = Outcome(
            kind,
            http_status=response.status,
            message=_shown(response.body) if failed else None,
            request_id=response.headers.get("x-request-id"),
        )
        return [outcome] * len(batch.rows)

    @cached_property
    def _render(self) -> Render:
        return compile_template(self.row)

    @cached_property
    def _around(self) -> tuple[str, str]:
        """The body before and after the list of rows."""
        template = {"sync": "{{ sync }}", "rows": _ROWS} if self.body is None else self.body
        text = json.dumps(template, ensure_ascii=False, separators=(",", ":"))
        before, _, after = text.partition(f'"{_ROWS}"')
        return before, after

    def _signature(self, body: bytes) -> dict[str, str]:
        if self.signing_secret is None:
            return {}
        secret = self.signing_secret.get_secret_value().encode()
        return {SIGNATURE_HEADER: f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"}


def _row_outcomes(response: HttpResponse, count: int) -> list[Outcome]:
    try:
        results = json.loads(response.body)["results"]
    except (ValueError, TypeError, KeyError):
        results = []
    if not isinstance(results, list) or len(results) != count:
        return [UNREADABLE] * count
    request_id = response.headers.get("x-request-id")
    return [_row_outcome(result, request_id) for result in results]


def _row_outcome(result: Any, request_id: str | None) -> Outcome:
    status = result.get("status") if isinstance(result, dict) else None
    if not isinstance(status, int):
        return UNREADABLE
    kind = kind_of_status(status)
    said = result.get("error") or result.get("message")
    message = str(said)[:_SHOWN_CHARACTERS] if said and kind is not OutcomeKind.SUCCEEDED else None
    return Outcome(kind, status, message=message, request_id=request_id)


def _shown(body: bytes) -> str | None:
    text = " ".join(body.decode(errors="replace").split())
    return text[:_SHOWN_CHARACTERS] or None
