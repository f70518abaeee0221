"""A push by weft against a bare asyncio and httpx loop that sends the same bytes.

    python benchmarks/push.py [--json] [--full] [--scenario NAME] [--rows N]

A loopback server in a process of its own answers every request with 200. What is timed of weft is
the push of a plan that has been made: its rows are read, sent, and recorded in ledger and
snapshot, and the warehouse is closed. The ratio is weft's throughput over the loop's.
"""

import sys
from functools import partial
from pathlib import Path

if not __package__:
    # Run by its path: the neighbours are found from the folder above, in child processes too.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks.measure import alternate, measure, say
from benchmarks.push_works import answering, bare_loop, keep_requests, make_project, push
from benchmarks.scenarios import Figures, Scenario, run

_RUNS = 5


def compare(folder: Path, rows: int, per_request: int) -> Figures:
    """Both in turn, the best of some runs."""
    with answering() as url:
        requests = folder / "requests.pickle"
        make_project(folder / "first", url, rows, per_request)
        size = keep_requests(folder / "first", requests)
        say(f"{size / 1e6:.1f} MB in requests of {per_request} rows")

        def ours() -> object:
            make_project(folder / "shop", url, rows, per_request)
            return measure(push, folder / "shop")

        loop, weft = alternate(_RUNS, lambda: measure(bare_loop, requests), ours)  # type: ignore[arg-type]
    return {
        "ratio": loop.seconds / weft.seconds,
        "cpu_ratio": loop.cpu_seconds / weft.cpu_seconds,
        "rows": rows,
        "rows_per_request": per_request,
        "bytes": size,
        "seconds": weft.seconds,
        "cpu_seconds": weft.cpu_seconds,
        "peak_rss_mb": weft.peak_rss_mb,
        "loop_seconds": loop.seconds,
        "loop_cpu_seconds": loop.cpu_seconds,
    }


SCENARIOS: dict[str, Scenario] = {
    "batches": (partial(compare, per_request=100), 200_000, 200_000),
    "singles": (partial(compare, per_request=1), 10_000, 10_000),
}
"""What can be run, with its rows by default and with ``--full``."""


if __name__ == "__main__":
    run("push", SCENARIOS, peers={})
