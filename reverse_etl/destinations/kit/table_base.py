"""What a destination is whose rows go into a table of a database."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.base import Destination


@dataclass(frozen=True)
class TableStatements:
    """SQL that takes staged rows over, in one transaction.

    The staged table, temporary, is called ``staged`` and has the columns position, operation, key
    (a JSON array of the key's values) and payload. ``before`` runs before it is filled, then
    ``taken_over`` in order; ``missing`` asks for the positions of changes whose row is not there.
    """

    staged: str
    before: Sequence[str]
    taken_over: Sequence[str]
    missing: str


class TableDestination(Destination):
    """A table of a database: rows are staged there, then taken over in one transaction."""

    rows_per_transaction: int = Field(default=10_000, ge=1)
    connection: SecretStr

    @abstractmethod
    def statements(self, fields: Sequence[str]) -> TableStatements:
        """What takes over rows that have these fields."""

    def requests(self, removals: int, others: int) -> int:
        """Transactions."""
        return -(-removals // self.rows_per_transaction) - (-others // self.rows_per_transaction)
