"""Files written aside, made durable, then moved into place: never seen half-written."""

import os
from collections.abc import Iterable
from pathlib import Path, PurePath

from reverse_etl.destinations.kit.file_base import FileDestination, FileFault
from warehouse.crash_points import crash_point


class FolderTransport:
    """Files in folders of this machine."""

    def __init__(self, destination: FileDestination, project: Path) -> None:
        del destination
        self._project = project

    def write(self, path: PurePath, parts: Iterable[bytes]) -> Path:
        """Write a file; where it lies. Raises FileFault."""
        place = self._project / path
        try:
            write_file(place, parts)
        except OSError as fault:
            said = f"The file {place} cannot be written: {fault.strerror}."
            raise FileFault(type(fault).__name__, said) from None
        return place


def write_file(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that only its owner may read, part by part; an older one is replaced.

    Raises OSError; the older file is then untouched and nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        crash_point("before_rename")
        aside.replace(path)
        crash_point("after_rename")
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _make_durable(path.parent)


def _make_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
