"""Saving a plan: its figures, the guards that block it, and what changed in its mapping."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from reverse_etl.bindings import binding_sentences
from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.diff import Scope
from reverse_etl.guards import (
    Extent,
    blocking_guards,
    most_rows_sentences,
    upstream_sentences,
)
from reverse_etl.mapping import Mapping
from reverse_etl.plan_counts import PlanCounts
from reverse_etl.plan_digest import compute_digest
from reverse_etl.selection import Selection
from reverse_etl.syncs import Sync
from warehouse.engines import Warehouse
from warehouse.runs import Run
from warehouse.system_tables import SYNC_PLANS, SYNC_SNAPSHOT, utc_now


def store_plan(
    warehouse: Warehouse,
    sync: Sync,
    run: Run,
    mapping: Mapping,
    scope: Scope,
    counts: PlanCounts,
    selection: Selection,
    suppression_state: str,
) -> None:
    """Write the line of a plan whose rows are stored already."""
    sent = counts.added + counts.changed
    description = sync.destination.description
    if isinstance(description, HttpDestination):
        purpose = sync.purpose(tuple(mapping.fields), erases=selection.withdraws)
        description = description.for_purpose(purpose).for_rows(sent + counts.removed)
    guards = _guards(warehouse, sync, scope, counts)
    last = _last_pushed(warehouse, scope)
    figures = asdict(counts)
    values: dict[str, Any] = {
        "plan_id": scope.plan_id,
        "sync": scope.sync,
        "run_id": run.run_id,
        "target": run.target,
        "destination": sync.destination.name,
        "account": scope.account,
        "mode": sync.settings.mode,
        "base_version": snapshot_version(warehouse, scope.sync, scope.account),
        "mapping_hash": mapping.hash,
        "mapping_changed": last is not None and last["mapping_hash"] != mapping.hash,
        "mapping_changes": json.dumps(_mapping_changes(mapping, last)),
        "fields": json.dumps(list(mapping.fields)),
        **figures,
        "invalid_reasons": json.dumps(counts.invalid_reasons),
        "requests": description.requests(counts.removed, sent),
        "seconds": description.least_seconds(counts.removed, sent),
        "guards": json.dumps(guards),
        "state": "blocked" if guards else "planned",
        "selection": selection.as_text(),
        "suppression_state": suppression_state,
        "planned_at": utc_now(),
    }
    marks = ", ".join("?" for _ in values)
    warehouse.execute(
        f"insert into {SYNC_PLANS} ({', '.join(values)}) values ({marks})", list(values.values())
    )
    warehouse.execute(
        f"update {SYNC_PLANS} set digest = ? where plan_id = ?",
        [compute_digest(warehouse, scope.plan_id), scope.plan_id],
    )


def snapshot_version(warehouse: Warehouse, sync: str, account: str) -> int:
    """A number that grows with every change of the snapshot of a sync."""
    total = warehouse.value(
        f"select cast(coalesce(sum(version), 0) as bigint) as total from {SYNC_SNAPSHOT}"
        " where sync = ? and account = ?",
        [sync, account],
    )
    return int(total)


def _guards(warehouse: Warehouse, sync: Sync, scope: Scope, counts: PlanCounts) -> tuple[str, ...]:
    extent = Extent(
        source=counts.source_rows,
        acknowledged=counts.acknowledged,
        planned=counts.added + counts.changed + counts.removed,
        removed=counts.removed,
        leaving=counts.leaving,
        added=counts.added,
    )
    destination = sync.destination
    most = destination.description.most_rows_per_run
    circumstances = [
        *most_rows_sentences(extent.planned, most, destination.name),
        *upstream_sentences(sync.failed),
        *binding_sentences(warehouse, scope.sync, scope.account, sync.destination.name),
    ]
    return blocking_guards(extent, sync.settings.guard, circumstances)


def _last_pushed(warehouse: Warehouse, scope: Scope) -> dict[str, Any] | None:
    rows = warehouse.rows(
        f"select mapping_hash, fields, mode from {SYNC_PLANS} where sync = ? and account = ?"
        " and state = 'pushed' order by planned_at desc limit 1",
        [scope.sync, scope.account],
    )
    return rows[0] if rows else None


def _mapping_changes(mapping: Mapping, last: dict[str, Any] | None) -> Sequence[str]:
    """What differs from the plan pushed last, a few words each."""
    if last is None or last["mapping_hash"] == mapping.hash:
        return []
    before, after = set(json.loads(last["fields"])), set(mapping.fields)
    changes = [f"{name} is new" for name in sorted(after - before)]
    changes += [f"{name} is gone" for name in sorted(before - after)]
    return changes or ["the key, or what stands behind a field, is another"]
