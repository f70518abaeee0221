"""Answers as lines of the ledger, column by column."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reverse_etl.answers import Answer
from reverse_etl.outcomes import JOB_RUNNING, Outcome, OutcomeKind
from reverse_etl.pages import Page
from reverse_etl.plan import Plan
from warehouse.runs import Run

if TYPE_CHECKING:
    import pyarrow as pa

_KEPT = ("key", "operation", "row_hash")


def attempt_lines(
    plan: Plan,
    run: Run,
    rows: "pa.Table",
    attempts: list[int],
    outcomes: list[Outcome],
    chosen: "pa.Array",
    at: datetime,
) -> "pa.Table":
    """Lines of the ledger; ``chosen`` says which outcome each row has."""
    import pyarrow as pa

    size = rows.num_rows

    def repeat(value: Any) -> Any:
        return pa.repeat(value, size)

    def said(name: str, kind: pa.DataType) -> Any:
        values = pa.array([getattr(outcome, name) for outcome in outcomes], kind)
        return repeat(values[0]) if len(outcomes) == 1 else values.take(chosen)

    text, number = pa.string(), pa.int64()
    return pa.table(
        {
            "run_id": repeat(run.run_id),
            "plan_id": repeat(plan.plan_id),
            "sync": repeat(plan.sync),
            "attempt": pa.array(attempts, number),
            "outcome": said("kind", text),
            "http_status": said("http_status", number),
            "code": said("code", text),
            "message": said("message", text),
            "request_id": said("request_id", text),
            "attempted_at": repeat(pa.scalar(at, pa.timestamp("us"))),
            **{name: rows.column(name) for name in _KEPT},
            "idempotency_key": _open_keys(rows, outcomes, chosen),
        }
    )


def distinct_outcomes(answers: Sequence[Answer]) -> tuple[list[Outcome], "pa.Array"]:
    """The outcomes that occur, and for each row which of them is its own."""
    import pyarrow as pa

    numbers: dict[int, int] = {}
    outcomes: list[Outcome] = []
    chosen: list[int] = []
    for answer in answers:
        first, size = answer.outcomes[0], len(answer.outcomes)
        # Most often one outcome stands for all rows: comparing them is quick, counting is not.
        for outcome in [first] if answer.outcomes.count(first) == size else answer.outcomes:
            if id(outcome) not in numbers:
                numbers[id(outcome)] = len(outcomes)
                outcomes.append(outcome)
        if answer.outcomes.count(first) == size:
            chosen += [numbers[id(first)]] * size
        else:
            chosen += [numbers[id(outcome)] for outcome in answer.outcomes]
    return outcomes, pa.array(chosen, pa.int32())


def acknowledged(rows: "pa.Table", outcomes: list[Outcome], chosen: "pa.Array") -> "pa.Table":
    """The rows that have succeeded."""
    succeeded = _succeeded(outcomes, chosen)
    return rows if succeeded is None else rows.filter(succeeded)


def _open_keys(rows: "pa.Table", outcomes: list[Outcome], chosen: "pa.Array") -> Any:
    """The idempotency keys of rows that come again; what has succeeded is never asked for."""
    import pyarrow as pa
    import pyarrow.compute as pc

    succeeded = _succeeded(outcomes, chosen)
    if succeeded is None:
        return pa.nulls(rows.num_rows, pa.string())
    return pc.if_else(succeeded, pa.scalar(None, pa.string()), rows.column("idempotency_key"))


def _succeeded(outcomes: list[Outcome], chosen: "pa.Array") -> "pa.Array | None":
    """Which rows have succeeded, None when all have."""
    import pyarrow as pa

    succeeded = [outcome.kind is OutcomeKind.SUCCEEDED for outcome in outcomes]
    return None if all(succeeded) else pa.array(succeeded).take(chosen)


def rows_of(page: Page, answers: Sequence[Answer]) -> "pa.Table":
    """The page's lines behind the answers, in their order."""
    import pyarrow as pa

    first = page.first
    indices = [row.position - first for answer in answers for row in answer.rows]
    start = indices[0]
    if indices == list(range(start, start + len(indices))):
        return page.table.slice(start, len(indices))
    return page.table.take(pa.array(indices, pa.int64()))


def has_ended(answer: Answer) -> bool:
    """Whether no row of an answer waits for a job any more."""
    return all(outcome.code != JOB_RUNNING for outcome in answer.outcomes)
