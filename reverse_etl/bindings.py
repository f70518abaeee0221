"""What a snapshot is bound to: the account it speaks of, and the warehouse it was made in.

A snapshot in a copied warehouse, or one that is gone, says nothing reliable about a destination.
Such a plan waits until a person approves it; the push then binds the snapshot anew.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from warehouse.engines import Warehouse
from warehouse.system_tables import (
    SYNC_BINDINGS,
    SYNC_OBJECTS,
    SYNC_PLANS,
    SYNC_RUNS,
    SYNC_SNAPSHOT,
    utc_now,
)


def bind(
    warehouse: Warehouse,
    sync: str,
    account: str,
    destination: str,
    starts_from: date | None = None,
) -> None:
    """Record that a push of a sync reaches an account from this warehouse."""
    known = _binding(warehouse, sync, account)
    if known is None:
        warehouse.execute(
            f"insert into {SYNC_BINDINGS} (sync, account, destination, warehouse, bound_at,"
            " starts_from) values (?, ?, ?, ?, ?, ?)",
            [sync, account, destination, warehouse.identity, utc_now(), starts_from],
        )
    elif known["warehouse"] != warehouse.identity or starts_from not in (
        None,
        known["starts_from"],
    ):
        warehouse.execute(
            f"update {SYNC_BINDINGS} set warehouse = ?, bound_at = ?, starts_from = ?"
            " where sync = ? and account = ?",
            [
                warehouse.identity,
                utc_now(),
                starts_from or known["starts_from"],
                *(sync, account),
            ],
        )


def binding_sentences(
    warehouse: Warehouse, sync: str, account: str, destination: str
) -> Iterator[str]:
    """What speaks against trusting the snapshot, a sentence each."""
    known = _binding(warehouse, sync, account)
    if known is None:
        others = warehouse.rows(
            f"select account from {SYNC_BINDINGS} where sync = ? and destination = ?"
            " order by bound_at desc, account",
            [sync, destination],
        )
        if others:
            yield (
                f"The destination {destination!r} is another account now ({account}) than the one "
                f"pushed to before ({others[0]['account']}); every row would be added there."
            )
    elif known["warehouse"] not in (None, warehouse.identity):
        yield (
            f"This warehouse is a copy, or was moved: what {destination!r} has acknowledged was "
            f"recorded in {known['warehouse']}, which may have pushed since."
        )
    if _is_lost(warehouse, sync, account):
        yield (
            f"The snapshot of {sync!r} is gone, though {destination!r} has acknowledged rows; "
            "every row would be added again, and none of the old ones removed."
        )


def first_day(warehouse: Warehouse, sync: str, account: str) -> date | None:
    """The first day of which an append sync sends rows, None for all days."""
    known = _binding(warehouse, sync, account)
    return known["starts_from"] if known else None


def count_acknowledged(warehouse: Warehouse, sync: str, account: str) -> int:
    """How many keys an account holds, as far as it has acknowledged."""
    return int(
        warehouse.value(
            f"select count(*) as keys from {SYNC_SNAPSHOT}"
            " where sync = ? and account = ? and not removed",
            [sync, account],
        )
    )


def reset(warehouse: Warehouse, sync: str, account: str, destination: str) -> int:
    """Forget what an account has acknowledged; how many keys that were.

    The next plan adds every row and removes none; its list is looked for again. Versions go on
    counting, so that no idempotency key comes twice.
    """
    with warehouse.transaction():
        keys = warehouse.execute(
            f"update {SYNC_SNAPSHOT} set removed = true, row_hash = null, payload = null,"
            " version = version + 1, acknowledged_at = ?"
            " where sync = ? and account = ? and (not removed or row_hash is not null)",
            [utc_now(), sync, account],
        )
        warehouse.execute(
            f"delete from {SYNC_OBJECTS} where sync = ? and account = ?", [sync, account]
        )
        bind(warehouse, sync, account, destination)
        warehouse.execute(
            f"update {SYNC_BINDINGS} set reset_at = ?, starts_from = null"
            " where sync = ? and account = ?",
            [utc_now(), sync, account],
        )
    return keys


def held_snapshots(warehouse: Warehouse) -> frozenset[tuple[str, str]]:
    """Sync and account of every snapshot that has a row."""
    rows = warehouse.rows(f"select distinct sync, account from {SYNC_SNAPSHOT}")
    return frozenset((row["sync"], row["account"]) for row in rows)


def note_emptied(warehouse: Warehouse, held: frozenset[tuple[str, str]]) -> None:
    """Of the snapshots that were ``held``, those without a row now are empty on purpose."""
    for sync, account in sorted(held - held_snapshots(warehouse)):
        warehouse.execute(
            f"update {SYNC_BINDINGS} set emptied_at = ? where sync = ? and account = ?",
            [utc_now(), sync, account],
        )


def _binding(warehouse: Warehouse, sync: str, account: str) -> dict[str, Any] | None:
    rows = warehouse.rows(
        f"select * from {SYNC_BINDINGS} where sync = ? and account = ?", [sync, account]
    )
    return rows[0] if rows else None


def _is_lost(warehouse: Warehouse, sync: str, account: str) -> bool:
    return bool(
        warehouse.value(
            f"""
            select not exists (
                select 1 from {SYNC_SNAPSHOT} where sync = ? and account = ?
            ) and exists (
                select 1 from {SYNC_RUNS} as runs
                join {SYNC_PLANS} as plans on plans.plan_id = runs.plan_id
                left join {SYNC_BINDINGS} as bindings
                    on bindings.sync = runs.sync and bindings.account = plans.account
                where runs.sync = ? and plans.account = ?
                    and runs.succeeded_added + runs.succeeded_changed > 0
                    and (bindings.emptied_at is null or runs.started_at > bindings.emptied_at)
            ) as lost
            """,
            [sync, account, sync, account],
        )
    )
