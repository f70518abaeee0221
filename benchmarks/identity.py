"""Identity beside scipy's connected components, from landed strings to (type, value, label).

    python -m benchmarks.identity [--full] [--json] [--scenario NAME] [--rows N]

Both sides read the same landed calls, normalise and block by the same rules, and end with a table
of identifiers and labels in DuckDB. weft also refuses links, so its labels are other ones; it keeps
its state, so that new links cost what they touch. ``path`` is one chain, ``star`` one address that
all share, and ``splink`` has Splink's clustering in scipy's place.
"""

import shutil
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from benchmarks.components import by_scipy, by_splink
from benchmarks.measure import Cost, alternate, measure, say
from benchmarks.people import land_news, land_path, land_people, land_star
from benchmarks.scenarios import Figures, Scenario, run

SOLVED = ("model_identifiers", "identifiers", "identity_links", "identity_trees")
GIVEN = ("profile_id_register", "refused_links", "profile_identifiers")
LABELS = """
select identifier_type, identifier_value, piece_id
from {{ ref('identifiers') }} inner join {{ ref('identity_trees') }} using (identifier_id)
"""
MEMORY_LIMIT = "3GB"
"""Of DuckDB, in weft's project: it takes four fifths of the machine's memory when not told."""


def people(folder: Path, rows: int) -> Figures:
    """People with addresses and browsers: built anew beside scipy, then 28,000 new links."""
    database = folder / "landed.duckdb"
    calls = land_people(database, rows)
    theirs, ours = alternate(
        3,
        partial(measure, by_scipy, folder, database),
        partial(measure, full_build, folder, database, (*SOLVED, "labels")),
    )
    news = [_incremental(folder, database) for _ in range(3)]
    added, quiet, whole = min(news, key=lambda costs: costs[0].seconds)
    return {
        "ratio": ours.seconds / theirs.seconds,
        "cpu_ratio": ours.cpu_seconds / theirs.cpu_seconds,
        "incremental_ratio": (added.seconds - quiet.seconds) / whole.seconds,
        "rows": rows,
        "events": calls,
        "scipy_seconds": theirs.seconds,
        "scipy_cpu_seconds": theirs.cpu_seconds,
        "seconds": ours.seconds,
        "cpu_seconds": ours.cpu_seconds,
        "peak_rss_mb": max(ours.peak_rss_mb, whole.peak_rss_mb),
        "with_profile_ids_seconds": whole.seconds,
        "with_profile_ids_cpu_seconds": whole.cpu_seconds,
        "new_links_seconds": added.seconds,
        "new_links_cpu_seconds": added.cpu_seconds,
        "nothing_new_seconds": quiet.seconds,
        "nothing_new_cpu_seconds": quiet.cpu_seconds,
    }


def splink(folder: Path, rows: int) -> Figures:
    """The people of ``people`` beside Splink: how many times its time weft takes."""
    database = folder / "landed.duckdb"
    land_people(database, rows)
    theirs, ours = alternate(
        3,
        partial(measure, by_splink, folder, database),
        partial(measure, full_build, folder, database, (*SOLVED, "labels")),
    )
    return {
        "ratio": ours.seconds / theirs.seconds,
        "cpu_ratio": ours.cpu_seconds / theirs.cpu_seconds,
        "splink_seconds": theirs.seconds,
        "splink_cpu_seconds": theirs.cpu_seconds,
        "splink_peak_rss_mb": theirs.peak_rss_mb,
        **_figures(ours, rows),
    }


def path(folder: Path, rows: int) -> Figures:
    """One chain of anonymous ids, each seen with the next one, in order."""
    return _alone(folder, land_path, rows)


def star(folder: Path, rows: int) -> Figures:
    """One address on as many browsers."""
    return _alone(folder, land_star, rows)


SCENARIOS: dict[str, Scenario] = {
    "people": (people, 100_000, 1_000_000),
    "path": (path, 100_000, 1_000_000),
    "star": (star, 100_000, 1_000_000),
    "splink": (splink, 100_000, 1_000_000),
}
"""What can be run, with its rows by default and with ``--full``."""


def _alone(folder: Path, land: Callable[[Path, int], None], rows: int) -> Figures:
    database = folder / "landed.duckdb"
    land(database, rows)
    (cost,) = alternate(3, partial(measure, full_build, folder, database, SOLVED))
    return _figures(cost, rows)


def _figures(cost: Cost, rows: int) -> Figures:
    return {
        "rows": rows,
        "seconds": cost.seconds,
        "cpu_seconds": cost.cpu_seconds,
        "peak_rss_mb": cost.peak_rss_mb,
    }


def _incremental(folder: Path, database: Path) -> tuple[Cost, Cost, Cost]:
    """What new links cost, what nothing new costs, and what the first build cost."""
    models = (*SOLVED, *GIVEN)
    whole = measure(full_build, folder, database, models)
    land_news(folder / "project" / "dev.duckdb")
    added = measure(next_build, folder, models)
    quiet = measure(next_build, folder, models)
    say(f"new links: {added.seconds:.2f} s, nothing new: {quiet.seconds:.2f} s")
    return added, quiet, whole


def full_build(folder: Path, database: Path, models: tuple[str, ...]) -> Callable[[], object]:
    """A first build in a fresh project, to be timed."""
    from cli.scaffold import write_project
    from warehouse.dbt import parse
    from warehouse.project import find_project

    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    write_project(project)
    (project / "models" / "labels.sql").write_text("{{ config(materialized='table') }}\n" + LABELS)
    shutil.copyfile(database, project / "dev.duckdb")
    profiles = project / "profiles.yml"
    limited = f"type: duckdb\n      settings: {{memory_limit: {MEMORY_LIMIT}}}"
    profiles.write_text(profiles.read_text().replace("type: duckdb", limited))
    parse(find_project(project))
    return next_build(folder, models)


def next_build(folder: Path, models: tuple[str, ...]) -> Callable[[], object]:
    """A build in the project as it is, to be timed."""
    import dbt.cli.main  # noqa: F401  # not to be timed

    from warehouse.dbt import build
    from warehouse.project import find_project

    project = find_project(folder / "project")
    options = ["--select", *models, "--exclude-resource-type", "test"]

    def timed() -> None:
        result = build(project, as_of=date(2026, 9, 29), run_id="benchmark", options=options)
        if result.failures:
            sys.exit(f"The build failed: {result.failures}")

    return timed


if __name__ == "__main__":
    started = time.perf_counter()
    run("identity", SCENARIOS, peers={"splink": "splink"})
    say(f"{time.perf_counter() - started:.0f} s in all")
