"""Files written aside, made durable, then moved into place: never seen half-written."""

import os
from collections.abc import Iterable
from pathlib import Path

from warehouse.crash_points import crash_point


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
