"""What the destinations have in common that take the calls of Segment's specification, in batches.

Both answer before they look at a call, and drop what they cannot use. So a row without a person or
a name, or one that is too large, is refused before anything leaves.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import JSON, ApiDestination, basic
from reverse_etl.destinations.kit.base import ALL_MODES
from reverse_etl.destinations.kit.erasing import people_of
from reverse_etl.destinations.kit.events import read_event
from reverse_etl.destinations.kit.messages import HttpRequest
from reverse_etl.destinations.kit.purpose import Mode
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.values import as_object

LONGEST_MESSAGE_BYTES = 32 * 1024
"""What one call of a batch may have; both vendors name 32 KB."""

_USER_ID = "userId"
_AROUND_BYTES = 4096


class SpecDestination(ApiDestination):
    """A batch of identify and track calls, under the write key of a source.

    An audience is a trait of its name, true or false. ``messageId`` is the idempotency key, so
    that a call that arrives twice counts once.
    """

    modes: ClassVar[frozenset[Mode]] = ALL_MODES & {"upsert", "audience", "append"}
    identifiers: ClassVar[Mapping[str, str]] = {
        "user_id": _USER_ID,
        "anonymous_id": "anonymousId",
        "userId": _USER_ID,
        "anonymousId": "anonymousId",
    }

    write_key: SecretStr = Field(description="the write key of the source that takes the calls")
    audience_events: bool = Field(
        default=False,
        description="whether joining and leaving an audience is an event too: Audience Entered, "
        "Audience Exited",
    )

    @property
    def source(self) -> str:
        """What stands for the source in the name of an account: a hash of its write key."""
        return hashlib.sha256(self.write_key.get_secret_value().encode()).hexdigest()[:16]

    @property
    def all_or_nothing(self) -> bool:
        """A bad request names no call of the batch."""
        return True

    @property
    def most_rows(self) -> int:
        """Half as many where a row is two calls."""
        return max(1, super().most_rows // (2 if self.audience_events else 1))

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The write key as the user of Basic authentication, without a password."""
        return {"Authorization": basic(self.write_key.get_secret_value(), "")}

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """What would be dropped in silence: no person, no name, too many bytes."""
        refused = dict(super().refusals(batch))
        if batch.purpose.kind == "erasure":
            named = {place for places in self.erased(batch).values() for place in places}
            reason = "it does not name the user id by which people are deleted"
            return {place: reason for place in range(len(batch.rows)) if place not in named}
        for place, row in enumerate(batch.rows):
            if place in refused:
                continue
            if not row.key:
                refused[place] = "its key is empty"
            elif self._is_too_large(row, batch):
                refused[place] = f"it has more than the {LONGEST_MESSAGE_BYTES:,} bytes of a call"
        return refused

    def erased(self, batch: Batch) -> dict[str, list[int]]:
        """The user ids to forget, as JSON text, each with the places of its rows."""
        people = people_of(batch, self.identifiers)
        return {value: places for (name, value), places in people.items() if name == _USER_ID}

    def calls_request(self, batch: Batch) -> HttpRequest:
        """The request of a batch of calls."""
        calls = ",".join([call for row in batch.rows for call in self._calls(row, batch)])
        return self.json_request("POST", "/v1/batch", f'{{"batch":[{calls}]}}', batch.session)

    def token_request(
        self, address: str, token: SecretStr | None, method: str, path: str, body: str | None
    ) -> HttpRequest:
        """A request to the vendor's other API, which has a token of its own."""
        assert token is not None, "without a token it says that it cannot"
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
        if body is not None:
            headers["Content-Type"] = JSON
        url = f"{(self.base_url or address).rstrip('/')}{path}"
        return HttpRequest(method, url, headers, (body or "").encode())

    def _is_too_large(self, row: Row, batch: Batch) -> bool:
        # A character has four bytes at most: few rows need to be looked at closely.
        if 4 * len(row.payload + row.key_json) + _AROUND_BYTES <= LONGEST_MESSAGE_BYTES:
            return False
        return any(len(call.encode()) > LONGEST_MESSAGE_BYTES for call in self._calls(row, batch))

    def _calls(self, row: Row, batch: Batch) -> list[str]:
        kind = batch.purpose.kind
        if kind == "events":
            return [self._track(row, batch)]
        person = f'"{self.identifier(batch.purpose)}":{row.key_json}'
        if kind == "people":
            return [_identify(row, person, row.payload)]
        title = json.dumps(batch.purpose.list_title, ensure_ascii=False)
        trait = f"{title}:{'false' if batch.removes else 'true'}"
        calls = [_identify(row, person, f"{{{trait}}}")]
        if self.audience_events:
            name = "Audience Exited" if batch.removes else "Audience Entered"
            calls.append(
                f'{{"type":"track",{person},"event":"{name}",'
                f'"messageId":"{row.idempotency_key}-track",'
                f'"properties":{{"audience_key":{title},{trait}}}}}'
            )
        return calls

    def _track(self, row: Row, batch: Batch) -> str:
        event = read_event(row, batch, self.identifiers)
        people = as_object(event.identifiers)[1:-1]
        return (
            f'{{"type":"track",{people},"event":{event.name},"timestamp":{event.time},'
            f'"messageId":"{row.idempotency_key}","properties":{as_object(event.properties)}}}'
        )


def _identify(row: Row, person: str, traits: str) -> str:
    return f'{{"type":"identify",{person},"messageId":"{row.idempotency_key}","traits":{traits}}}'
