"""Sends the rows of a plan to a destination that answers for each, a page at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from reverse_etl.answers import Answer, count_answers
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.row_base import RowDestination
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.ledger import Ledger
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.redact import Redactor
from reverse_etl.report import Tally
from reverse_etl.transports.opening import open_transport
from reverse_etl.transports.rows import RowFault, RowTransport
from warehouse.crash_points import crash_point

_SHOWN_CHARACTERS = 300


class RowSender:
    """One push. ``tally`` counts what became of the rows; ``error`` ends it early."""

    def __init__(
        self,
        destination: RowDestination,
        purpose: Purpose,
        ledger: Ledger,
        redact: Redactor,
        on_recorded: Callable[[int], None],
    ) -> None:
        self.tally = Tally()
        self.error: str | None = None
        self._destination, self._purpose = destination, purpose
        self._ledger, self._redact, self._on_recorded = ledger, redact, on_recorded

    def run(self) -> None:
        """Send every row of the plan, removals first."""
        plan, most = self._ledger.plan, self._destination.rows_per_request
        with self._open() as transport:
            for first, last in ((1, plan.removed), (plan.removed + 1, plan.planned)):
                for start in range(first, last + 1, most):
                    if self.error:
                        return
                    self._send(transport, start, min(start + most - 1, last))

    def _open(self) -> RowTransport:
        transport: RowTransport = open_transport(
            self._destination.transport,
            self._destination,
            self._purpose,
            self._ledger.run.run_id,
        )
        return transport

    def _send(self, transport: RowTransport, first: int, last: int) -> None:
        page = self._ledger.page(first, last)
        self._ledger.write_intent(first, last)
        rows = page.rows()
        answers = [Answer(rows, 1, self._outcomes(transport, rows))]
        crash_point("after_send")
        self._ledger.write_answers([(page, answers)])
        count_answers(self.tally, answers)
        self._on_recorded(len(page))

    def _outcomes(self, transport: RowTransport, rows: Sequence[Row]) -> list[Outcome]:
        try:
            outcomes = transport.send(rows)
        except RowFault as fault:
            message = self._shown(str(fault))
            self.error = self._stopped(message)
            return [Outcome(OutcomeKind.RETRY, code="not_sent", message=message)] * len(rows)
        if transport.error:
            self.error = self._stopped(self._shown(transport.error))
        return [
            replace(outcome, message=self._shown(outcome.message)) if outcome.message else outcome
            for outcome in outcomes
        ]

    def _shown(self, message: str) -> str:
        return (self._redact(message) or "")[:_SHOWN_CHARACTERS]

    def _stopped(self, message: str) -> str:
        return (
            f"The destination {self._ledger.plan.destination!r} cannot be written to: {message}; "
            "correct the settings in weft.yml, its rows wait for the next run."
        )
