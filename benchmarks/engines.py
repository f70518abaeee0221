"""The path of events on each engine, side by side; and a bulk load against ``adbc_ingest``.

    python benchmarks/engines.py [--engine NAME]... [--full] [--json] [--rows N]
    python benchmarks/engines.py --scenario bulk

``path`` loads the same events on each engine, stitches profiles, builds everything else and plans
to send all profiles, each step in a process of its own. Processor seconds are those of weft and of
the server. ``bulk`` appends parsed events to the landed tables of PostgreSQL as a load does, and
the reference the same rows, which it has as Arrow in memory; ``ratio`` is the speed of weft as a
part of the reference's. ``whole_load_ratio`` is that of the load from its file, parsed first.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if not __package__:
    # Run by its path: the neighbours are found from the folder above, in child processes too.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks.engine_works import (
    IDENTITY,
    SOURCE,
    append,
    build,
    figures,
    ingest,
    keep_landed,
    load,
    make_project,
    plan,
)
from benchmarks.events import write_mixed
from benchmarks.measure import Cost, alternate, measure, say
from benchmarks.scenarios import Figures, Scenario, run
from benchmarks.servers import ENGINES, opened, server_cpu

_FOUND = {
    "events": f"select count(*) from {SOURCE}.tracks",
    "profiles": "select count(*) from analytics.profiles",
    "planned": "select max(added) from weft.sync_plans",
}


def path(folder: Path, rows: int, engines: Sequence[str] = ("duckdb", "postgres")) -> Figures:
    """Every step on every engine; what they find must be the same."""
    written = write_mixed(folder, rows)
    found: dict[str, dict[str, int]] = {}
    costs: dict[str, float] = {}
    for engine in engines:
        place = folder / engine
        place.mkdir()
        with opened(engine, place) as output:
            project = make_project(place / "project", output)
            for step, work, arguments in (
                ("load", load, (str(written.dirty),)),
                ("stitch", build, (IDENTITY,)),
                ("build", build, ()),
                ("plan", plan, ()),
            ):
                cost = _whole(place, work, project, *arguments)
                say(f"{engine}: {step} {cost.seconds:.1f} s, {cost.cpu_seconds:.1f} s of processor")
                costs |= {
                    f"{engine}_{step}_seconds": cost.seconds,
                    f"{engine}_{step}_cpu_seconds": cost.cpu_seconds,
                    f"{engine}_{step}_rss_mb": cost.peak_rss_mb,
                }
            found[engine] = figures(project, _FOUND)
    if any(one != found[engines[0]] for one in found.values()):
        raise SystemExit(f"The engines differ: {found}")
    return {"rows": rows, **found[engines[0]], **costs}


def bulk(folder: Path, rows: int, engines: Sequence[str] = ()) -> Figures:
    """Appending to landed tables of PostgreSQL beside ``adbc_ingest`` of the same: best of five."""
    written = write_mixed(folder, rows)
    with opened("postgres", folder) as output:
        project = make_project(folder / "project", output)
        loaded = _whole(folder, load, project, str(written.dirty))
        measure(keep_landed, project, folder / "landed")
        reference, ours = alternate(
            5,
            lambda: _whole(folder, ingest, output, folder / "landed", "reference"),
            lambda: _whole(folder, append, project, folder / "landed"),
        )
    return {
        "ratio": reference.seconds / ours.seconds,
        "cpu_ratio": reference.cpu_seconds / ours.cpu_seconds,
        "whole_load_ratio": reference.seconds / loaded.seconds,
        "seconds": ours.seconds,
        "cpu_seconds": ours.cpu_seconds,
        "reference_seconds": reference.seconds,
        "reference_cpu_seconds": reference.cpu_seconds,
        "whole_load_seconds": loaded.seconds,
        "whole_load_cpu_seconds": loaded.cpu_seconds,
        "peak_rss_mb": ours.peak_rss_mb,
        "rows": rows,
    }


def _whole(folder: Path, work: Callable[..., Any], *arguments: Any) -> Cost:
    """The cost of work, that of the server included."""
    before = server_cpu(folder)
    cost = measure(work, *arguments)
    server = server_cpu(folder) - before
    return Cost(cost.seconds, cost.cpu_seconds + server, cost.peak_rss_mb)


SCENARIOS: dict[str, Scenario] = {
    "path": (path, 50_000, 1_000_000),
    "bulk": (bulk, 200_000, 1_000_000),
}
"""What can be run, with its events by default and with ``--full``."""


if __name__ == "__main__":
    run("engines", SCENARIOS, peers={"bulk": "adbc_driver_postgresql"}, engines=ENGINES)
