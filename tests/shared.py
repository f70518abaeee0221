"""What takes long to make is made once in a test run, by whichever of its processes asks first."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

_places: list[Path] = []


def share(factory: pytest.TempPathFactory) -> None:
    """Say where this run keeps what its processes share; pytest deletes it as all it keeps."""
    base = factory.getbasetemp()
    # A worker's own folder lies in that of the run.
    _places[:] = [base.parent if "PYTEST_XDIST_WORKER" in os.environ else base]


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """A folder that ``make`` has filled, once in a run. To be copied: other processes read it too.

    Whoever asks while it is being made waits; where making it failed, the next one tries again.
    """
    folder = _places[0] / f"shared-{name}"
    folder.mkdir(exist_ok=True)
    with (folder / "made").open("a+") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        mark.seek(0)
        if not mark.read():
            make(folder)
            mark.write("made")
    return folder
