"""What a destination makes of a response, made safe: rows whose answer is unclear are unknown."""

from collections.abc import Callable, Sequence

from reverse_etl.destinations.base import Job
from reverse_etl.outcomes import Outcome, OutcomeKind

UNREADABLE = Outcome(
    OutcomeKind.UNKNOWN,
    code="unreadable_answer",
    message="the answer holds no result for this row",
)


def read_outcomes(
    read: Callable[[], Sequence[Outcome] | Job], rows: int
) -> Sequence[Outcome] | Job:
    """One outcome per row, or a job.

    The request was sent. Should the destination's module not understand the answer (it raises,
    or gives another number of outcomes), its rows may have been applied: they are ``unknown``.
    """
    try:
        result = read()
    except Exception:
        return [UNREADABLE] * rows
    if isinstance(result, Job) or len(result) == rows:
        return result
    return [UNREADABLE] * rows
