"""Ids that the parser asks the warehouse about: they go there, and only answers come back.

They pass through a table that is made and dropped inside one transaction, so nobody ever sees it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from warehouse.engines import Table, Warehouse
from warehouse.system_tables import SCHEMA

_ARRIVING_IDS = Table(SCHEMA, "arriving_ids")


@contextmanager
def staged_ids(warehouse: Warehouse, ids: str) -> Iterator[Table]:
    """A table of the warehouse with the ids that a query over the parser selects as ``id``."""
    warehouse.execute(f"create table {_ARRIVING_IDS} (id varchar)")
    warehouse.insert_parsed(_ARRIVING_IDS, ["id"], ids)
    yield _ARRIVING_IDS
    # Not in a finally: after an error the transaction takes the table with it.
    warehouse.execute(f"drop table {_ARRIVING_IDS}")


def known_ids(warehouse: Warehouse, ids: str, tables: Sequence[Table]) -> pa.Table:
    """Those of some ids that tables hold, as the column ``id``: one narrow scan of the tables."""
    if not tables:
        return pa.table({"id": pa.array([], pa.string())})
    landed = " union all ".join(f"select id from {table}" for table in tables)
    with staged_ids(warehouse, ids) as arriving:
        return warehouse.arrow(
            f"select distinct id from ({landed}) as landed where id in (select id from {arriving})"
        )
