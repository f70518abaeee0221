"""Files of a source, and which of them, or how much, has landed before."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.inputs.formats import HEAD_BYTES, Input, is_compressed, is_unfinished, sniff
from loaders.inputs.places import Found, Place, find_local, find_remote, is_url, public_url
from warehouse.engines import Warehouse
from warehouse.errors import ConfigurationError, WeftError
from warehouse.project import Project
from warehouse.system_tables import LOADS

if TYPE_CHECKING:
    from hashlib import _Hash

_COMPRESSED = (".gz", ".zst")
_EXPANSION = 8
_GROUP_BYTES = 128 * 1024 * 1024
_GROUP_FILES = 1_000
_CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class SourceFile:
    """A file as it was found, and what of it is to be read.

    ``uri`` is its path relative to the project's folder, absolute outside of it, or a URL without
    its secrets; ``size`` is in bytes. Reading begins at the byte ``start``, where the line
    ``first_line`` (from 1) begins; ``digest`` has seen the bytes before.
    """

    uri: str
    size: int
    place: Place
    input: Input = field(default_factory=Input)
    start: int = 0
    first_line: int = 1
    digest: "_Hash" = field(default_factory=hashlib.sha256, compare=False, repr=False)

    @property
    def path(self) -> Path | None:
        """Its path, if it is a local file."""
        return self.place.path

    @property
    def weight(self) -> int:
        """Estimated bytes of the lines to be read."""
        size = self.size - self.start
        return size * _EXPANSION if self.uri.lower().endswith(_COMPRESSED) else size


def find_files(
    project: Project,
    patterns: Iterable[str],
    *,
    must_match: bool = False,
    input: Input | None = None,
) -> list[SourceFile]:
    """The files that patterns match, each once, ordered by path or URL.

    ``input`` says how the files hold events. Raises ConfigurationError when ``must_match`` and a
    pattern matches none, or when the package of a store is missing; WeftError when a store cannot
    be reached.
    """
    found: dict[str, Found] = {}
    for pattern in patterns:
        matches = find_remote(pattern) if is_url(pattern) else find_local(project.folder, pattern)
        if must_match and not matches:
            shown = public_url(pattern) if is_url(pattern) else pattern
            raise ConfigurationError(f"No file matches {shown}; check the path.")
        found.update((match.uri, match) for match in matches)
    how = input or Input()
    return [
        SourceFile(one.uri, one.size, one.place, how)
        for one in sorted(found.values(), key=lambda one: Path(one.place.name))
    ]


@dataclass(frozen=True)
class _Landed:
    """What the ledger knows of a file: the checksum is that of its bytes before the offset."""

    size: int
    byte_offset: int
    checksum: str


class Ledger:
    """The files of a source that have landed, and how far.

    ``waiting`` are the files of which nothing is read because their last line is unfinished.
    """

    def __init__(self, warehouse: Warehouse, source: str) -> None:
        rows = warehouse.rows(
            f"select uri, size, byte_offset, checksum from {LOADS}"
            " where source = ? and state = 'landed'",
            [source],
        )
        self.waiting: set[str] = set()
        self._landed: dict[str, list[_Landed]] = {}
        for row in rows:
            landed = _Landed(row["size"], row["byte_offset"], row["checksum"])
            self._landed.setdefault(row["uri"], []).append(landed)

    def find(self, file: SourceFile, *, reload: bool = False) -> SourceFile | None:
        """What of a file is to be read; None when nothing is.

        An appended file is read from where the last load stopped. A file that is compressed, of
        another format than lines, or changed in what has landed is read from its start; with
        ``reload`` every file is. None also for a plain file of lines whose new part is only the
        beginning of a line. Reads a local file that may have landed, never one whose store gives
        a version. Raises WeftError when a file cannot be read.
        """
        landed = self._landed.get(file.uri, [])
        if file.place.version is not None:
            versions = {one.checksum for one in landed}
            return None if file.place.version in versions and not reload else file
        landed = [one for one in landed if one.size <= file.size]
        if not _grows(file):
            return None if _has_landed(file, landed) and not reload else file
        rest = file if reload else _continue(file, landed)
        if rest is not None and _is_waiting(rest):
            self.waiting.add(rest.uri)
            return None
        return rest


def group_files(files: Iterable[SourceFile]) -> Iterator[list[SourceFile]]:
    """Files to be parsed and committed together: small ones share the cost of statements."""
    group: list[SourceFile] = []
    weight = 0
    for file in files:
        if group and (weight + file.weight > _GROUP_BYTES or len(group) == _GROUP_FILES):
            yield group
            group, weight = [], 0
        group.append(file)
        weight += file.weight
    if group:
        yield group


def _grows(file: SourceFile) -> bool:
    """Whether more may be appended to a file: a local one of plain lines."""
    if file.path is None or file.input.format not in ("ndjson", "auto"):
        return False
    with file.place.open() as opened:
        head = opened.read(HEAD_BYTES)
    return not is_compressed(head) and sniff(head, file.input) == "ndjson"


def _has_landed(file: SourceFile, landed: Sequence[_Landed]) -> bool:
    checksums = {one.checksum for one in landed if one.size == file.size}
    return bool(checksums) and checksum(file.place) in checksums


def _continue(file: SourceFile, landed: Sequence[_Landed]) -> SourceFile | None:
    """A file from where its content first differs from what has landed; None if it does not."""
    rest = file
    with file.place.open() as opened:
        digest, lines, position = hashlib.sha256(), 0, 0
        for offset in sorted({one.byte_offset for one in landed}):
            while position < offset and (
                chunk := opened.read(min(_CHUNK_BYTES, offset - position))
            ):
                digest.update(chunk)
                lines += chunk.count(b"\n")
                position += len(chunk)
            checksums = {one.checksum for one in landed if one.byte_offset == offset}
            if digest.hexdigest() in checksums:
                if offset == file.size:
                    return None
                rest = replace(file, start=offset, first_line=lines + 1, digest=digest.copy())
    return rest


def _is_waiting(file: SourceFile) -> bool:
    """Whether all there is to read is the beginning of a line."""
    with file.place.open() as opened:
        opened.seek(file.start)
        line = opened.readline()
    return not line.endswith(b"\n") and is_unfinished(line)


def checksum(place: Place) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises WeftError when the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with place.open() as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise WeftError(f"{place.name} cannot be read: {error.strerror or error}.") from None
    return digest.hexdigest()
