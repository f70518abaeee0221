"""Files of a source, and which of them have landed before."""

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from warehouse.engines import Warehouse
from warehouse.errors import ConfigurationError, WeftError
from warehouse.project import Project
from warehouse.system_tables import LOADS

_COMPRESSED = (".gz", ".zst")
_EXPANSION = 8
_GROUP_BYTES = 128 * 1024 * 1024
_GROUP_FILES = 1_000
_CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class SourceFile:
    """A file as it was found.

    ``uri`` is its path relative to the project's folder, or absolute outside of it; ``size`` is
    in bytes.
    """

    uri: str
    path: Path
    size: int

    @property
    def weight(self) -> int:
        """Estimated bytes of its lines."""
        compressed = self.path.suffix.lower() in _COMPRESSED
        return self.size * _EXPANSION if compressed else self.size


def find_files(
    project: Project, patterns: Iterable[str], *, must_match: bool = False
) -> list[SourceFile]:
    """The files that patterns match, each once, ordered by path.

    A pattern that is the exact path of a file means that file. Raises ConfigurationError when
    ``must_match`` and a pattern matches none.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        matches = _match(project.folder, pattern)
        if must_match and not matches:
            raise ConfigurationError(f"No file matches {pattern}; check the path.")
        found.update(dict.fromkeys(matches))
    return [
        SourceFile(_uri(project.folder, path), path, path.stat().st_size) for path in sorted(found)
    ]


class Ledger:
    """The files of a source that have landed."""

    def __init__(self, warehouse: Warehouse, source: str) -> None:
        rows = warehouse.rows(
            f"select uri, size, checksum from {LOADS} where source = ? and state = 'landed'",
            [source],
        )
        self._checksums: dict[tuple[str, int], set[str]] = {}
        for row in rows:
            self._checksums.setdefault((row["uri"], row["size"]), set()).add(row["checksum"])

    def has(self, file: SourceFile) -> bool:
        """Whether this content has landed from this path. Reads the file only when it may have."""
        checksums = self._checksums.get((file.uri, file.size))
        return checksums is not None and checksum(file.path) in checksums


def checksum(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises WeftError when the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise WeftError(f"{path} cannot be read: {error.strerror}.") from None
    return digest.hexdigest()


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


def _match(folder: Path, pattern: str) -> list[Path]:
    literal = folder / pattern
    if literal.is_file():
        return [Path(os.path.abspath(literal))]
    names = glob.glob(str(Path(glob.escape(str(folder))) / pattern), recursive=True)
    # Not resolve(): a link keeps the name it was found by.
    return [path for path in map(Path, map(os.path.abspath, names)) if path.is_file()]


def _uri(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
