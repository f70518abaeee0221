"""Why rows of a run did not arrive: grouped by cause, with one row, request and answer of each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.messages import HttpRequest
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.reading import begin
from reverse_etl.syncs import Sync
from reverse_etl.values import fragments
from warehouse.engines import Warehouse
from warehouse.system_tables import SYNC_ATTEMPTS, SYNC_PLANS, SYNC_ROWS, SYNC_RUNS

# What tells one row from the next in a message that says the same of both.
_PARTICULARS = r"[^\s\"'<>]*@[^\s\"'<>]*|[0-9]+"


@dataclass(frozen=True)
class Failure:
    """Rows that failed for one cause.

    ``cause`` is the destination's message with numbers and addresses left out. The sample is the
    first key of the group: what it was to become (``payload``), the ``request`` as it would be
    for this row alone, and the ``answer``.
    """

    sync: str
    run_id: str
    outcome: str
    http_status: int | None
    code: str | None
    cause: str | None
    rows: int
    key: str
    operation: str
    attempts: int
    payload: str | None
    request: Mapping[str, str] | None
    answer: Mapping[str, Any]


def find_failures(
    warehouse: Warehouse, syncs: Mapping[str, Sync], run_id: str | None = None
) -> list[Failure]:
    """The failures of a run, or of the latest run of each sync that sent anything.

    The most frequent cause of a sync comes first.
    """
    return [
        _failure(warehouse, syncs[run["sync"]], run, group)
        for run in _pushed_runs(warehouse, run_id)
        if run["sync"] in syncs
        for group in _groups(warehouse, run)
    ]


def _pushed_runs(warehouse: Warehouse, run_id: str | None) -> list[dict[str, Any]]:
    return warehouse.rows(
        f"""
        select sync, run_id, plan_id from (
            select *, row_number() over (
                partition by sync order by started_at desc, plan_id
            ) as recency
            from {SYNC_RUNS}
            where state not in ('blocked', 'diverted', 'unchanged')
                and (run_id = ? or cast(? as varchar) is null)
        ) as ranked
        where recency = 1 or cast(? as varchar) is not null
        order by sync, started_at
        """,
        [run_id] * 3,
    )


def _groups(warehouse: Warehouse, run: Mapping[str, Any]) -> list[dict[str, Any]]:
    return warehouse.rows(
        f"""
        with last as (
            select *, regexp_replace(message, ?, '…', 'g') as cause
            from (
                select *, row_number() over (
                    partition by key order by attempted_at desc, attempt desc
                ) as recency
                from {SYNC_ATTEMPTS}
                where run_id = ? and plan_id = ?
            ) as ranked
            where recency = 1 and outcome <> 'succeeded'
        ),
        numbered as (
            select *, count(*) over cause_of as rows,
                row_number() over (
                    partition by outcome, http_status, code, cause order by key
                ) as place
            from last
            window cause_of as (partition by outcome, http_status, code, cause)
        )
        select outcome, http_status, code, cause, rows, key, operation, attempt as attempts,
            message, request_id
        from numbered where place = 1
        order by rows desc, outcome, http_status nulls last, code nulls last, key
        """,
        [_PARTICULARS, run["run_id"], run["plan_id"]],
    )


def _failure(
    warehouse: Warehouse, sync: Sync, run: Mapping[str, Any], group: dict[str, Any]
) -> Failure:
    rows = warehouse.rows(
        f"""
        select sent.*, account from {SYNC_ROWS} as sent
        join {SYNC_PLANS} as plans on plans.plan_id = sent.plan_id
        where sent.plan_id = ? and sent.key = ? and position is not null
        """,
        [run["plan_id"], group["key"]],
    )
    message, request_id = group.pop("message"), group.pop("request_id")
    answer = {
        "http_status": group["http_status"],
        "code": group["code"],
        "message": message,
        "request_id": request_id,
    }
    return Failure(
        sync=sync.name,
        run_id=run["run_id"],
        payload=rows[0]["payload"] if rows else None,
        request=_request(sync, rows[0]) if rows else None,
        answer=answer,
        **group,
    )


def _request(sync: Sync, row: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The request of one row, without headers and secrets; None where none is made."""
    destination = sync.destination.description
    if not isinstance(destination, HttpDestination):
        return None
    key_json = row["key"] if len(sync.settings.key) > 1 else json.dumps(row["key"])
    sent = Row(
        position=row["position"],
        key=row["key"],
        key_json=key_json,
        operation=row["operation"],
        payload=row["payload"],
        row_hash=row["row_hash"],
        version=row["version"],
        idempotency_key="…",
    )
    fields = tuple(fragments(row["payload"]))
    batch = Batch(sync.purpose(fields), [sent])
    if destination.refusals(batch):
        return None
    request = begin(destination.exchange(batch))
    if not isinstance(request, HttpRequest):
        return None
    redact = sync.destination.redactor(destination)
    body = redact(request.body.decode(errors="replace")) or ""
    return {"method": request.method, "account": row["account"], "body": body}
