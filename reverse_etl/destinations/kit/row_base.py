"""What a destination is that answers for each row, and is not reached over HTTP."""

from typing import ClassVar

from pydantic import Field

from reverse_etl.destinations.kit.base import Destination


class RowDestination(Destination):
    """Rows go to a client in pages, and come back with an outcome each.

    The destination says what a row becomes; the client called ``transport`` (``module:class``)
    sends it: it is made of the destination, the purpose of the rows and the id of the run.
    """

    transport: ClassVar[str]

    rows_per_request: int = Field(default=1000, ge=1)

    def requests(self, removals: int, others: int) -> int:
        """Pages."""
        return -(-removals // self.rows_per_request) - (-others // self.rows_per_request)
