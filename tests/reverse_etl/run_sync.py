"""One sync in a process of its own, so that it can die: ``python -m … PROJECT_DIR [JOURNALS]``."""

import signal
import sys
from datetime import date
from pathlib import Path

from reverse_etl.sync import sync
from reverse_etl.syncs import read_syncs
from warehouse.manifest import Manifest
from warehouse.project import find_project
from warehouse.runs import record_run


def main(folder: Path, journals: Path | None = None) -> int:
    project = find_project(folder)
    manifest = Manifest(folder / "target" / "manifest.json")
    [chosen] = read_syncs(project, manifest).values()
    with project.open() as warehouse:
        warehouse.journals = warehouse.journals or journals
        with record_run(
            warehouse, command="sync", target=project.target, as_of=date(2026, 1, 31)
        ) as run:
            return sync(warehouse, project, chosen, run).exit_code


if __name__ == "__main__":
    # A shell gives what it starts in the background an interrupt that is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(*map(Path, sys.argv[1:])))
