"""The ledger of one push: intents before, outcomes after, and the snapshot with the outcomes."""

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reverse_etl.answers import Answer
from reverse_etl.attempts import (
    acknowledged,
    attempt_lines,
    distinct_outcomes,
    has_ended,
    rows_of,
)
from reverse_etl.destinations.kit.messages import Job
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.pages import Page, read_page
from reverse_etl.plan import Plan
from reverse_etl.snapshot import acknowledge, acknowledge_all, bury_leavers, rows_after
from warehouse.crash_points import crash_point
from warehouse.engines import Warehouse
from warehouse.runs import Run
from warehouse.system_tables import (
    SYNC_ATTEMPTS,
    SYNC_INTENTS,
    SYNC_JOBS,
    SYNC_OBJECTS,
    SYNC_ROWS,
    utc_now,
)

if TYPE_CHECKING:
    pass


class Ledger:
    """Reads the rows of a plan and records what becomes of them.

    Every write is one transaction. It may be used from several threads, one at a time.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        plan: Plan,
        run: Run,
        key_columns: int,
        journal: Warehouse | None = None,
    ) -> None:
        """``journal`` is where rows are read and records written, if not in the warehouse."""
        self.plan, self.run = plan, run
        self._whole = warehouse
        self._warehouse = journal or warehouse
        self._is_composite = key_columns > 1
        self._lock = threading.Lock()
        self._last_moment = utc_now()

    def page(self, first: int, last: int) -> Page:
        """The rows at positions ``first`` to ``last``. Raises WeftError when one is missing."""
        plan = self.plan
        with self._lock:
            return read_page(
                self._warehouse,
                plan.plan_id,
                plan.sync,
                first=first,
                last=last,
                is_composite=self._is_composite,
            )

    def pages(self, first: int, last: int, rows: int) -> Iterator[list[Row]]:
        """The rows at positions ``first`` to ``last``, in order, at most ``rows`` at a time."""
        for start in range(first, last + 1, rows):
            yield self.page(start, min(start + rows - 1, last)).rows()

    def rows_after(self) -> Iterator[list[Row]]:
        """Every row that the destination holds once the plan is through, by key."""
        return rows_after(self._whole, self.plan, self._is_composite)

    def write_intent(self, first: int, last: int) -> None:
        """Record that the rows at these positions are about to be sent."""
        with self._lock, self._warehouse.transaction():
            self._warehouse.execute(
                f"insert into {SYNC_INTENTS} (run_id, plan_id, sync, first_position,"
                " last_position, intended_at) values (?, ?, ?, ?, ?, ?)",
                [self.run.run_id, self.plan.plan_id, self.plan.sync, first, last, self._moment()],
            )
            crash_point("before_intent_commit")
        crash_point("after_intent")

    def write_answers(self, answered: Sequence[tuple[Page, Sequence[Answer]]]) -> None:
        """Record attempts at rows of some pages.

        Acknowledged rows enter the snapshot in the same transaction. A row is acknowledged at
        most once in a run.
        """
        import pyarrow as pa

        answers = [answer for _, some in answered for answer in some]
        outcomes, chosen = distinct_outcomes(answers)
        attempts = [answer.attempt for answer in answers for _ in answer.rows]
        rows = pa.concat_tables([rows_of(page, some) for page, some in answered])
        jobs = {answer.job.job_id for answer in answers if answer.job and has_ended(answer)}
        with self._lock:
            at = self._moment()
            table = attempt_lines(self.plan, self.run, rows, attempts, outcomes, chosen, at)
            with self._warehouse.transaction():
                self._warehouse.insert(SYNC_ATTEMPTS, table)
                arrived = acknowledged(rows, outcomes, chosen)
                acknowledge(self._warehouse, self.plan, self.run.run_id, arrived, at)
                self._finish_jobs(sorted(jobs), at)
                crash_point("before_snapshot_commit")
            crash_point("after_snapshot_commit")

    def list_id(self) -> str | None:
        """The destination's id of the list of the sync, None while it is not known."""
        with self._lock:
            found = self._warehouse.value(
                f"select max(object_id) as object_id from {SYNC_OBJECTS}"
                " where sync = ? and account = ? and kind = 'list'",
                [self.plan.sync, self.plan.account],
            )
        return None if found is None else str(found)

    def remember_list(self, list_id: str, name: str) -> None:
        """Keep the destination's id of the list of the sync."""
        values = (self.plan.sync, self.plan.account, "list", name, list_id, self.run.run_id)
        with self._lock:
            self._warehouse.execute(
                f"insert into {SYNC_OBJECTS} (sync, account, kind, name, object_id, run_id,"
                " found_at) values (?, ?, ?, ?, ?, ?, ?)",
                [*values, utc_now()],
            )

    def start_job(self, job: Job, rows: Sequence[Row], attempt: int) -> None:
        """Record a job that the destination has accepted for these rows."""
        values = {
            "run_id": self.run.run_id,
            "plan_id": self.plan.plan_id,
            "sync": self.plan.sync,
            "account": self.plan.account,
            "job_id": job.job_id,
            "positions": json.dumps([row.position for row in rows]),
            "attempt": attempt,
            "state": "running",
            "started_at": utc_now(),
        }
        marks = ", ".join("?" for _ in values)
        with self._lock:
            self._warehouse.execute(
                f"insert into {SYNC_JOBS} ({', '.join(values)}) values ({marks})",
                list(values.values()),
            )

    def write_outcome_for_all(self, first: int, last: int, outcome: Outcome) -> None:
        """Record one outcome for every row at these positions."""
        with self._lock:
            at = self._moment()
            with self._warehouse.transaction():
                self._write_for_all(first, last, at, outcome)
                if outcome.kind is OutcomeKind.SUCCEEDED:
                    run_id = self.run.run_id
                    acknowledge_all(self._warehouse, self.plan, run_id, first, last, at)
                crash_point("before_snapshot_commit")
            crash_point("after_snapshot_commit")

    def bury_leavers(self) -> None:
        """Make a tombstone of every key that left the model without a request."""
        with self._lock, self._warehouse.transaction():
            bury_leavers(self._warehouse, self.plan, self._moment())

    def _moment(self) -> datetime:
        """The present, later than every moment before: it tells one write from the next."""
        self._last_moment = max(utc_now(), self._last_moment + timedelta(microseconds=1))
        return self._last_moment

    def _finish_jobs(self, job_ids: Sequence[str], at: datetime) -> None:
        for job_id in job_ids:
            self._warehouse.execute(
                f"update {SYNC_JOBS} set state = 'finished', finished_at = ?"
                " where plan_id = ? and job_id = ? and state = 'running'",
                [at, self.plan.plan_id, job_id],
            )

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
                *(self.run.run_id, outcome.kind.value, outcome.code, outcome.message, at),
                *(self.plan.plan_id, first, last),
            ],
        )
