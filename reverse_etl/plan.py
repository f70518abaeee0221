"""The plan of a sync: what it would add, change and remove, kept in the warehouse."""

import json
import uuid
from dataclasses import dataclass

from reverse_etl.bindings import first_day
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.diff import Scope, compute_difference, drop_difference
from reverse_etl.mapping import resolve_mapping
from reverse_etl.plan_counts import count_rows
from reverse_etl.plan_digest import compute_digest
from reverse_etl.plan_store import snapshot_version, store_plan
from reverse_etl.recovery import recover
from reverse_etl.samples import SampleRow, sample_rows
from reverse_etl.selection import EVERYTHING, Selection, read_selection
from reverse_etl.syncs import Sync
from warehouse.crash_points import crash_point
from warehouse.engines import Warehouse
from warehouse.errors import BlockedError, ConfigurationError, UnknownNameError
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.suppressions import suppression_state
from warehouse.system_tables import SYNC_PLANS, SYNC_ROWS

__all__ = [
    "Plan",
    "find_account",
    "load_plan",
    "make_plan",
    "purpose_of",
    "refuse_changed",
    "snapshot_version",
]

MEMORY = "600MB"
"""What the warehouse may hold in memory while it plans; what is more goes to disk."""
MOST_KEYS = 10


@dataclass(frozen=True)
class Plan:
    """What a sync would do. Counts are rows.

    ``added``, ``changed`` and ``removed`` go out, in ``requests`` requests, which take at least
    ``seconds`` by the destination's limits. ``leaving`` rows are gone from the model but stay at
    the destination, as the mode wants. ``invalid`` rows are never sent; ``invalid_reasons`` counts
    them by reason and ``invalid_keys`` names up to ten of the keys that occur more than once.
    ``withheld`` rows lack consent, ``suppressed`` ones are in ``weft.suppressions``.
    ``rejected_earlier`` ones were refused before and have not changed since, or may have arrived
    at a destination that never repeats. ``guards`` are the
    sentences that block the plan, ``mapping_changes`` say how key and fields differ from the plan
    pushed last. ``digest`` stands for all of it, rows included.
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
    mapping_changes: tuple[str, ...]
    fields: tuple[str, ...]
    source_rows: int
    acknowledged: int
    added: int
    changed: int
    removed: int
    leaving: int
    unchanged: int
    invalid: int
    invalid_reasons: dict[str, int]
    invalid_keys: tuple[str, ...]
    withheld: int
    suppressed: int
    rejected_earlier: int
    requests: int
    seconds: float
    guards: tuple[str, ...]
    state: str
    selection: Selection
    suppression_state: str
    digest: str
    samples: tuple[SampleRow, ...]

    @property
    def planned(self) -> int:
        """Rows that go out."""
        return self.added + self.changed + self.removed

    @property
    def has_changes(self) -> bool:
        """Whether the destination would see anything."""
        return self.planned > 0


def make_plan(
    warehouse: Warehouse,
    project: Project,
    sync: Sync,
    run: Run,
    selection: Selection = EVERYTHING,
) -> Plan:
    """Compare the model with the snapshot and save what differs.

    No environment variable needs to be set for it. A run that died is closed first: what it sent
    without an answer is unknown, and comes back.

    Raises UnknownNameError for a column that does not exist, ConfigurationError for a selection
    the mode does not have, WeftError when the model's table is not there, BlockedError when the
    register of suppressions cannot be read.
    """
    if selection.resync and sync.settings.mode == "append":
        raise ConfigurationError(
            f"The sync {sync.name!r} appends, and sending its rows again would double them; "
            "only --from sends rows of a period."
        )
    account = find_account(warehouse, project, sync)
    starts_from = selection.starts_from or first_day(warehouse, sync.name, account)
    state = suppression_state(warehouse)
    mapping = resolve_mapping(warehouse, sync, starts_from)
    recover(warehouse, sync.name)
    scope = Scope(str(uuid.uuid4()), sync.name, account)
    with warehouse.bounded_memory(MEMORY), warehouse.transaction():
        compared = compute_difference(
            warehouse,
            mapping,
            sync.settings.mode,
            scope,
            selection,
            never_repeats=sync.destination.description.never_repeats,
        )
        counts = count_rows(warehouse, mapping, scope, selection, compared)
        store_plan(warehouse, sync, run, mapping, scope, counts, selection, state)
        drop_difference(warehouse)
    crash_point("after_plan")
    return load_plan(warehouse, scope.plan_id)


def load_plan(warehouse: Warehouse, plan_id: str) -> Plan:
    """A plan that was saved. Raises UnknownNameError."""
    rows = warehouse.rows(f"select * from {SYNC_PLANS} where plan_id = ?", [plan_id])
    if not rows:
        recent = warehouse.rows(
            f"select plan_id from {SYNC_PLANS} order by planned_at desc, plan_id limit 5"
        )
        raise UnknownNameError("plan", plan_id, (row["plan_id"] for row in recent))
    [values] = rows
    for unused in ("approved_at", "planned_at"):
        del values[unused]
    for name in ("fields", "guards", "mapping_changes"):
        values[name] = tuple(json.loads(values[name] or "[]"))
    # Plans of the first version of the schema lack the rest.
    values["invalid_reasons"] = json.loads(values["invalid_reasons"] or "{}")
    values["selection"] = read_selection(values["selection"])
    for name in ("withheld", "suppressed", "seconds"):
        values[name] = values[name] or 0
    for name in ("suppression_state", "digest"):
        values[name] = values[name] or ""
    samples = sample_rows(warehouse, plan_id, values["sync"], values["account"])
    return Plan(**values, invalid_keys=_invalid_keys(warehouse, plan_id), samples=samples)


def refuse_changed(warehouse: Warehouse, plan: Plan) -> None:
    """Raise BlockedError when a plan is not what it was, or may not be sent any more.

    It may not when an identifier was suppressed since it was made.
    """
    changed = None
    if plan.state != "pushed" and compute_digest(warehouse, plan.plan_id) != plan.digest:
        changed = "what the warehouse holds of it has changed since"
    elif suppression_state(warehouse) != plan.suppression_state:
        changed = "the register of suppressions has changed since"
    if changed:
        raise BlockedError(
            f"The plan {plan.plan_id} of {plan.sync!r} is stale: {changed}; make a new plan."
        )


def purpose_of(sync: Sync, plan: Plan) -> Purpose:
    """What the rows of a plan are at their destination."""
    return sync.purpose(plan.fields, erases=plan.selection.withdraws)


def find_account(warehouse: Warehouse, project: Project, sync: Sync) -> str:
    """The account a sync's destination has now, as far as it can be told."""
    account = sync.account()
    if account is not None:
        return account
    # The address hides in a variable that is not set here: the account pushed to last.
    known = warehouse.value(
        f"select account from {SYNC_PLANS} where sync = ? and target = ? and destination = ?"
        " and state = 'pushed' order by planned_at desc limit 1",
        [sync.name, project.target, sync.destination.name],
    )
    return str(known or f"unknown account of {sync.destination.name}")


def _invalid_keys(warehouse: Warehouse, plan_id: str) -> tuple[str, ...]:
    rows = warehouse.rows(
        f"select distinct key from {SYNC_ROWS} where plan_id = ? and operation = 'invalid'"
        f" and key is not null order by key limit {MOST_KEYS}",
        [plan_id],
    )
    return tuple(row["key"] for row in rows)
