"""Events that a tracking plan held back, to be tried again."""

from datetime import datetime

import pyarrow as pa

from warehouse.engines import Warehouse
from warehouse.system_tables import BLOCKED


def blocked_events(warehouse: Warehouse, source: str) -> pa.Table:
    """The blocked events of a source that were not tried again: ``event_id`` and ``payload``.

    A payload is the event's line, byte for byte. An event that was blocked more than once is there
    once, in the order in which events were blocked.
    """
    return warehouse.arrow(
        f"""
        with ranked as (
            select
                event_id, payload, load_id, uri, line,
                row_number() over (partition by event_id order by load_id, uri, line) as place
            from {BLOCKED}
            where source = ? and replayed_at is null
        )
        select event_id, payload from ranked where place = 1 order by load_id, uri, line
        """,
        [source],
    )


def mark_replayed(warehouse: Warehouse, source: str, before: int, replayed_at: datetime) -> int:
    """Note that the blocked events of a source were tried again; how many rows that concerns.

    To be called in the transaction that loads them. ``before`` is the ``load_id`` of that load:
    an event that is blocked once more has a new row, which stays open.
    """
    return warehouse.execute(
        f"update {BLOCKED} set replayed_at = ?"
        " where source = ? and replayed_at is null and load_id < ?",
        [replayed_at, source, before],
    )
