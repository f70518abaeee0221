"""The figures of a plan, counted in the warehouse from the difference."""

from dataclasses import dataclass

from reverse_etl.diff import Scope, SourceCounts, count_difference
from reverse_etl.mapping import Mapping
from reverse_etl.plan_rows import NULL_KEY, store_rows
from reverse_etl.selection import Selection
from warehouse.engines import Warehouse
from warehouse.system_tables import SYNC_ROWS


@dataclass(frozen=True)
class PlanCounts:
    """Rows of a plan, as ``reverse_etl.plan.Plan`` describes them."""

    source_rows: int
    acknowledged: int
    added: int
    changed: int
    removed: int
    leaving: int
    unchanged: int
    invalid: int
    withheld: int
    suppressed: int
    rejected_earlier: int
    invalid_reasons: dict[str, int]


def count_rows(
    warehouse: Warehouse,
    mapping: Mapping,
    scope: Scope,
    selection: Selection,
    compared: SourceCounts,
) -> PlanCounts:
    """Store the rows that differ; how many there are of each kind."""
    keys = count_difference(warehouse)
    operations = {operation for operation, _ in keys}
    if compared.keyed < compared.rows and not selection.is_partial:
        operations.add(NULL_KEY)
    store_rows(warehouse, mapping, scope, operations)
    reasons = _invalid_reasons(warehouse, scope)
    invalid = sum(reasons.values())
    withheld, suppressed = _held_back(warehouse, mapping)
    present = sum(keys.get((name, True), 0) for name in ("add", "change", "rejected"))

    def count(operation: str) -> int:
        return keys.get((operation, True), 0) + keys.get((operation, False), 0)

    return PlanCounts(
        source_rows=_all_rows(warehouse, mapping) if selection.is_partial else compared.rows,
        acknowledged=compared.acknowledged,
        added=count("add"),
        changed=count("change"),
        removed=count("remove"),
        leaving=count("leave"),
        unchanged=0 if selection.retry_rejected else compared.rows - invalid - present,
        invalid=invalid,
        withheld=withheld,
        suppressed=suppressed,
        rejected_earlier=count("rejected"),
        invalid_reasons=reasons,
    )


def _all_rows(warehouse: Warehouse, mapping: Mapping) -> int:
    return int(warehouse.value(f"select count(*) as total from {mapping.relation} as source"))


def _invalid_reasons(warehouse: Warehouse, scope: Scope) -> dict[str, int]:
    rows = warehouse.rows(
        f"select reason, count(*) as total from {SYNC_ROWS}"
        " where plan_id = ? and operation = 'invalid' group by reason order by reason",
        [scope.plan_id],
    )
    return {row["reason"]: row["total"] for row in rows}


def _held_back(warehouse: Warehouse, mapping: Mapping) -> tuple[int, int]:
    """Rows without consent, and rows with consent that are suppressed."""
    if mapping.judged is None:
        return 0, 0
    [row] = warehouse.rows(
        "select count(case when weft_withheld then 1 end) as withheld,"
        " count(case when weft_suppressed and not weft_withheld then 1 end) as suppressed"
        f" from {mapping.judged} as judged"
    )
    return row["withheld"], row["suppressed"]
