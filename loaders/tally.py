"""How far a load is: the bytes read of those to be read, and the rows that were in them."""

from collections.abc import Mapping, Sequence

from loaders.files import SourceFile
from warehouse.progress import Progress


class Tally:
    """Bytes and rows read so far, told to the command."""

    def __init__(self, progress: Progress, work: Mapping[str, Sequence[SourceFile]]) -> None:
        unread = (file.size - file.start for files in work.values() for file in files)
        self._progress, self._total = progress, sum(unread)
        self._bytes = self._rows = 0

    def add_bytes(self, count: int) -> None:
        """Count bytes that were read, and tell it."""
        self._bytes += count
        # The last bytes are told with all their rows: see finish.
        if self._bytes < self._total:
            self._tell(self._total)

    def add_rows(self, count: int) -> None:
        """Count lines, values or rows of files that were read."""
        self._rows += count

    def finish(self) -> None:
        """Tell that all is read; files may have grown or shrunk meanwhile."""
        if self._bytes:
            self._tell(self._bytes)

    def _tell(self, total: int) -> None:
        self._progress.update("load", self._bytes, total, "bytes", self._rows)
