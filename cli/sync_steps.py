"""The steps that send: plan, apply, sync, retry and reset. Each returns its figures."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.context import Session
from cli.figures import Figures, keep, keep_plans
from warehouse.errors import BlockedError, ConfigurationError, WeftError

if TYPE_CHECKING:
    from reverse_etl.plan_files import PlanEntry
    from reverse_etl.report import SyncReport
    from reverse_etl.selection import Selection
    from reverse_etl.syncs import Sync


def select(
    syncs: Sequence[str],
    *,
    keys: Sequence[str] = (),
    resync: bool = False,
    starts_from: date | None = None,
) -> "Selection":
    """What the options of ``plan`` and ``sync`` ask for.

    Raises a usage error where they need one sync to be named.
    """
    from reverse_etl.selection import Selection

    for option, given in (("--only-key", keys), ("--from", starts_from), ("--resync", resync)):
        if given and len(syncs) != 1:
            raise click.UsageError(f"{option} needs exactly one sync; name it with -s SYNC.")
    return Selection(tuple(keys) or None, resync=resync, starts_from=starts_from)


def plan_syncs(
    session: Session,
    names: Sequence[str] = (),
    *,
    selection: "Selection | None" = None,
    output: Path | None = None,
) -> Figures:
    """Compare the named syncs, or all, with what their destinations have; nothing is sent."""
    from reverse_etl.plan import make_plan
    from reverse_etl.plan_files import write_plan_file
    from reverse_etl.selection import EVERYTHING

    plans = [
        make_plan(session.warehouse, session.project, sync, session.run, selection or EVERYTHING)
        for sync in chosen_syncs(session, names)
    ]
    if output is not None:
        write_plan_file(output, plans)
    return keep_plans(session, map(asdict, plans))


def push_syncs(
    session: Session,
    names: Sequence[str] = (),
    *,
    approve: str | None = None,
    dry_run: bool = False,
    selection: "Selection | None" = None,
) -> Figures:
    """Send what the named syncs, or all, have to send. One that is blocked stops no other."""
    from reverse_etl.selection import EVERYTHING
    from reverse_etl.sync import sync

    check_settings(session)

    def send(chosen: "Sync") -> "SyncReport":
        return sync(
            session.warehouse,
            session.project,
            chosen,
            session.run,
            progress=session.progress,
            approve=approve,
            dry_run=dry_run,
            selection=selection or EVERYTHING,
        )

    reports = [
        _report(session, chosen.name, partial(send, chosen))
        for chosen in chosen_syncs(session, names)
    ]
    return _keep_reports(session, reports, dry_run=dry_run)


def apply_plans(
    session: Session, file: Path, *, approve: Sequence[str] = (), dry_run: bool = False
) -> Figures:
    """Send exactly what a plan file names."""
    from reverse_etl.plan_files import load_entry, read_plan_file
    from reverse_etl.push import push

    check_settings(session)
    entries = read_plan_file(file)
    chosen = {sync.name: sync for sync in chosen_syncs(session, [one.sync for one in entries])}

    def send(entry: "PlanEntry") -> "SyncReport":
        plan = load_entry(session.warehouse, entry)
        return push(
            session.warehouse,
            session.project,
            chosen[entry.sync],
            plan,
            session.run,
            progress=session.progress,
            approve=plan.plan_id if plan.plan_id in approve else None,
            dry_run=dry_run,
        )

    reports = [_report(session, entry.sync, partial(send, entry)) for entry in entries]
    return _keep_reports(session, reports, dry_run=dry_run)


def chosen_syncs(session: Session, names: Sequence[str]) -> "list[Sync]":
    """The named syncs of the project, all when no name is given. Raises UnknownNameError."""
    from reverse_etl.syncs import read_syncs, select_syncs
    from warehouse.dbt import load_manifest

    return select_syncs(read_syncs(session.project, load_manifest(session.project)), names)


def _report(session: Session, name: str, send: "Callable[[], SyncReport]") -> Figures:
    from reverse_etl.sync_runs import record_failed_sync_run

    try:
        return asdict(send())
    except ConfigurationError:
        # Nothing is wrong with the run: the command or a setting is, and says so by itself.
        raise
    except WeftError as error:
        state = "blocked" if isinstance(error, BlockedError) else "failed"
        record_failed_sync_run(session.warehouse, name, session.run, state, str(error))
        return {"sync": name, "state": state, "error": str(error)}


def check_settings(session: Session) -> None:
    """Raise ConfigurationError for what is only needed once rows have been sent."""
    from reverse_etl.keeping import read_keep
    from reverse_etl.notify import read_notifications

    read_keep(session.project)
    read_notifications(session.project)


def _keep_reports(session: Session, reports: list[Figures], *, dry_run: bool) -> Figures:
    target = session.project.target
    if not dry_run:
        _tell(session, reports)
    return keep(session, "sync", {"target": target, "dry_run": dry_run, "syncs": reports})


def tell_build(session: Session, failed: Sequence[str]) -> None:
    """Notify whoever wants to know that a build failed, or works again."""
    from reverse_etl.notify import find_build_notices, notify

    notices = find_build_notices(
        session.warehouse, session.run.run_id, session.project.target, failed
    )
    for fault in notify(session.project, notices):
        click.echo(f"Warning: {fault}", err=True)


def _tell(session: Session, reports: list[Figures]) -> None:
    """Notify whoever wants to know, and let go of what has been kept long enough."""
    from reverse_etl.keeping import discard_old, read_keep
    from reverse_etl.notify import find_notices, notify

    notices = find_notices(session.warehouse, session.run.run_id, session.project.target, reports)
    for fault in notify(session.project, notices):
        click.echo(f"Warning: {fault}", err=True)
    discard_old(session.warehouse, read_keep(session.project))


def retry_syncs(
    session: Session, names: Sequence[str], *, keys: Sequence[str] = (), dry_run: bool = False
) -> Figures:
    """Send the rejected rows of the named syncs, or of all, once more."""
    from reverse_etl.selection import Selection

    selection = Selection(tuple(keys) or None, retry_rejected=True)
    return push_syncs(session, names, dry_run=dry_run, selection=selection)


def reset_sync(session: Session, name: str, confirm: Callable[[str, int], bool]) -> Figures:
    """Forget what the destination of a sync has acknowledged, once ``confirm`` says so.

    ``confirm`` is given the account and the number of acknowledged keys.
    """
    from reverse_etl.bindings import count_acknowledged, reset
    from reverse_etl.plan import find_account

    [sync] = chosen_syncs(session, [name])
    account = find_account(session.warehouse, session.project, sync)
    keys = count_acknowledged(session.warehouse, sync.name, account)
    if not confirm(account, keys):
        return keep(session, "reset", {"sync": name, "account": account, "keys": 0, "done": False})
    reset(session.warehouse, sync.name, account, sync.destination.name)
    return keep(session, "reset", {"sync": name, "account": account, "keys": keys, "done": True})
