"""The ledger of one push: intents before, outcomes after, and the snapshot with the outcomes."""

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reverse_etl.destinations.base import Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.plan import Plan
from warehouse.crash_points import crash_point
from warehouse.engines import Warehouse
from warehouse.errors import WeftError
from warehouse.runs import Run
from warehouse.system_tables import SYNC_ATTEMPTS, SYNC_ROWS, SYNC_SNAPSHOT, utc_now

if TYPE_CHECKING:
    import pyarrow as pa

Attempt = tuple[Row, int, Outcome]
"""A row, the number of the attempt in this run, and what came of it."""


class Ledger:
    """Reads the rows of a plan and records what becomes of them.

    Every write is one transaction. It may be used from several threads, one at a time.
    """

    def __init__(self, warehouse: Warehouse, plan: Plan, run: Run, key_columns: int) -> None:
        self._warehouse = warehouse
        self._plan = plan
        self._run = run
        self._has_composite_key = key_columns > 1
        self._lock = threading.Lock()
        self._last_moment = utc_now()

    def pages(self, first: int, last: int, rows: int) -> Iterator[list[Row]]:
        """The rows at positions ``first`` to ``last``, in order, at most ``rows`` at a time."""
        for start in range(first, last + 1, rows):
            yield self._page(start, min(start + rows - 1, last))

    def write_intents(self, first: int, last: int) -> None:
        """Record that the rows at these positions are about to be sent."""
        with self._lock, self._warehouse.transaction():
            self._write_for_all(first, last, self._moment(), Outcome(OutcomeKind.INTENT))
        crash_point("after_intent")

    def write_outcomes(self, attempts: Sequence[Attempt]) -> None:
        """Record attempts; acknowledged rows enter the snapshot in the same transaction.

        The last attempt at a row decides: a row is acknowledged at most once per run.
        """
        with self._lock:
            at = self._moment()
            positions = [row.position for row, _, _ in attempts]
            with self._warehouse.transaction():
                self._warehouse.insert(SYNC_ATTEMPTS, self._attempts_table(attempts, at))
                self._advance_snapshot(min(positions), max(positions), at)
                crash_point("before_snapshot_commit")
            crash_point("after_snapshot_commit")

    def write_outcome_for_all(self, first: int, last: int, outcome: Outcome) -> None:
        """Record one outcome for every row at these positions."""
        with self._lock:
            at = self._moment()
            with self._warehouse.transaction():
                self._write_for_all(first, last, at, outcome)
                self._advance_snapshot(first, last, at)
                crash_point("before_snapshot_commit")
            crash_point("after_snapshot_commit")

    def bury_leavers(self) -> None:
        """Make a tombstone of every key that left the model without a request."""
        with self._lock, self._warehouse.transaction():
            self._warehouse.execute(
                f"""
                update {SYNC_SNAPSHOT} as snapshot
                set removed = true, version = snapshot.version + 1, acknowledged_at = ?
                from (
                    select key from {SYNC_ROWS} where plan_id = ? and operation = 'leave'
                ) as leaving
                where snapshot.sync = ? and snapshot.account = ? and snapshot.key = leaving.key
                """,
                [self._moment(), self._plan.plan_id, self._plan.sync, self._plan.account],
            )

    def _page(self, first: int, last: int) -> list[Row]:
        with self._lock:
            table = self._warehouse.arrow(
                f"""
                select position, key, operation, payload, row_hash, version from {SYNC_ROWS}
                where plan_id = ? and position between ? and ? order by position
                """,
                [self._plan.plan_id, first, last],
            )
        if table.num_rows != last - first + 1:
            raise WeftError(
                f"The rows of the plan {self._plan.plan_id} cannot be read back from {SYNC_ROWS}; "
                "nothing more was sent, run the sync again."
            )
        columns = (table.column(name).to_pylist() for name in table.schema.names)
        return [self._row(*values) for values in zip(*columns, strict=True)]

    def _row(
        self, position: int, key: str, operation: Any, payload: str, row_hash: str, version: int
    ) -> Row:
        key_json = key if self._has_composite_key else _json_text(key)
        idempotency_key = compute_idempotency_key(
            self._plan.sync, key, operation, row_hash, version
        )
        return Row(position, key, key_json, operation, payload, row_hash, version, idempotency_key)

    def _moment(self) -> datetime:
        """The present, later than every moment before: it tells one write from the next."""
        self._last_moment = max(utc_now(), self._last_moment + timedelta(microseconds=1))
        return self._last_moment

    def _write_for_all(self, first: int, last: int, at: datetime, outcome: Outcome) -> None:
        self._warehouse.execute(
            f"""
            insert into {SYNC_ATTEMPTS}
                (run_id, plan_id, sync, key, operation, attempt, outcome, code, message,
                 row_hash, attempted_at)
            select ?, plan_id, sync, key, operation, 1, ?, ?, ?, row_hash, ?
            from {SYNC_ROWS} where plan_id = ? and position between ? and ?
            """,
            [
                *(self._run.run_id, outcome.kind.value, outcome.code, outcome.message, at),
                *(self._plan.plan_id, first, last),
            ],
        )

    def _attempts_table(self, attempts: Sequence[Attempt], at: datetime) -> "pa.Table":
        import pyarrow as pa

        rows = [row for row, _, _ in attempts]
        outcomes = [outcome for _, _, outcome in attempts]
        size = len(attempts)
        return pa.table(
            {
                "run_id": pa.repeat(self._run.run_id, size),
                "plan_id": pa.repeat(self._plan.plan_id, size),
                "sync": pa.repeat(self._plan.sync, size),
                "key": pa.array([row.key for row in rows], pa.string()),
                "operation": pa.array([row.operation for row in rows], pa.string()),
                "attempt": pa.array([number for _, number, _ in attempts], pa.int64()),
                "outcome": pa.array([outcome.kind.value for outcome in outcomes], pa.string()),
                "http_status": pa.array([outcome.http_status for outcome in outcomes], pa.int64()),
                "code": pa.array([outcome.code for outcome in outcomes], pa.string()),
                "message": pa.array([outcome.message for outcome in outcomes], pa.string()),
                "request_id": pa.array([outcome.request_id for outcome in outcomes], pa.string()),
                "idempotency_key": pa.array([row.idempotency_key for row in rows], pa.string()),
                "row_hash": pa.array([row.row_hash for row in rows], pa.string()),
                "attempted_at": pa.repeat(pa.scalar(at, pa.timestamp("us")), size),
            }
        )

    def _advance_snapshot(self, first: int, last: int, at: datetime) -> None:
        """Take what succeeded at this moment into the snapshot.

        Keys of version 0 have no row there yet and are appended, which needs no search.
        """
        acknowledged = f"""
            select sent.key, sent.row_hash, sent.payload, sent.operation, sent.version
            from (
                select * from {SYNC_ROWS} where plan_id = ? and position between ? and ?
            ) as sent
            join (
                select key from {SYNC_ATTEMPTS}
                where attempted_at = ? and plan_id = ? and run_id = ? and outcome = 'succeeded'
            ) as answered on answered.key = sent.key
        """
        plan, run_id = self._plan, self._run.run_id
        parameters = [plan.plan_id, first, last, at, plan.plan_id, run_id]
        self._warehouse.execute(
            f"""
            insert into {SYNC_SNAPSHOT}
                (sync, account, key, row_hash, payload, version, removed, acknowledged_at)
            select ?, ?, key, row_hash, payload, 1, operation = 'remove', ?
            from ({acknowledged}) as acknowledged where version = 0
            """,
            [plan.sync, plan.account, at, *parameters],
        )
        self._warehouse.execute(
            f"""
            update {SYNC_SNAPSHOT} as snapshot
            set row_hash = acknowledged.row_hash, payload = acknowledged.payload,
                version = snapshot.version + 1, removed = acknowledged.operation = 'remove',
                acknowledged_at = ?
            from ({acknowledged}) as acknowledged
            where acknowledged.version > 0 and snapshot.sync = ? and snapshot.account = ?
                and snapshot.key = acknowledged.key
            """,
            [at, *parameters, plan.sync, plan.account],
        )


def compute_idempotency_key(
    sync: str, key: str, operation: str, row_hash: str, version: int
) -> str:
    """The same on every try and after a crash; another one when the row changes back again."""
    # Only the key may hold a line break, and it stands last: no two rows make the same text.
    text = f"{sync}\n{operation}\n{row_hash}\n{version}\n{key}"
    return hashlib.sha256(text.encode()).hexdigest()


def _json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
