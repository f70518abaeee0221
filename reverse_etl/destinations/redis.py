"""redis: rows as hashes, audiences as sets.

A row is the hash ``<prefix><key>``: fields are set with HSET, a null clears one with HDEL, EXPIRE
follows where hashes are to go by themselves, and DEL removes the row. The members of an audience
are those of the set ``<prefix><list>``: SADD and SREM. All of them may be sent twice and change
nothing the second time. Values are text: a number is as the payload has it, to its last digit,
lists and objects are JSON.
"""

from typing import ClassVar, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, field_validator

from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.row_base import RowDestination
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.values import fragments, plain

_SCHEMES = ("redis", "rediss")
Command = tuple[str, ...]


class Redis(RowDestination):
    """A database of Redis, or of a server that speaks its protocol."""

    account_settings: ClassVar[tuple[str, ...]] = ("connection", "prefix")
    modes: ClassVar[frozenset[Mode]] = frozenset(("upsert", "mirror", "audience"))

    transport: ClassVar[str] = "reverse_etl.transports.redis:RedisTransport"

    type: Literal["redis"]
    connection: SecretStr
    prefix: str = ""
    expire_seconds: int | None = Field(default=None, ge=1)
    timeout: float = Field(default=30, gt=0)

    @field_validator("connection")
    @classmethod
    def _is_address(cls, connection: SecretStr) -> SecretStr:
        text = connection.get_secret_value()
        if "{{" not in text and urlsplit(text).scheme not in _SCHEMES:
            raise ValueError("it must be an address such as rediss://user@host:6379/0")
        return connection

    def account(self) -> str:
        """Host, port, database and prefix, without user and password."""
        parts = urlsplit(self.connection.get_secret_value())
        database = parse_qs(parts.query).get("db", [""])[0]
        path = parts.path.strip("/")
        place = f"{parts.hostname or 'localhost'}:{parts.port or 6379}/{database or path or 0}"
        return f"redis://{place}/{self.prefix}"

    def place(self, purpose: Purpose) -> str | None:
        """The set of an audience."""
        return self.prefix + purpose.list_title if purpose.mode == "audience" else None

    def check(self, purpose: Purpose) -> None:
        """Raise ValueError when it cannot take what a sync wants to send."""
        if purpose.mode not in self.modes:
            modes = ", ".join(sorted(self.modes))
            raise ValueError(f"it has no mode {purpose.mode!r}; it has {modes}")
        for name in ("object", "list_id", "event"):
            if getattr(purpose, name) is not None:
                raise ValueError(f"it takes no setting {name!r}")
        if purpose.mode == "audience":
            return
        if purpose.list_name is not None:
            raise ValueError("it takes a setting 'list' in the mode audience only")
        if not purpose.fields:
            raise ValueError("a hash holds fields: name one in 'fields'")

    def commands(self, row: Row, purpose: Purpose) -> list[Command]:
        """What is sent for a row, in order; none where every field of a new row is null."""
        place = self.place(purpose)
        if place is not None:
            return [("SREM" if row.operation == "remove" else "SADD", place, row.key)]
        name = self.prefix + row.key
        if row.operation == "remove":
            return [("DEL", name)]
        values = {field: plain(value) for field, value in fragments(row.payload).items()}
        held = [part for pair in values.items() if pair[1] is not None for part in pair]
        cleared = [field for field, value in values.items() if value is None]
        commands: list[Command] = []
        if held:
            commands.append(("HSET", name, *(str(part) for part in held)))
        if cleared:
            commands.append(("HDEL", name, *cleared))
        if self.expire_seconds:
            commands.append(("EXPIRE", name, str(self.expire_seconds)))
        return commands
