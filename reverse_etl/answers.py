"""What attempts at rows came to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reverse_etl.destinations.kit.messages import Job
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.outcomes import Outcome
from reverse_etl.report import Tally


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt at some rows came to: an outcome per row, in their order.

    ``job`` is the asynchronous job that had the outcomes.
    """

    rows: Sequence[Row]
    attempt: int
    outcomes: Sequence[Outcome]
    job: Job | None = None


def count_answers(tally: Tally, answers: Sequence[Answer]) -> None:
    """Count the rows of some answers; the last outcome of a row is its final one."""
    if len(answers) == 1 and answers[0].outcomes.count(first := answers[0].outcomes[0]) == len(
        answers[0].rows
    ):
        for operation, rows in Counter(row.operation for row in answers[0].rows).items():
            tally.count(operation, first, rows)
        return
    last = {
        row.position: (row.operation, outcome)
        for answer in answers
        for row, outcome in zip(answer.rows, answer.outcomes, strict=True)
    }
    for operation, outcome in last.values():
        tally.count(operation, outcome)
