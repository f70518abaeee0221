"""``weft plan`` against the same hashes and a full outer join by hand, in DuckDB.

    python benchmarks/plan.py [--json] [--full] [--rows N]

A model of which 1 % differs from what the destination has acknowledged. Both are given the same
memory, run in turns in processes of their own, and the best run of each counts. A tenth of the
rows is planned as well, so that the peak of memory can be compared.
"""

import sys
from pathlib import Path

import duckdb

if not __package__:
    # Run by its path: the neighbours are found from the folder above, in child processes too.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks.measure import alternate, measure, say
from benchmarks.plan_works import join, making, plan
from benchmarks.scenarios import Figures, Scenario, run

_SMALL, _USUAL = 100_000, 2_000_000


def changes(folder: Path, rows: int) -> Figures:
    """The figures for a model of so many rows."""
    small, large = folder / "small", folder / "large"
    say(f"making {rows:,} rows")
    # In processes of their own: a child inherits the peak of memory of the one that starts it.
    measure(making, small, min(rows, _SMALL))
    measure(making, large, rows)
    small_cost = measure(plan, small)
    runs = 3 if rows > _USUAL else 5
    reference, ours = alternate(runs, lambda: measure(join, large), lambda: measure(plan, large))
    _check(large, rows)
    return {
        "ratio": ours.seconds / reference.seconds,
        "cpu_ratio": ours.cpu_seconds / reference.cpu_seconds,
        "seconds": ours.seconds,
        "cpu_seconds": ours.cpu_seconds,
        "reference_seconds": reference.seconds,
        "reference_cpu_seconds": reference.cpu_seconds,
        "peak_rss_mb": ours.peak_rss_mb,
        "reference_peak_rss_mb": reference.peak_rss_mb,
        "small_rows": min(rows, _SMALL),
        "small_peak_rss_mb": small_cost.peak_rss_mb,
        "rows": rows,
    }


def _check(folder: Path, rows: int) -> None:
    """Every plan found the rows that differ, and no other."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select distinct added, changed, removed, unchanged from weft.sync_plans"
        ).fetchall()
    ((added, changed, removed, unchanged),) = found
    near = rows * 0.01
    if not (0.9 * near <= added + changed + removed <= 1.1 * near and unchanged > 0.98 * rows):
        raise SystemExit(f"Expected about {near:,.0f} rows that differ, found {found}")


SCENARIOS: dict[str, Scenario] = {"changes": (changes, _USUAL, 10_000_000)}
"""What can be run, with the rows of its model by default and with ``--full``."""


if __name__ == "__main__":
    run("plan", SCENARIOS, peers={})
