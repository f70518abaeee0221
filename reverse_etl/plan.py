"""The plan of a sync: what it would add, change and remove, kept in the warehouse."""

import json
import uuid
from dataclasses import dataclass

from reverse_etl.diff import Scope, compute_difference, count_difference, drop_difference
from reverse_etl.guards import Extent, blocking_guards
from reverse_etl.mapping import Mapping, resolve_mapping
from reverse_etl.payload import key_text
from reverse_etl.plan_rows import NULL_KEY, store_rows
from reverse_etl.recovery import recover
from reverse_etl.samples import SampleRow, sample_rows
from reverse_etl.syncs import Sync
from warehouse.crash_points import crash_point
from warehouse.engines import Warehouse
from warehouse.errors import UnknownNameError
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.system_tables import SYNC_PLANS, SYNC_ROWS, SYNC_SNAPSHOT, utc_now


@dataclass(frozen=True)
class Plan:
    """What a sync would do. Counts are rows.

    ``added``, ``changed`` and ``removed`` go out, in ``requests`` requests. ``leaving`` rows are
    gone from the model but stay at the destination, as the mode wants; ``invalid`` rows are never
    sent; ``rejected_earlier`` ones
    were refused before and have not changed since. ``guards`` are the
    sentences that block the plan. ``mapping_changed`` says that key or fields differ from the
    plan pushed last.
    """

    plan_id: str
    sync: str
    run_id: str
    target: str
    destination: str
    account: str
    mode: str
    base_version: int
    mapping_hash: str
    mapping_changed: bool
    fields: tuple[str, ...]
    source_rows: int
    acknowledged: int
    added: int
    changed: int
    removed: int
    leaving: int
    unchanged: int
    invalid: int
    rejected_earlier: int
    requests: int
    guards: tuple[str, ...]
    state: str
    samples: tuple[SampleRow, ...]

    @property
    def planned(self) -> int:
        """Rows that go out."""
        return self.added + self.changed + self.removed

    @property
    def has_changes(self) -> bool:
        """Whether the destination would see anything."""
        return self.planned > 0


def make_plan(warehouse: Warehouse, project: Project, sync: Sync, run: Run) -> Plan:
    """Compare the model with the snapshot and save what differs.

    No environment variable needs to be set for it. A run that died is closed first: what it sent
    without an answer is unknown, and comes back.

    Raises UnknownNameError for a column that does not exist, WeftError when the model's table is
    not there.
    """
    mapping = resolve_mapping(warehouse, sync)
    recover(warehouse, sync.name)
    scope = Scope(str(uuid.uuid4()), sync.name, _account(warehouse, project, sync))
    with warehouse.transaction():
        compute_difference(warehouse, mapping, sync.settings.mode, scope)
        counts = _difference_counts(warehouse, mapping, scope)
        _store_plan(warehouse, sync, run, mapping, scope, counts)
        drop_difference(warehouse)
    crash_point("after_plan")
    return load_plan(warehouse, scope.plan_id)


def load_plan(warehouse: Warehouse, plan_id: str) -> Plan:
    """A plan that was saved. Raises UnknownNameError."""
    rows = warehouse.rows(f"select * from {SYNC_PLANS} where plan_id = ?", [plan_id])
    if not rows:
        recent = warehouse.rows(
            f"select plan_id from {SYNC_PLANS} order by planned_at desc limit 5"
        )
        raise UnknownNameError("plan", plan_id, (row["plan_id"] for row in recent))
    [values] = rows
    for unused in ("approved_at", "planned_at"):
        del values[unused]
    values["fields"] = tuple(json.loads(values["fields"]))
    values["guards"] = tuple(json.loads(values["guards"]))
    samples = sample_rows(warehouse, plan_id, values["sync"], values["account"])
    return Plan(**values, samples=samples)


