"""Taking a person's rows back from every destination that can delete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reverse_etl.forget.traces import key_condition, quotes
from reverse_etl.plan import find_account, make_plan
from reverse_etl.push import push
from reverse_etl.selection import Selection
from reverse_etl.syncs import Sync
from warehouse.engines import Warehouse
from warehouse.errors import WeftError
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.system_tables import SYNC_ATTEMPTS, SYNC_SNAPSHOT


@dataclass(frozen=True)
class Withdrawal:
    """What became of a person's rows at the destination of one sync.

    ``state`` is removed, nothing (it holds none), pending (to be tried again) or impossible (the
    destination cannot delete). ``keys`` are the rows concerned.
    """

    sync: str
    destination: str
    account: str
    state: str
    keys: tuple[str, ...]
    error: str | None = None


def held_keys(
    warehouse: Warehouse, project: Project, sync: Sync, pending: Sequence[str] = ()
) -> tuple[str, tuple[str, ...]]:
    """The account of a sync, and the person's keys it may hold.

    ``pending`` are keys of an earlier request that was not answered for.
    """
    account = find_account(warehouse, project, sync)
    condition = key_condition(sync.settings.key)
    rows = warehouse.rows(
        f"""
        select distinct key from (
            select key from {SYNC_SNAPSHOT} where sync = ? and account = ? and not removed
                and ({condition} or {quotes("payload")})
            union all
            select key from {SYNC_ATTEMPTS} where sync = ? and {condition}
        ) as held order by key
        """,
        [sync.name, account, sync.name],
    )
    return account, tuple(dict.fromkeys([*(row["key"] for row in rows), *pending]))


def withdraw(
    warehouse: Warehouse,
    project: Project,
    sync: Sync,
    run: Run,
    account: str,
    keys: tuple[str, ...],
) -> Withdrawal:
    """Remove keys at the destination of a sync. A destination that fails does not raise."""
    destination = sync.destination.name

    def ended(state: str, error: str | None = None) -> Withdrawal:
        return Withdrawal(sync.name, destination, account, state, keys, error)

    if not keys:
        return ended("nothing")
    if not sync.destination.description.can_erase:
        return ended("impossible", f"The destination {destination!r} cannot delete.")
    try:
        plan = make_plan(warehouse, project, sync, run, Selection(keys, withdraws=True))
        if not plan.removed:
            return ended("nothing")
        report = push(warehouse, project, sync, plan, run, approve=plan.plan_id)
    except WeftError as error:
        return ended("pending", str(error))
    if report.state == "diverted":
        return ended(
            "pending",
            f"The destination {destination!r} may not be reached from target {project.target}.",
        )
    removed = report.succeeded.removed == plan.removed
    return ended("removed" if removed else "pending", report.error)


def sync_keys(syncs: Mapping[str, Sync]) -> dict[str, str]:
    """For each sync the condition under which a key is the person's."""
    return {name: key_condition(sync.settings.key) for name, sync in syncs.items()}
