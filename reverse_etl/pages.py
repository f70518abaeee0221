"""The rows of a plan, read from ``weft.sync_rows`` a page at a time: short reads, flat memory."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

from reverse_etl.destinations.kit.rows import Row
from reverse_etl.payload import hashed_text, json_text
from warehouse.engines import Warehouse
from warehouse.errors import WeftError
from warehouse.system_tables import SYNC_ROWS

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK_ROWS = 1_000
# The text of ``compute_idempotency_key``, after the name of the sync.
_IDEMPOTENT = "? || operation || chr(10) || row_hash || chr(10) || version || chr(10) || key"
_COLUMNS = tuple(name for name in Row._fields if name != "position")


@dataclass(frozen=True)
class Page:
    """Rows at positions without gaps, from ``first`` on, in columnar form."""

    first: int
    table: "pa.Table"

    @property
    def last(self) -> int:
        """The position of the last row."""
        return self.first + len(self) - 1

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def rows(self) -> list[Row]:
        """The rows one by one."""
        columns = (self.table.column(name).to_pylist() for name in _COLUMNS)
        # Row(...) goes through Python for every one of them.
        values = zip(range(self.first, self.last + 1), *columns, strict=True)
        return list(map(tuple.__new__, repeat(Row), values))

    def batches(self, most_rows: int) -> Iterator[list[Row]]:
        """The rows in lists of at most so many; only those about to be used are taken apart."""
        chunk = max(1, _CHUNK_ROWS // most_rows) * most_rows
        for offset in range(0, len(self), chunk):
            rows = Page(self.first + offset, self.table.slice(offset, chunk)).rows()
            for start in range(0, len(rows), most_rows):
                yield rows[start : start + most_rows]


def read_page(
    warehouse: Warehouse, plan_id: str, sync: str, *, first: int, last: int, is_composite: bool
) -> Page:
    """The rows of a plan at these positions. Raises WeftError when one is missing."""
    table = warehouse.arrow(
        f"""
        select position, key, {"key" if is_composite else json_text("key")} as key_json, operation,
            payload, row_hash, version,
            {hashed_text(_IDEMPOTENT)} as idempotency_key
        from {SYNC_ROWS} where plan_id = ? and position between ? and ? order by position
        """,
        [f"{sync}\n", plan_id, first, last],
    )
    if table.num_rows != last - first + 1:
        raise WeftError(
            f"The rows of the plan {plan_id} cannot be read back from {SYNC_ROWS}; "
            "nothing more was sent, run the sync again."
        )
    return Page(first, table)


def compute_idempotency_key(
    sync: str, key: str, operation: str, row_hash: str, version: int
) -> str:
    """The same on every try and after a crash; another one when the row changes back again.

    ``read_page`` computes it in the warehouse.
    """
    # Only the key may hold a line break, and it stands last: no two rows make the same text.
    text = f"{sync}\n{operation}\n{row_hash}\n{version}\n{key}"
    return hashlib.sha256(text.encode()).hexdigest()
