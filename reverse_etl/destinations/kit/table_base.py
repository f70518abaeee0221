"""What a destination is whose rows go into a table of a database."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, field_validator

from reverse_etl.destinations.kit.base import Destination
from reverse_etl.destinations.kit.rows import Row


@dataclass(frozen=True)
class TableStatements:
    """SQL that takes staged rows over, in one transaction.

    The staged table, temporary, is called ``staged``. ``wrong`` asks for sentences that say why
    the table cannot be written to, before anything else. ``before`` runs before the staged table
    is filled, then ``taken_over`` in order; ``missing`` asks for the positions of changes whose
    row is not there.

    Where ``columns`` are given, ``values`` makes a row's values for these columns of the staged
    table, which ``before`` makes. Else the client makes the staged table, with the columns
    position, operation, key (a JSON array of the key's values) and payload.
    """

    staged: str
    before: Sequence[str]
    taken_over: Sequence[str]
    missing: str
    wrong: Sequence[str] = ()
    columns: Sequence[str] = ()
    values: Callable[[Row], Sequence[object]] | None = None


class TableDestination(Destination):
    """A table of a database: rows are staged there, then taken over in one transaction.

    ``schemes`` are those its address may have, that of its account first; ``transport`` is the
    client, as ``module:class``, made of the destination.
    """

    account_settings: ClassVar[tuple[str, ...]] = ("connection", "table")
    schemes: ClassVar[tuple[str, ...]] = ()
    transport: ClassVar[str]

    connection: SecretStr
    table: str
    key: tuple[str, ...] = Field(min_length=1)
    rows_per_transaction: int = Field(default=10_000, ge=1)
    timeout: float = Field(default=300, gt=0)

    @field_validator("connection")
    @classmethod
    def _is_address(cls, connection: SecretStr) -> SecretStr:
        text = connection.get_secret_value()
        if "{{" not in text and urlsplit(text).scheme not in cls.schemes:
            raise ValueError(f"it must be an address such as {cls.schemes[0]}://user@host/database")
        return connection

    @field_validator("key", mode="before")
    @classmethod
    def _one_or_several(cls, key: object) -> object:
        return (key,) if isinstance(key, str) else key

    def account(self) -> str:
        """Host, database and table, without user and password."""
        parts = urlsplit(self.connection.get_secret_value())
        host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
        port = f":{parts.port}" if parts.port else ""
        return f"{self.schemes[0]}://{host}{port}{parts.path}/{self.table}"

    @abstractmethod
    def statements(self, fields: Sequence[str]) -> TableStatements:
        """What takes over rows that have these fields."""

    def requests(self, removals: int, others: int) -> int:
        """Transactions."""
        return -(-removals // self.rows_per_transaction) - (-others // self.rows_per_transaction)
