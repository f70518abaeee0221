"""One sync from beginning to end: plan, then push."""

from reverse_etl.plan import Plan, load_plan, make_plan, refuse_changed
from reverse_etl.push import push
from reverse_etl.report import SyncReport
from reverse_etl.selection import EVERYTHING, Selection
from reverse_etl.settling import settle
from reverse_etl.syncs import Sync
from warehouse.engines import Warehouse
from warehouse.progress import Progress
from warehouse.project import Project
from warehouse.runs import Run


def sync(
    warehouse: Warehouse,
    project: Project,
    chosen: Sync,
    run: Run,
    *,
    progress: Progress | None = None,
    approve: str | None = None,
    dry_run: bool = False,
    selection: Selection = EVERYTHING,
) -> SyncReport:
    """Plan a sync and push the plan; with ``approve`` push the plan of that id as it was saved.

    Before a plan is made, what earlier runs left without a known outcome is resolved. An approval
    of another sync's plan is not looked at. Rows that fail are in the report, whose
    ``exit_code`` says so.

    Raises UnknownNameError for a plan or column that does not exist, BlockedError for a plan that
    is stale or blocked by a guard, ConfigurationError for an environment variable that is not set,
    WeftError when the model has not been built.
    """
    plan = _approved_plan(warehouse, chosen, approve)
    if plan is None:
        if not dry_run and project.target in chosen.destination.description.targets:
            settle(warehouse, project, chosen, run)
        plan = make_plan(warehouse, project, chosen, run, selection)
    return push(
        warehouse,
        project,
        chosen,
        plan,
        run,
        progress=progress,
        approve=approve,
        dry_run=dry_run,
    )


def _approved_plan(warehouse: Warehouse, chosen: Sync, approve: str | None) -> Plan | None:
    plan = load_plan(warehouse, approve) if approve else None
    if plan is None or plan.sync != chosen.name:
        return None
    refuse_changed(warehouse, plan)
    return plan
