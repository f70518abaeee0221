"""Wall time, processor time and memory of a piece of work, in a process of its own."""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb


@dataclass(frozen=True)
class Cost:
    """What work took: seconds on the wall and of all processors, and the peak of memory in MB."""

    seconds: float
    cpu_seconds: float
    peak_rss_mb: float


def measure(work: Callable[..., Any], *arguments: Any) -> Cost:
    """The cost of a call, in a fresh process so that none inherits another's memory.

    ``work`` returns the function to be timed, so that what it imports is not counted.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(_measured, work, arguments).result()


def alternate(runs: int, *works: Callable[[], Cost]) -> list[Cost]:
    """The best of some runs of each work; they take turns, so that a slow minute hits all."""
    costs: list[list[Cost]] = [[] for _ in works]
    for run in range(runs):
        for kept, work in zip(costs, works, strict=True):
            kept.append(work())
            say(f"run {run + 1} of {runs}: {kept[-1].seconds:.2f} s")
    return [min(kept, key=lambda cost: cost.seconds) for kept in costs]


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection that draws no progress bar, for stdout is for results."""
    connection = duckdb.connect(str(path))
    connection.execute("set enable_progress_bar = false")
    return connection


def say(text: str) -> None:
    """Tell the person who waits; stdout is for results."""
    print(text, file=sys.stderr, flush=True)


def _measured(work: Callable[..., Callable[[], object]], arguments: tuple[Any, ...]) -> Cost:
    timed = work(*arguments)
    clock, processor = time.perf_counter(), time.process_time()
    timed()
    seconds, cpu_seconds = time.perf_counter() - clock, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(seconds, cpu_seconds, peak)