def snapshot_version(warehouse: Warehouse, sync: str, account: str) -> int:
    """A number that grows with every change of the snapshot of a sync."""
    total = warehouse.value(
        f"select cast(coalesce(sum(version), 0) as bigint) as total from {SYNC_SNAPSHOT}"
        " where sync = ? and account = ?",
        [sync, account],
    )
    return int(total)


def _account(warehouse: Warehouse, project: Project, sync: Sync) -> str:
    account = sync.destination.account()
    if account is not None:
        return account
    # The address hides in a variable that is not set here: the account pushed to last.
    known = warehouse.value(
        f"select account from {SYNC_PLANS} where sync = ? and target = ? and destination = ?"
        " and state = 'pushed' order by planned_at desc limit 1",
        [sync.name, project.target, sync.destination.name],
    )
    return str(known or f"unknown account of {sync.destination.name}")


def _store_plan(
    warehouse: Warehouse,
    sync: Sync,
    run: Run,
    mapping: Mapping,
    scope: Scope,
    counts: dict[str, int],
) -> None:
    sent = counts["added"] + counts["changed"]
    description = sync.destination.description
    extent = Extent(
        source=counts["source_rows"],
        acknowledged=counts["acknowledged"],
        planned=sent + counts["removed"],
        removed=counts["removed"],
        leaving=counts["leaving"],
    )
    guards = blocking_guards(extent, sync.settings.guard)
    values = {
        "plan_id": scope.plan_id,
        "sync": scope.sync,
        "run_id": run.run_id,
        "target": run.target,
        "destination": sync.destination.name,
        "account": scope.account,
        "mode": sync.settings.mode,
        "base_version": snapshot_version(warehouse, scope.sync, scope.account),
        "mapping_hash": mapping.hash,
        "mapping_changed": _mapping_changed(warehouse, mapping, scope),
        "fields": json.dumps(list(mapping.fields)),
        **counts,
        "requests": description.requests(counts["removed"], sent),
        "guards": json.dumps(guards),
        "state": "blocked" if guards else "planned",
        "planned_at": utc_now(),
    }
    marks = ", ".join("?" for _ in values)
    warehouse.execute(
        f"insert into {SYNC_PLANS} ({', '.join(values)}) values ({marks})", list(values.values())
    )


def _difference_counts(warehouse: Warehouse, mapping: Mapping, scope: Scope) -> dict[str, int]:
    """Store the rows that differ; how many there are of each kind."""
    key = key_text(mapping, "source")
    [source] = warehouse.rows(
        f"select count(*) as total, count({key}) as keyed from {mapping.table} as source"
    )
    keys = count_difference(warehouse)
    operations = {operation for operation, _ in keys}
    if source["keyed"] < source["total"]:
        operations.add(NULL_KEY)
    store_rows(warehouse, mapping, scope, operations)
    invalid = warehouse.value(
        f"select count(*) as total from {SYNC_ROWS} where plan_id = ? and operation = 'invalid'",
        [scope.plan_id],
    )
    acknowledged = warehouse.value(
        f"select count(*) as total from {SYNC_SNAPSHOT}"
        " where sync = ? and account = ? and not removed",
        [scope.sync, scope.account],
    )
    present = sum(keys.get((name, True), 0) for name in ("add", "change", "rejected"))

    def count(operation: str) -> int:
        return keys.get((operation, True), 0) + keys.get((operation, False), 0)

    return {
        "source_rows": source["total"],
        "acknowledged": acknowledged,
        "added": count("add"),
        "changed": count("change"),
        "removed": count("remove"),
        "leaving": count("leave"),
        "unchanged": source["total"] - invalid - present,
        "invalid": invalid,
        "rejected_earlier": count("rejected"),
    }


def _mapping_changed(warehouse: Warehouse, mapping: Mapping, scope: Scope) -> bool:
    last = warehouse.value(
        f"select mapping_hash from {SYNC_PLANS} where sync = ? and account = ?"
        " and state = 'pushed' order by planned_at desc limit 1",
        [scope.sync, scope.account],
    )
    return last is not None and last != mapping.hash
