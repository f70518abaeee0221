"""slack: a digest of what has changed, to a channel, by an incoming webhook.

A message stands for a whole batch of rows, not for one: how many were added, changed or removed,
and the first of them. Slack answers a message that it posts with the text ``ok``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse, Unexpected
from reverse_etl.destinations.kit.purpose import Mode
from reverse_etl.destinations.kit.replies import alike, is_success
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.kit.templates import Render, compile_template
from reverse_etl.outcomes import Outcome
from reverse_etl.reading import shown
from reverse_etl.values import fragments, plain

_LONGEST_LINE = 300
_DONE = {"add": "added", "change": "changed", "remove": "removed"}
_OF_MEMBERS = {"add": "joined", "change": "changed", "remove": "left"}


class Slack(ApiDestination):
    """Messages in a Slack channel that say what has changed."""

    limits: ClassVar[Limits] = Limits(1000, None, 1, 1, verified_on="2026-11-22")
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "create", "mirror", "audience"})
    takes_fields_with: ClassVar[frozenset[str]] = frozenset({"people", "members"})
    erases: ClassVar[bool] = False
    account_settings: ClassVar[tuple[str, ...]] = ("webhook_url",)

    type: Literal["slack"]
    webhook_url: SecretStr = Field(description="the address of the incoming webhook")
    line: str | None = Field(
        default=None,
        description="a template of a row's line, such as `{{ key }} pays {{ fields.plan }}`; "
        "otherwise its key and its fields",
    )
    shown_rows: int = Field(default=20, ge=0, description="at most so many rows are named")

    @field_validator("webhook_url")
    @classmethod
    def _is_address(cls, address: SecretStr) -> SecretStr:
        text = address.get_secret_value()
        if "{{" not in text and not text.startswith(("https://", "http://")):
            raise ValueError("it must be an address such as https://hooks.slack.com/services/…")
        return address

    @field_validator("line")
    @classmethod
    def _is_template(cls, line: str | None) -> str | None:
        if line is not None:
            compile_template(line)
        return line

    def address(self) -> str:
        """Slack's, as the webhook has it."""
        parts = urlsplit(self.webhook_url.get_secret_value())
        return f"{parts.scheme}://{parts.netloc}"

    def account(self) -> str:
        """A hash of the webhook, which stands for one channel."""
        path = urlsplit(self.webhook_url.get_secret_value()).path
        return f"slack/{hashlib.sha256(path.encode()).hexdigest()[:16]}"

    def request(self, batch: Batch) -> HttpRequest:
        """One message about all rows."""
        body = json.dumps({"text": self._digest(batch), "mrkdwn": False}, ensure_ascii=False)
        return self._post(batch.session, body)

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """The message is posted, or it is not."""
        if is_success(response) and response.body.strip() != b"ok":
            raise Unexpected(response)
        said = None if is_success(response) else shown(response.body)
        return alike(response, batch, message=said)

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """A message without a text, which Slack refuses to post."""
        return self._post(session, "{}", expected=frozenset({400}))

    @property
    def is_idempotent(self) -> bool:
        """A message that is sent twice stands there twice."""
        return False

    def _post(
        self,
        session: Mapping[str, SecretStr],
        body: str,
        expected: frozenset[int] = frozenset(),
    ) -> HttpRequest:
        path = urlsplit(self.webhook_url.get_secret_value()).path
        return self.json_request("POST", path, body, session, expected=expected)

    def _digest(self, batch: Batch) -> str:
        rows, purpose = batch.rows, batch.purpose
        words = _OF_MEMBERS if purpose.kind == "members" else _DONE
        counts = {word: 0 for word in words.values()}
        for row in rows:
            counts[words[row.operation]] += 1
        said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
        lines = [f"{purpose.list_title or purpose.sync}: {said}"]
        lines += [f"• {words[row.operation]} {self._about(row, batch)}" for row in self._few(rows)]
        if len(rows) > self.shown_rows:
            lines.append(f"… and {len(rows) - self.shown_rows:,} more")
        return _escaped("\n".join(lines))

    def _few(self, rows: Sequence[Row]) -> Sequence[Row]:
        return list(islice(rows, self.shown_rows))

    def _about(self, row: Row, batch: Batch) -> str:
        if self._render is not None:
            text = plain(self._render(row, batch.sync)) or ""
        else:
            found = fragments(row.payload).items()
            fields = [f"{name} {plain(value)}" for name, value in found if value != "null"]
            text = f"{row.key}: {', '.join(fields)}" if fields else row.key
        line = " ".join(text.split())
        return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"

    @cached_property
    def _render(self) -> Render | None:
        return None if self.line is None else compile_template(self.line)


def _escaped(text: str) -> str:
    """A text in which nothing is a mention or a link (three characters mean something to Slack)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
