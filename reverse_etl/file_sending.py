"""Writes the rows of a plan to the file of a destination."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Protocol

from reverse_etl.destinations.kit.file_base import FileDestination, FileFault
from reverse_etl.ledger import Ledger
from reverse_etl.mapping import Mapping as FieldMapping
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.report import Tally
from warehouse.crash_points import crash_point

PAGE_ROWS = 10_000


class FileTransport(Protocol):
    """What puts a file where it belongs: whole, or not at all."""

    def write(self, path: PurePath, parts: Iterable[bytes]) -> Path | str:
        """Write a file; where it lies. Raises FileFault."""


class FileSender:
    """One push to a file: whole, or not at all."""

    def __init__(
        self,
        destination: FileDestination,
        ledger: Ledger,
        transport: FileTransport,
        path: PurePath,
        on_written: Callable[[int], None],
    ) -> None:
        self.tally = Tally()
        self.error: str | None = None
        self.files: tuple[Path | str, ...] = ()
        self._destination, self._ledger = destination, ledger
        self._transport, self._path = transport, path
        self._on_written = on_written
        self._digest, self._bytes, self._rows = hashlib.sha256(), 0, 0

    def run(self, types: Mapping[str, str]) -> None:
        """Write the file; ``types`` are the warehouse's, by field."""
        plan, outcome = self._ledger.plan, Outcome(OutcomeKind.SUCCEEDED)
        self._ledger.write_intent(1, plan.planned)
        try:
            file = self._transport.write(self._path, self._counted(self._parts(types)))
            if self._destination.has_manifest:
                manifest = self._path.with_name(f"{self._path.name}._SUCCESS")
                self._transport.write(manifest, [self._manifest()])
            self.files = (file,)
        except FileFault as fault:
            self.error = fault.message
            outcome = Outcome(OutcomeKind.RETRY, code=fault.code, message=fault.message)
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
                self._rows += len(rows)
                yield encoder.encode(rows)
            self._on_written(planned)
        else:
            for rows in self._ledger.pages(1, planned, PAGE_ROWS):
                self._rows += len(rows)
                yield encoder.encode(rows)
                self._on_written(len(rows))
        yield encoder.end()

    def _counted(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        for part in parts:
            self._digest.update(part)
            self._bytes += len(part)
            yield part

    def _manifest(self) -> bytes:
        """What the file holds; written after it, so that its presence means success."""
        said = {
            "file": self._path.name,
            "sync": self._ledger.plan.sync,
            "run_id": self._ledger.run.run_id,
            "rows": self._rows,
            "bytes": self._bytes,
            "sha256": self._digest.hexdigest(),
        }
        return json.dumps(said).encode() + b"\n"


def field_types(mapping: FieldMapping) -> dict[str, str]:
    """The warehouse's types by the fields of the destination."""
    return {field: mapping.types[column] for field, column in mapping.fields.items()}
