"""twilio: text messages, one per row, to people who have agreed to get them.

A message cannot be taken back, and Twilio does not recognize one it has: one whose answer was lost
is sent again only when a person retries it. The sync has to name the column of consent, and a run
with more messages than the settings allow waits for approval.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlencode

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse, Unexpected
from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, is_success
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, as_text, fragments, plain

_TO, _BODY = "to", "body"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_BODY = 1600
_SERVER_ERRORS = range(500, 600)


class Twilio(ApiDestination):
    """Text messages by Twilio."""

    limits: ClassVar[Limits] = Limits(1, None, 10, 4, verified_on="2026-11-22")
    modes: ClassVar[frozenset[Mode]] = frozenset({"create", "append"})
    erases: ClassVar[bool] = False
    can_remove: ClassVar[bool] = False
    account_settings: ClassVar[tuple[str, ...]] = ("account_sid",)

    type: Literal["twilio"]
    account_sid: str = Field(description="the account, AC…")
    api_key: str | None = Field(
        default=None, description="the SID of an API key, SK…; otherwise the account's own token"
    )
    secret: SecretStr = Field(description="the secret of the API key, or the account's auth token")
    sender: str = Field(description="a number of yours, or a messaging service, MG…")
    text: str | None = Field(default=None, description="the same text for everybody")
    content_sid: str | None = Field(
        default=None, description="a template, HX…, whose variables are the fields"
    )
    most_messages_per_run: int = Field(
        default=1000, ge=1, description="a run with more waits for approval"
    )

    def address(self) -> str:
        """Twilio's, in the region that the account has by default."""
        return "https://api.twilio.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The key, or the account's token."""
        del session
        pair = f"{self.api_key or self.account_sid}:{self.secret.get_secret_value()}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def check(self, purpose: Purpose) -> None:
        """Also: consent is looked at, there is a number and a text."""
        if purpose.mode not in self.modes:
            raise ValueError("it has only the modes append and create: no message is changed")
        if len(purpose.key) > 1:
            raise ValueError("its key is one column")
        for name in ("object", "list_name", "list_id", "event"):
            if getattr(purpose, name) is not None:
                raise ValueError(f"it takes no setting {name.removesuffix('_name')!r}")
        if purpose.require is None:
            raise ValueError(
                "messages need consent; name the column that holds it with the setting require"
            )
        sources = (self.text, self.content_sid, _BODY if _BODY in purpose.fields else None)
        if sum(source is not None for source in sources) != 1:
            raise ValueError("a message has either the field 'body', or text, or content_sid")
        known = {_TO, _BODY}
        if self.content_sid is None and (more := set(purpose.fields) - known):
            raise ValueError(f"it has no place for the field {min(more)!r}")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Numbers that are not in the form of E.164, and texts that no message holds."""
        refused: dict[int, str] = {}
        for place, row in enumerate(batch.rows):
            found = fragments(row.payload)
            body = self.text or plain(found.get(_BODY)) or ""
            if not _E164.fullmatch(_number(row, found)):
                refused[place] = "the number is not in the form of E.164, such as +4915112345678"
            elif self.content_sid is None and not 0 < len(body) <= _LONGEST_BODY:
                refused[place] = f"the text is empty, or has more than {_LONGEST_BODY:,} characters"
        return refused

    def request(self, batch: Batch) -> HttpRequest:
        """One message."""
        [row] = batch.rows[:1]
        found = fragments(row.payload)
        sender = "MessagingServiceSid" if self.sender.startswith("MG") else "From"
        form = {"To": _number(row, found), sender: self.sender}
        if self.content_sid is not None:
            variables = {name: as_text(value) for name, value in found.items() if name != _TO}
            form |= {"ContentSid": self.content_sid, "ContentVariables": as_object(variables)}
        else:
            form["Body"] = self.text or plain(found.get(_BODY)) or ""
        made = self.json_request("POST", f"{self._path}/Messages.json", None, batch.session)
        headers = {**made.headers, "Content-Type": "application/x-www-form-urlencoded"}
        return HttpRequest("POST", made.url, headers, urlencode(form).encode())

    def outcomes(self, response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
        """Queued, refused with a code, or unknown: an error of the server may come after all."""
        if is_success(response):
            said = accepted(response)
            if not isinstance(said, dict) or not said.get("sid"):
                raise Unexpected(response)
            return alike(response, batch)
        error = _error(response)
        kind = OutcomeKind.UNKNOWN if response.status in _SERVER_ERRORS else None
        message = error.get("message") or response.body.decode(errors="replace")
        return alike(response, batch, kind, message, error.get("code"))

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """One message of the account."""
        path = f"{self._path}/Messages.json?PageSize=1"
        return self.json_request("GET", path, None, session, reads=True)

    @property
    def is_idempotent(self) -> bool:
        """A message that is sent twice arrives twice."""
        return False

    @property
    def never_repeats(self) -> bool:
        """People are not to get a message twice because an answer was lost."""
        return True

    @property
    def most_rows_per_run(self) -> int:
        """As the settings say."""
        return self.most_messages_per_run

    @property
    def most_rows(self) -> int:
        """Twilio takes a message at a time, whatever the settings say."""
        return 1

    @property
    def _path(self) -> str:
        return f"/2010-04-01/Accounts/{quote(self.account_sid, safe='')}"


def _number(row: Row, found: Mapping[str, str]) -> str:
    return plain(found[_TO]) or "" if _TO in found else row.key


def _error(response: HttpResponse) -> dict[str, Any]:
    try:
        said = json.loads(response.body)
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}
