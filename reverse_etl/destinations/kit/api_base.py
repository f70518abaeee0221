"""What the destinations have in common that are a vendor's API with JSON in both directions."""

from abc import abstractmethod
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import date
from typing import ClassVar, Self

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.events import EVENT, TIME, event_refusals
from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.messages import HttpRequest
from reverse_etl.destinations.kit.purpose import Kind, Purpose
from reverse_etl.destinations.kit.rows import Batch

JSON = "application/json"


class ApiDestination(HttpDestination):
    """A vendor's API; ``about/<type>.toml`` says where its rules were read.

    ``identifiers`` maps what a key may be (weft's name or the vendor's) to the vendor's name;
    where it is empty, any name is the vendor's own. ``takes_object`` says that rows may be other
    records than people, ``takes_list`` that an audience is a list with an id, ``takes_fields_with``
    which kinds may carry fields. ``erases`` says that a person can be deleted. ``most_of_kind``
    says of which kinds of rows a request takes fewer than ``limits`` has it.

    ``api_version_ends`` is the day from which the vendor refuses the version that is the default of
    the setting ``api_version``.
    """

    identifiers: ClassVar[Mapping[str, str]] = {}
    takes_object: ClassVar[bool] = False
    takes_list: ClassVar[bool] = False
    takes_fields_with: ClassVar[frozenset[str]] = frozenset({"people", "events"})
    erases: ClassVar[bool] = True
    most_of_kind: ClassVar[Mapping[Kind, int]] = {}
    api_version_ends: ClassVar[date | None] = None

    base_url: str | None = Field(
        default=None, description="the address of the API, where it is another than the vendor's"
    )

    @abstractmethod
    def address(self) -> str:
        """The address of the vendor's API, as the settings have it, without a slash at the end."""

    def account(self) -> str:
        """The settings that tell accounts apart, without secrets."""
        parts = [str(value) for name in self.account_settings if (value := getattr(self, name))]
        return "/".join([self.type, *parts])

    def place(self, purpose: Purpose) -> str | None:
        """The type of record and the list."""
        parts = [purpose.object] if purpose.object else []
        if purpose.mode == "audience":
            parts.append(purpose.list_id or purpose.list_title)
        return "/".join(parts) or None

    @property
    def can_erase(self) -> bool:
        """As the API has it."""
        return self.erases

    @property
    def version_ends(self) -> date | None:
        """The day from which the vendor refuses the version in use, None where it is not known."""
        field = type(self).model_fields.get("api_version")
        is_default = field is not None and getattr(self, "api_version", None) == field.default
        return self.api_version_ends if is_default else None

    def identifier(self, purpose: Purpose) -> str:
        """What the vendor calls the key."""
        return self.identifiers.get(purpose.identifier, purpose.identifier)

    def for_purpose(self, purpose: Purpose) -> Self:
        """With no more rows in a request than the API takes of this kind."""
        most = self.most_of_kind.get(purpose.kind)
        if most is None:
            return self
        return self.model_copy(update={"rows_per_request": min(most, self.most_rows)})

    def check(self, purpose: Purpose) -> None:
        """Raise ValueError when it cannot take what a sync wants to send."""
        if purpose.mode not in self.modes:
            raise ValueError(f"it has no mode {purpose.mode!r}; it has {_listed(self.modes)}")
        if len(purpose.key) > 1:
            raise ValueError("its key is one column")
        self._check_settings(purpose)
        if purpose.mode == "append":
            self._check_event(purpose)
        elif self.identifiers and purpose.identifier not in self.identifiers:
            raise ValueError(
                f"the key is {purpose.identifier!r}, and it knows {_listed(self.identifiers)}; "
                "say which of them it is with identifier"
            )
        if purpose.fields and purpose.kind not in self.takes_fields_with:
            raise ValueError("members of a list carry no fields; send them by a sync of their own")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Events without a name, a time or a person."""
        if batch.purpose.kind != "events":
            return {}
        return event_refusals(batch, self.identifiers)

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
        """A request with a body of JSON, or none; ``path`` begins with a slash."""
        headers = {**self.credentials(session), "Accept": JSON}
        if body is not None:
            headers["Content-Type"] = JSON
        return HttpRequest(
            method=method,
            url=self.url(path),
            headers=headers,
            body=(body or "").encode(),
            reads=reads,
            expected=expected,
        )

    def url(self, path: str) -> str:
        """The address of one endpoint."""
        return f"{(self.base_url or self.address()).rstrip('/')}{path}"

    def _check_settings(self, purpose: Purpose) -> None:
        taken = {
            "object": self.takes_object,
            "list_name": purpose.mode == "audience",
            "list_id": self.takes_list and purpose.mode == "audience",
            "event": purpose.mode == "append",
        }
        for name, is_taken in taken.items():
            if not is_taken and getattr(purpose, name) is not None:
                setting = name.removesuffix("_name")
                raise ValueError(f"it takes no setting {setting!r} in mode {purpose.mode!r}")

    def _check_event(self, purpose: Purpose) -> None:
        if purpose.event is None and EVENT not in purpose.fields:
            raise ValueError("events need a name: the field 'event', or the setting event")
        if TIME not in purpose.fields:
            raise ValueError("events need the field 'time', or they would be dated today")
        if self.identifiers and not self.identifiers.keys() & set(purpose.fields):
            raise ValueError(f"events need a person: one of the fields {_listed(self.identifiers)}")


def basic(user: str, password: str) -> str:
    """The header of Basic authentication (RFC 7617)."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
