"""What a destination is that receives a file."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import PurePath

from reverse_etl.destinations.kit.base import Destination
from reverse_etl.destinations.kit.rows import Row


class Encoder:
    """Turns rows into the bytes of a file, page by page."""

    def begin(self) -> bytes:
        """What stands before the first row."""
        return b""

    def encode(self, rows: Sequence[Row]) -> bytes:
        """What is ready to be written once these rows are there, too."""
        raise NotImplementedError

    def end(self) -> bytes:
        """What is left to be written after the last row."""
        return b""


class FileFault(Exception):  # noqa: N818 - a state of the file, as of the rows in the ledger
    """A file was not written; nothing of it is to be seen."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class FileDestination(Destination):
    """A destination that is a file: written aside, then moved into place."""

    @property
    def holds_snapshot(self) -> bool:
        """Whether the file holds every row, and not only what has changed."""
        return False

    @property
    def has_manifest(self) -> bool:
        """Whether a file beside it says, once it is complete, what it holds."""
        return False

    @property
    def transport(self) -> str:
        """The module and class that write the file, as ``module:class``."""
        return "reverse_etl.transports.files:FolderTransport"

    @abstractmethod
    def path(self, sync: str, run_id: str, day: date) -> PurePath:
        """Where the file lies, in the folder of the project or of the transport."""

    @abstractmethod
    def encoder(self, types: Mapping[str, str]) -> Encoder:
        """What turns rows into the file's bytes; ``types`` are the warehouse's, by field."""

    def requests(self, removals: int, others: int) -> int:
        """One file, when there are rows."""
        return 1 if removals or others else 0
