"""Writes the rows of a plan to the file of a destination."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from reverse_etl.destinations.kit.file_base import FileDestination
from reverse_etl.ledger import Ledger
from reverse_etl.mapping import Mapping as FieldMapping
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.report import Tally
from reverse_etl.transports.files import write_file
from warehouse.crash_points import crash_point

PAGE_ROWS = 10_000


class FileSender:
    """One push to a file: whole, or not at all."""

    def __init__(
        self,
        destination: FileDestination,
        ledger: Ledger,
        path: Path,
        on_written: Callable[[int], None],
    ) -> None:
        self.tally = Tally()
        self.error: str | None = None
        self._destination, self._ledger = destination, ledger
        self._path, self._on_written = path, on_written

    def run(self, types: Mapping[str, str]) -> None:
        """Write the file; ``types`` are the warehouse's, by field."""
        plan, outcome = self._ledger.plan, Outcome(OutcomeKind.SUCCEEDED)
        self._ledger.write_intent(1, plan.planned)
        try:
            write_file(self._path, self._parts(types))
        except OSError as fault:
            self.error = f"The file {self._path} cannot be written: {fault.strerror}."
            outcome = Outcome(OutcomeKind.RETRY, code=type(fault).__name__, message=self.error)
        crash_point("after_send")
        self._ledger.write_outcome_for_all(1, plan.planned, outcome)
        self.tally.count("add", outcome, plan.added)
        self.tally.count("change", outcome, plan.changed)
        self.tally.count("remove", outcome, plan.removed)

    def _parts(self, types: Mapping[str, str]) -> Iterator[bytes]:
        encoder, planned = self._destination.encoder(types), self._ledger.plan.planned
        yield encoder.begin()
        if self._destination.holds_snapshot:
            for rows in self._ledger.rows_after():
                yield encoder.encode(rows)
            self._on_written(planned)
        else:
            for rows in self._ledger.pages(1, planned, PAGE_ROWS):
                yield encoder.encode(rows)
                self._on_written(len(rows))
        yield encoder.end()


def field_types(mapping: FieldMapping) -> dict[str, str]:
    """The warehouse's types by the fields of the destination."""
    return {field: mapping.types[column] for field, column in mapping.fields.items()}
