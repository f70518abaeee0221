"""Forgetting a person, step by step, so that it may be interrupted and run again.

First the identifiers are suppressed, so that nothing of the person is landed or sent any more;
then destinations are asked to delete; then the warehouse deletes. What a destination has not
confirmed stays noted, and the same command takes it up again.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reverse_etl.bindings import held_snapshots, note_emptied
from reverse_etl.forget.identity import hand_on_profile_ids, start_over
from reverse_etl.forget.person import PERSON, Person, find_person
from reverse_etl.forget.traces import Trace, count, delete, find_traces, ledger_traces
from reverse_etl.forget.withdrawal import Withdrawal, held_keys, sync_keys, withdraw
from reverse_etl.syncs import Sync
from warehouse.earlier import drop_earlier
from warehouse.engines import Warehouse, literal
from warehouse.manifest import Manifest
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.scratch import drop_scratch
from warehouse.suppressions import hash_of, suppress
from warehouse.system_tables import FORGOTTEN, SYNC_SNAPSHOT, utc_now

REASON = "forgotten"


@dataclass(frozen=True)
class Proof:
    """What was, or would be, forgotten.

    ``state`` is planned (a dry run), refused (not confirmed), done, or pending while a destination
    has not confirmed. ``identifiers`` are type and hash, ``tables`` rows by table, ``digest``
    sha256 of all of it.
    """

    forget_id: str
    state: str
    identifiers: tuple[Mapping[str, str], ...]
    profiles: int
    tables: Mapping[str, int]
    destinations: tuple[Mapping[str, Any], ...]
    digest: str


@dataclass(frozen=True)
class Request:
    """Who is to be forgotten: an identifier and, where that is not clear, its type."""

    identifier: str
    kind: str | None = None
    dry_run: bool = False


def forget(
    warehouse: Warehouse,
    project: Project,
    manifest: Manifest,
    syncs: Mapping[str, Sync],
    request: Request,
    run: Run,
    confirm: Callable[[Proof], bool],
) -> Proof:
    """Forget a person once ``confirm`` has seen what that would delete.

    A destination that fails does not raise: the proof is then pending. Raises UnknownNameError or
    ConfigurationError when it is not clear who is meant, BlockedError when the register of
    suppressions cannot be read.
    """
    waiting = _earlier(warehouse, request)
    kind = request.kind or next((entry["type"] for entry in waiting), None)
    person = find_person(warehouse, manifest, request.identifier, kind)
    held = _held(warehouse, project, syncs, _pending_keys(waiting))
    try:
        traces = _traces(warehouse, manifest, person, syncs)
        planned = _planned(warehouse, person, traces, held, syncs)
        if request.dry_run:
            return planned
        if not confirm(planned):
            return _proof(warehouse, "refused", person, {}, [])
        profiles = [("profile_id", profile) for profile in person.profiles]
        suppress(warehouse, [*person.identifiers, *profiles], REASON)
        asked = [
            withdraw(warehouse, project, syncs[name], run, account, keys)
            for name, (account, keys) in held.items()
        ]
        kept = [one.sync for one in asked if one.state == "pending"]
        drop_scratch(warehouse)
        drop_earlier(warehouse)
        with warehouse.transaction():
            hand_on_profile_ids(warehouse, manifest)
            held_before = held_snapshots(warehouse)
            deleted = {
                str(trace.table): delete(warehouse, _without(trace, kept)) for trace in traces
            }
            start_over(warehouse, manifest, run)
            note_emptied(warehouse, held_before)
            proof = _proof(warehouse, "pending" if kept else "done", person, deleted, asked)
            _store(warehouse, proof, request, run, person, asked, waiting)
        return proof
    finally:
        warehouse.execute(f"drop table if exists {PERSON}")


def _held(
    warehouse: Warehouse,
    project: Project,
    syncs: Mapping[str, Sync],
    pending: Mapping[str, Sequence[str]],
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The account and the person's keys of each sync whose destination may hold any."""
    held = {
        name: held_keys(warehouse, project, sync, pending.get(name, ()))
        for name, sync in syncs.items()
    }
    return {name: (account, keys) for name, (account, keys) in held.items() if keys}


