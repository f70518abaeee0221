"""A sync in a process that dies at a named moment."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
THIRD_PARTY = Path(__file__).parent / "third_party"


def run_and_die(folder: Path, point: str, *journals: Path) -> int:
    """Run the project's sync with WEFT_CRASH_AT set; the status it ended with.

    ``journals`` may be a folder for the journals of pushes.
    """
    finished = subprocess.run(
        [sys.executable, "-m", "tests.reverse_etl.run_sync", *map(str, (folder, *journals))],
        cwd=ROOT,
        env={**os.environ, "WEFT_CRASH_AT": point, "PYTHONPATH": str(THIRD_PARTY)},
        capture_output=True,
        check=False,
    )
    return finished.returncode
