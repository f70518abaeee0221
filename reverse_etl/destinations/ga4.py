"""ga4: events to a web stream of Google Analytics 4, by the Measurement Protocol.

Google Analytics answers with success whatever it is sent, and drops or changes what breaks a rule
of its own. So the rules are kept here, and what breaks them is refused before it is sent; the
validation server may be asked besides.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from reverse_etl.destinations.ga4_rules import broken_rule
from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.events import Event, read_event
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import Conversation, Exchange, HttpRequest
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.replies import accepted, outcome_of
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status
from reverse_etl.values import as_object, as_text

_HOSTS = {"world": "https://www.google-analytics.com", "eu": "https://region1.google-analytics.com"}
_MOST_BYTES = 130_000
_AROUND = 300
_TOO_LARGE = 413


class Ga4(ApiDestination):
    """Events of a web stream of Google Analytics 4."""

    limits: ClassVar[Limits] = Limits(25, 130_000, None, 8, verified_on="2026-11-22")
    modes: ClassVar[frozenset[Mode]] = frozenset({"append"})
    identifiers: ClassVar[Mapping[str, str]] = {
        "client_id": "client_id",
        "anonymous_id": "client_id",
        "user_id": "user_id",
    }
    erases: ClassVar[bool] = False
    can_remove: ClassVar[bool] = False
    account_settings: ClassVar[tuple[str, ...]] = ("measurement_id",)

    type: Literal["ga4"]
    measurement_id: str = Field(pattern=r"^G-[A-Z0-9]+$", description="the web stream")
    api_secret: SecretStr = Field(description="an API secret of the stream")
    region: Literal["world", "eu"] = Field(default="world", description="where events are taken")
    backdate_hours: float = Field(
        default=72,
        gt=0,
        description="older events are refused: Analytics would give them another time",
    )
    validate_first: bool = Field(
        default=False,
        description="the validation server is asked about each event before it is sent, which "
        "makes two requests of one",
    )

    def address(self) -> str:
        """The collector of the region."""
        return _HOSTS[self.region]

    @property
    def is_idempotent(self) -> bool:
        """An event that arrives twice counts twice."""
        return False

    def check(self, purpose: Purpose) -> None:
        """A web stream wants a client."""
        super().check(purpose)
        if not {"client_id", "anonymous_id"} & set(purpose.fields):
            raise ValueError("events of a web stream need the field client_id")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Also events that Analytics would drop, cut, or date anew."""
        reasons = dict(super().refusals(batch))
        oldest = datetime.now(UTC) - timedelta(hours=self.backdate_hours)
        for place, row in enumerate(batch.rows):
            if place in reasons:
                continue
            event = read_event(row, batch, self.identifiers)
            why = broken_rule(event)
            if "client_id" not in event.identifiers:
                why = "the event has no client_id"
            elif event.at < oldest:
                why = f"it is older than {self.backdate_hours:g} hours"
            if why:
                reasons[place] = why
        return reasons

    def exchange(self, batch: Batch) -> Exchange:
        """A request for the events of each person, as far as Analytics takes them."""
        outcomes: dict[int, Outcome] = {}
        waiting = deque(self._groups(batch))
        while waiting:
            person, places, events = waiting.popleft()
            body = f'{{{person},"events":[{",".join(events)}]}}'
            outcome = (yield from self._validated(body)) if self.validate_first else None
            if outcome is None:
                response = yield self._request("/mp/collect", body)
                outcome = outcome_of(response, kind_of_status(response.status))
            if outcome.http_status == _TOO_LARGE and len(places) > 1:
                middle = len(places) // 2
                for part in (slice(middle, None), slice(middle)):
                    waiting.appendleft((person, places[part], events[part]))
                continue
            outcomes |= dict.fromkeys(places, outcome)
            if outcome.kind is OutcomeKind.RETRY:
                return [outcomes.get(place, outcome) for place in range(len(batch.rows))]
        return [outcomes[place] for place in range(len(batch.rows))]

    def _groups(self, batch: Batch) -> list[tuple[str, list[int], list[str]]]:
        """Who did something, the places of the rows, and the events, as JSON text."""
        groups: list[tuple[str, list[int], list[str]]] = []
        last: dict[str, int] = {}
        most = self.most_bytes or _MOST_BYTES
        for place, row in enumerate(batch.rows):
            event = read_event(row, batch, self.identifiers)
            people = {name: as_text(value) for name, value in event.identifiers.items()}
            person, text = as_object(people)[1:-1], _written(event)
            number = last.get(person)
            if number is not None and not self.validate_first:
                texts = groups[number][2]
                if sum(len(found.encode()) + 1 for found in (*texts, text)) + _AROUND <= most:
                    groups[number][1].append(place)
                    texts.append(text)
                    continue
            last[person] = len(groups)
            groups.append((person, [place], [text]))
        return groups

    def _request(self, path: str, body: str) -> HttpRequest:
        secret = self.api_secret.get_secret_value()
        query = urlencode({"measurement_id": self.measurement_id, "api_secret": secret})
        return self.json_request("POST", f"{path}?{query}", body, {})

    def _validated(self, body: str) -> Conversation[Outcome | None]:
        """What the validation server finds wrong with an event, None for nothing."""
        strict = f'{body[:-1]},"validation_behavior":"ENFORCE_RECOMMENDATIONS"}}'
        request = self._request("/debug/mp/collect", strict)
        response = yield replace(request, reads=True)
        messages = objects_in(response, accepted(response), "validationMessages")
        if not messages:
            return None
        why = messages[0].get("description")
        code = messages[0].get("validationCode")
        return outcome_of(response, OutcomeKind.REJECTED, why, code)


def _written(event: Event) -> str:
    parameters = {name: value for name, value in event.properties.items() if value != "null"}
    moment = int(event.at.timestamp() * 1_000_000)
    return f'{{"name":{event.name},"timestamp_micros":{moment},"params":{as_object(parameters)}}}'