def _traces(
    warehouse: Warehouse, manifest: Manifest, person: Person, syncs: Mapping[str, Sync]
) -> list[Trace]:
    types = tuple(sorted({kind for kind, _ in person.identifiers}))
    return [*find_traces(warehouse, manifest, types), *ledger_traces(sync_keys(syncs))]


def _planned(
    warehouse: Warehouse,
    person: Person,
    traces: Sequence[Trace],
    held: Mapping[str, tuple[str, tuple[str, ...]]],
    syncs: Mapping[str, Sync],
) -> Proof:
    expected = [
        Withdrawal(name, syncs[name].destination.name, account, "planned", keys)
        for name, (account, keys) in held.items()
    ]
    counts = {str(trace.table): count(warehouse, trace) for trace in traces}
    return _proof(warehouse, "planned", person, counts, expected)


def _without(trace: Trace, kept: list[str]) -> Trace:
    """A trace without what is needed to ask a destination again."""
    if trace.table != SYNC_SNAPSHOT or not kept:
        return trace
    names = ", ".join(literal(name) for name in kept)
    return Trace(trace.table, f"({trace.condition}) and sync not in ({names})")


def _proof(
    warehouse: Warehouse,
    state: str,
    person: Person,
    tables: Mapping[str, int],
    withdrawals: list[Withdrawal],
) -> Proof:
    identifiers = tuple(
        {"type": kind, "value_hash": _hash(warehouse, value)} for kind, value in person.identifiers
    )
    destinations = tuple(
        {
            **{name: value for name, value in asdict(one).items() if name != "keys"},
            "rows": len(one.keys),
        }
        for one in withdrawals
    )
    said: dict[str, Any] = {
        "forget_id": str(uuid.uuid4()),
        "state": state,
        "identifiers": identifiers,
        "profiles": len(person.profiles),
        "tables": {name: rows for name, rows in sorted(tables.items()) if rows},
        "destinations": destinations,
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return Proof(**said, digest=digest)


def _store(
    warehouse: Warehouse,
    proof: Proof,
    request: Request,
    run: Run,
    person: Person,
    withdrawals: list[Withdrawal],
    waiting: list[dict[str, Any]],
) -> None:
    for entry in waiting:
        document = json.loads(entry["proof"])
        document.pop("pending_keys", None)
        warehouse.execute(
            f"update {FORGOTTEN} set state = 'taken up', proof = ? where forget_id = ?",
            [json.dumps(document), entry["forget_id"]],
        )
    document = asdict(proof)
    pending = {one.sync: one.keys for one in withdrawals if one.state == "pending"}
    if pending:
        document["pending_keys"] = pending
    kind = request.kind or person.identifiers[0][0]
    warehouse.execute(
        f"insert into {FORGOTTEN} (forget_id, run_id, type, value_hash, state, proof, digest,"
        " requested_at, finished_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(proof.forget_id, run.run_id, kind, _hash(warehouse, request.identifier)),
            *(proof.state, json.dumps(document), proof.digest, utc_now()),
            None if pending else utc_now(),
        ],
    )


def _earlier(warehouse: Warehouse, request: Request) -> list[dict[str, Any]]:
    """Requests for the same identifier that a destination has not answered for yet."""
    return warehouse.rows(
        f"select forget_id, type, proof from {FORGOTTEN} where state = 'pending'"
        " and value_hash = ? order by requested_at, forget_id",
        [_hash(warehouse, request.identifier)],
    )


def _pending_keys(waiting: list[dict[str, Any]]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for entry in waiting:
        for sync, held in json.loads(entry["proof"]).get("pending_keys", {}).items():
            keys.setdefault(sync, []).extend(held)
    return keys


def _hash(warehouse: Warehouse, value: str) -> str:
    return str(warehouse.value(f"select {hash_of('cast(? as varchar)')} as hashed", [value]))
