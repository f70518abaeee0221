"""What a push did, in rows."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from reverse_etl.destinations.kit.rows import Operation
from reverse_etl.outcomes import Outcome, OutcomeKind


@dataclass
class Counts:
    """Rows by what was to be done with them at the destination."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def total(self) -> int:
        """All rows."""
        return self.added + self.changed + self.removed

    def count(self, operation: Operation, rows: int = 1) -> None:
        """Count rows of one operation."""
        if operation == "add":
            self.added += rows
        elif operation == "change":
            self.changed += rows
        else:
            self.removed += rows


@dataclass
class Tally:
    """What became of the rows that were planned: attempted = succeeded + failed.

    ``outcomes`` counts the final outcome of each row; aborted rows were never attempted.
    """

    attempted: Counts = field(default_factory=Counts)
    succeeded: Counts = field(default_factory=Counts)
    failed: Counts = field(default_factory=Counts)
    outcomes: Counter[OutcomeKind] = field(default_factory=Counter)

    def count(self, operation: Operation, outcome: Outcome, rows: int = 1) -> None:
        """Count rows with their final outcome."""
        self.outcomes[outcome.kind] += rows
        if outcome.kind is OutcomeKind.ABORTED:
            return
        self.attempted.count(operation, rows)
        succeeded = outcome.kind is OutcomeKind.SUCCEEDED
        (self.succeeded if succeeded else self.failed).count(operation, rows)


@dataclass(frozen=True)
class SyncReport:
    """What one run of a sync did.

    ``state`` is succeeded, failed, unchanged (nothing to send) or diverted. ``failed`` rows were
    attempted and are not at the destination for certain: ``rejected`` for good, or ``waiting`` to
    come back with the next run, as do planned rows that were never attempted. ``files`` were
    written on this machine, ``stored`` are addresses of those written elsewhere. ``diverted`` is
    the file that holds the rows when the target is not one the destination may be reached from.
    """

    sync: str
    run_id: str
    plan_id: str
    destination: str
    state: str
    planned: Counts
    attempted: Counts
    succeeded: Counts
    failed: Counts
    unchanged: int
    invalid: int
    rejected_earlier: int
    rejected: int = 0
    waiting: int = 0
    error: str | None = None
    files: tuple[Path, ...] = ()
    stored: tuple[str, ...] = ()
    diverted: Path | None = None

    @property
    def exit_code(self) -> int:
        """0, or 1 when a row failed or the destination could not be reached."""
        return 1 if self.state == "failed" else 0
