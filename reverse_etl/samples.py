"""A few rows of a plan, with the fields that changed, for a person to read."""

from collections.abc import Mapping, Sequence
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
            f"select key, operation, payload from {SYNC_ROWS}"
            f" where plan_id = ? and operation = ? order by position limit {MOST_SAMPLES}",
            [plan_id, operation],
        )
        for operation in ("remove", "change", "add")
    }
    acknowledged = _acknowledged(warehouse, sync, account, [row["key"] for row in found["change"]])
    chosen: list[SampleRow] = []
    while len(chosen) < MOST_SAMPLES and any(found.values()):
        for rows in found.values():
            if rows and len(chosen) < MOST_SAMPLES:
                row = rows.pop(0)
                chosen.append(_sample(**row, acknowledged=acknowledged.get(row["key"])))
    order = {operation: rank for rank, operation in enumerate(found)}
    return tuple(sorted(chosen, key=lambda sample: order[sample.operation]))


def _acknowledged(
    warehouse: Warehouse, sync: str, account: str, keys: Sequence[str]
) -> dict[str, str]:
    """What the destination holds of a few keys. The snapshot is large: it is read once."""
    if not keys:
        return {}
    marks = ", ".join("?" for _ in keys)
    rows = warehouse.rows(
        f"select key, payload from {SYNC_SNAPSHOT}"
        f" where sync = ? and account = ? and not removed and key in ({marks})",
        [sync, account, *keys],
    )
    return {row["key"]: row["payload"] for row in rows}


def _sample(key: str, operation: str, payload: str, acknowledged: str | None) -> SampleRow:
    before = {"add": None, "change": acknowledged, "remove": payload}[operation]
    after = None if operation == "remove" else payload
    return SampleRow(key, operation, changed_fields(before, after))
