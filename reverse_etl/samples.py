"""A few rows of a plan, with the fields that changed, for a person to read."""

from collections.abc import Mapping
from dataclasses import dataclass

from reverse_etl.values import changed_fields
from warehouse.engines import Warehouse
from warehouse.system_tables import SYNC_ROWS, SYNC_SNAPSHOT

MOST_SAMPLES = 10


@dataclass(frozen=True)
class SampleRow:
    """A row of a plan: field to (old value, new value) as text, None where there is none."""

    key: str
    operation: str
    fields: Mapping[str, tuple[str | None, str | None]]


def sample_rows(
    warehouse: Warehouse, plan_id: str, sync: str, account: str
) -> tuple[SampleRow, ...]:
    """Up to ten rows that would go out, of each operation some."""
    found = {
        operation: warehouse.rows(
            f"""
            select sent.key, operation, sent.payload, snapshot.payload as acknowledged
            from (
                select key, operation, payload, position from {SYNC_ROWS}
                where plan_id = ? and operation = ? order by position limit {MOST_SAMPLES}
            ) as sent
            left join (
                select key, payload from {SYNC_SNAPSHOT}
                where sync = ? and account = ? and not removed
            ) as snapshot on snapshot.key = sent.key
            order by position
            """,
            [plan_id, operation, sync, account],
        )
        for operation in ("remove", "change", "add")
    }
    chosen: list[SampleRow] = []
    while len(chosen) < MOST_SAMPLES and any(found.values()):
        for rows in found.values():
            if rows and len(chosen) < MOST_SAMPLES:
                chosen.append(_sample(**rows.pop(0)))
    order = {operation: rank for rank, operation in enumerate(found)}
    return tuple(sorted(chosen, key=lambda sample: order[sample.operation]))


def _sample(key: str, operation: str, payload: str, acknowledged: str | None) -> SampleRow:
    before = {"add": None, "change": acknowledged, "remove": payload}[operation]
    after = None if operation == "remove" else payload
    return SampleRow(key, operation, changed_fields(before, after))
