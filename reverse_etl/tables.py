"""Sends the rows of a plan to a table of a database, a transaction at a time."""

from collections.abc import Callable, Sequence

from reverse_etl.answers import Answer, count_answers
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.kit.table_base import TableDestination
from reverse_etl.ledger import Ledger
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.redact import Redactor
from reverse_etl.report import Tally
from reverse_etl.transports.opening import open_transport
from reverse_etl.transports.tables import TableFault, TableTransport
from warehouse.crash_points import crash_point

_SHOWN_CHARACTERS = 300
_MISSING = Outcome(
    OutcomeKind.REJECTED,
    code="missing",
    message="the row is not in the table any more; weft reset sends it as a new one",
)


class TableSender:
    """One push to a table. ``tally`` counts what became of the rows; ``error`` ends it early."""

    def __init__(
        self,
        destination: TableDestination,
        ledger: Ledger,
        redact: Redactor,
        on_recorded: Callable[[int], None],
    ) -> None:
        self.tally = Tally()
        self.error: str | None = None
        self._ledger, self._redact, self._on_recorded = ledger, redact, on_recorded
        self._rows = destination.rows_per_transaction
        self._destination = destination
        self._statements = destination.statements(ledger.plan.fields)

    def run(self) -> None:
        """Send every row of the plan, removals first."""
        plan = self._ledger.plan
        with self._open() as transport:
            for first, last in ((1, plan.removed), (plan.removed + 1, plan.planned)):
                for start in range(first, last + 1, self._rows):
                    if self.error:
                        return
                    self._send(transport, start, min(start + self._rows - 1, last))

    def _open(self) -> TableTransport:
        transport: TableTransport = open_transport(self._destination.transport, self._destination)
        return transport

    def _send(self, transport: TableTransport, first: int, last: int) -> None:
        page = self._ledger.page(first, last)
        self._ledger.write_intent(first, last)
        answers = self._take_over(transport, page.rows(), 1)
        crash_point("after_send")
        self._ledger.write_answers([(page, answers)])
        count_answers(self.tally, answers)
        self._on_recorded(len(page))

    def _take_over(
        self, transport: TableTransport, rows: Sequence[Row], attempt: int
    ) -> list[Answer]:
        """The rows together; where one is bad, in halves until the bad ones are alone."""
        try:
            missing = set(transport.take_over(self._statements, rows))
        except TableFault as fault:
            return self._refused(transport, rows, attempt, fault)
        done = Outcome(OutcomeKind.SUCCEEDED)
        return [
            Answer(rows, attempt, [_MISSING if row.position in missing else done for row in rows])
        ]

    def _refused(
        self, transport: TableTransport, rows: Sequence[Row], attempt: int, fault: TableFault
    ) -> list[Answer]:
        outcome = self._outcome(fault)
        if outcome.kind is not OutcomeKind.REJECTED or len(rows) == 1:
            return [Answer(rows, attempt, [outcome] * len(rows))]
        together = Outcome(OutcomeKind.RETRY, code=outcome.code, message=outcome.message)
        half = len(rows) // 2
        return [
            Answer(rows, attempt, [together] * len(rows)),
            *self._take_over(transport, rows[:half], attempt + 1),
            *self._take_over(transport, rows[half:], attempt + 1),
        ]

    def _outcome(self, fault: TableFault) -> Outcome:
        message = (self._redact(fault.message) or "")[:_SHOWN_CHARACTERS]
        code = fault.code
        if fault.is_about_rows:
            return Outcome(OutcomeKind.REJECTED, code=code, message=message)
        # Without an answer to its commit a transaction may stand.
        kind = OutcomeKind.UNKNOWN if fault.committing else OutcomeKind.RETRY
        if not fault.is_passing:
            name = self._ledger.plan.destination
            self.error = self.error or (
                f"The destination {name!r} cannot be written to: {message}; correct the table or "
                "the settings in weft.yml, its rows wait for the next run."
            )
        return Outcome(kind, code=code, message=message)
