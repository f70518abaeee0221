"""Before a plan is made: what earlier runs left open is resolved as far as it can be."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from typing import Any

from reverse_etl.answers import Answer
from reverse_etl.bindings import binding_sentences
from reverse_etl.channel import Channel
from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.messages import Job
from reverse_etl.jobs import JobFollower
from reverse_etl.ledger import Ledger
from reverse_etl.mapping import resolve_mapping
from reverse_etl.payload import key_text
from reverse_etl.plan import Plan, load_plan, purpose_of
from reverse_etl.plan_store import snapshot_version
from reverse_etl.push import send_plan
from reverse_etl.recovery import recover
from reverse_etl.sessions import Session
from reverse_etl.stopping import Stop
from reverse_etl.syncs import Sync
from reverse_etl.transports.http import HttpTransport
from reverse_etl.troubled import TROUBLED, find_troubled
from warehouse.engines import Warehouse
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.system_tables import SYNC_JOBS, SYNC_PLANS, SYNC_ROWS, SYNC_RUNS, utc_now


def settle(warehouse: Warehouse, project: Project, sync: Sync, run: Run) -> None:
    """Resolve what earlier runs of a sync left without a known outcome.

    Jobs that were still running are polled to their end; those that do not end are given up, and
    their rows come back. Where a destination is not idempotent, rows that may have arrived are
    sent again as they were, with the same idempotency key, before newer values may follow; one
    that never repeats gets them only when a person retries them.

    Call it only where the destination may be reached. That it does not answer is no error here:
    the push that follows says so. Raises ConfigurationError for an environment variable that is
    not set.
    """
    recover(warehouse, sync.name)
    account = sync.account()
    description = sync.destination.description
    if account is None or not isinstance(description, HttpDestination):
        return
    if any(binding_sentences(warehouse, sync.name, account, sync.destination.name)):
        # A copied warehouse, perhaps: the plan asks a person first.
        return
    jobs = _running_jobs(warehouse, sync.name, account)
    if jobs:
        destination = sync.destination.open()
        if isinstance(destination, HttpDestination):
            asyncio.run(_Jobs(warehouse, sync, run, destination).settle(jobs))
    if description.is_idempotent or description.never_repeats:
        return
    if plan := _plan_again(warehouse, sync, run, account):
        send_plan(warehouse, project, sync, plan, run)


class _Jobs:
    def __init__(
        self, warehouse: Warehouse, sync: Sync, run: Run, destination: HttpDestination
    ) -> None:
        self._warehouse, self._sync, self._run = warehouse, sync, run
        self._destination = destination

    async def settle(self, jobs: Sequence[dict[str, Any]]) -> None:
        destination, entry = self._destination, self._sync.destination
        stop = Stop(entry.name)
        async with HttpTransport(destination) as transport:
            channel = Channel.over(transport, destination, stop, entry.redactor(destination))
            for job in jobs:
                await self._settle(channel, job)

    async def _settle(self, channel: Channel, values: dict[str, Any]) -> None:
        job, positions = Job(values["job_id"]), json.loads(values["positions"])
        plan = load_plan(self._warehouse, values["plan_id"])
        ledger = Ledger(self._warehouse, plan, self._run, len(self._sync.settings.key))
        session = Session(channel, purpose_of(self._sync, plan))
        if not await session.open(ledger.list_id(), ledger.remember_list):
            return
        page = ledger.page(min(positions), max(positions))
        wanted = frozenset(positions)
        rows = [row for row in page.rows() if row.position in wanted]
        outcomes = await JobFollower(channel).follow(job, session.batch(rows))
        ledger.write_answers([(page, [Answer(rows, values["attempt"], outcomes, job)])])
        self._warehouse.execute(
            f"update {SYNC_JOBS} set state = 'abandoned', finished_at = ?"
            " where plan_id = ? and job_id = ? and state = 'running'",
            [utc_now(), plan.plan_id, job.job_id],
        )


def _running_jobs(warehouse: Warehouse, sync: str, account: str) -> list[dict[str, Any]]:
    """The jobs of the last push; of others the rows have been sent again since."""
    warehouse.execute(
        f"""
        update {SYNC_JOBS} set state = 'abandoned', finished_at = ?
        where sync = ? and account = ? and state = 'running' and plan_id <> (
            select plans.plan_id from {SYNC_RUNS} as runs
            join {SYNC_PLANS} as plans on plans.plan_id = runs.plan_id
            where plans.sync = ? and plans.account = ?
            order by runs.started_at desc, runs.plan_id limit 1
        )
        """,
        [utc_now(), sync, account, sync, account],
    )
    return warehouse.rows(
        f"select plan_id, job_id, positions, attempt from {SYNC_JOBS}"
        " where sync = ? and account = ? and state = 'running' order by started_at, job_id",
        [sync, account],
    )


def _plan_again(warehouse: Warehouse, sync: Sync, run: Run, account: str) -> Plan | None:
    """A plan of the rows that may have arrived, as they were; None when there are none.

    A row that may not be sent any more, as its model or the suppressions have it, is left to the
    plan that follows.
    """
    if not find_troubled(warehouse, sync.name, account):
        return None
    mapping = resolve_mapping(warehouse, sync)
    plan_id = str(uuid.uuid4())
    with warehouse.transaction():
        rows = warehouse.execute(
            f"""
            insert into {SYNC_ROWS}
                (plan_id, sync, position, key, operation, payload, row_hash, version)
            select ?, sent.sync, row_number() over (
                    order by case when sent.operation = 'remove' then 0 else 1 end, sent.key
                ), sent.key, sent.operation, sent.payload, sent.row_hash, sent.version
            from {SYNC_ROWS} as sent
            join {TROUBLED} as troubled
                on troubled.open_plan_id = sent.plan_id and troubled.key = sent.key
            where sent.position is not null and (
                sent.operation = 'remove' or sent.key in (
                    select {key_text(mapping, "source")} from {mapping.relation} as source
                )
            )
            """,
            [plan_id],
        )
        if rows:
            _store_plan_again(warehouse, sync, run, plan_id, account)
    warehouse.execute(f"drop table {TROUBLED}")
    return load_plan(warehouse, plan_id) if rows else None


def _store_plan_again(
    warehouse: Warehouse, sync: Sync, run: Run, plan_id: str, account: str
) -> None:
    """The line of the plan: that of the plan its rows come from, with figures of its own."""
    [values] = warehouse.rows(
        f"select * from {SYNC_PLANS} where plan_id = ("
        f"select max(open_plan_id) from {TROUBLED} where open_plan_id is not null)"
    )
    found = warehouse.rows(
        f"select operation, count(*) as rows from {SYNC_ROWS} where plan_id = ? group by operation",
        [plan_id],
    )
    counts = {row["operation"]: row["rows"] for row in found}
    sent = counts.get("add", 0) + counts.get("change", 0)
    removed = counts.get("remove", 0)
    none = dict.fromkeys(("leaving", "unchanged", "invalid", "rejected_earlier"), 0)
    values |= {
        **none,
        "plan_id": plan_id,
        "run_id": run.run_id,
        "base_version": snapshot_version(warehouse, sync.name, account),
        "added": counts.get("add", 0),
        "changed": counts.get("change", 0),
        "removed": removed,
        "requests": sync.destination.description.requests(removed, sent),
        "guards": "[]",
        "approved_at": None,
        "state": "planned",
        "planned_at": utc_now(),
    }
    marks = ", ".join("?" for _ in values)
    warehouse.execute(
        f"insert into {SYNC_PLANS} ({', '.join(values)}) values ({marks})", list(values.values())
    )
