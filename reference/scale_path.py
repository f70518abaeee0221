"""Ten billion events and a hundred million profiles, on paper: unit costs that were measured, times
counts.

Unit costs are of DuckDB on 2 cores, from the benchmarks that are named; sizes are those of
``benchmarks/row_sizes.py``. Nothing here was run at this size.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from reference.destinations import table

EVENTS = 10_000_000_000
DAYS = 730
PROFILES = 100_000_000
IDENTIFIERS_PER_PROFILE = 5.546
LINKS_PER_PROFILE = 4.546
TOUCHED_PER_DAY = 0.127
"""The share of profiles that a day's events touch: that of the benchmark of traits."""

SYNCS = 10
CHANGED_PER_DAY = 0.01
"""How many syncs take every profile, and the share of rows that a day changes in each."""


@dataclass(frozen=True)
class Unit:
    """What one costs: ``amount`` in seconds or bytes, and what it was measured with."""

    amount: float
    of: str
    measured: str


LOAD = Unit(5.4 * 3.33 / 1e6, "event", "`load.py`, 1 M events, CPU")
SOLVE = Unit(32.8 / 5_546_311, "identifier", "`identity.py --full`")
LOOK_UP = Unit(3.4 / 5_546_311, "stored identifier", "`identity.py --full`, 28,000 new links")
CELLS = Unit(15.0 / 10e6, "event", "`traits.py --full`, 30 traits and 10 audiences")
TOUCH = Unit((8.2 - 3.1) / (0.127 * 500_000), "touched profile", "`traits.py --full`, next day")
PLAN = Unit(8.9 / 10e6, "row", "`plan.py --full`")


@dataclass(frozen=True)
class Step:
    """A step of the path: a unit cost, and how many."""

    name: str
    unit: Unit
    count: float
    counted: str


def steps() -> Iterator[Step]:
    """What the first build costs, then what a day does."""
    identifiers = PROFILES * IDENTIFIERS_PER_PROFILE
    events, touched = EVENTS / DAYS, PROFILES * TOUCHED_PER_DAY
    yield Step("first load of all events", LOAD, EVENTS, "events")
    yield Step("first identity", SOLVE, identifiers, "profiles x identifiers each")
    yield Step("first traits and audiences", CELLS, EVENTS, "events")
    yield Step("a day's load", LOAD, events, "events / days")
    yield Step("a day's identity", LOOK_UP, identifiers, "profiles x identifiers each")
    yield Step("a day's traits and audiences", TOUCH, touched, "profiles x touched share")
    yield Step("a day's plans", PLAN, PROFILES * SYNCS, "profiles x syncs")


def steps_table() -> str:
    """A line for each step: the formula and what it gives."""
    headings = ("step", "unit cost", "measured with", "times", "2 cores take", "core-hours at most")
    return table(headings, map(_step_line, steps())) + "\n"


def _step_line(step: Step) -> tuple[str, ...]:
    seconds = step.unit.amount * step.count
    cores = 1 if step.unit is LOAD else 2
    hours = f"{seconds / 3_600 * cores:,.1f}"
    return (
        step.name,
        f"{step.unit.amount * 1e6:.2f} µs per {step.unit.of}",
        step.unit.measured,
        f"{step.count / 1e6:,.1f} M ({step.counted})",
        duration(seconds / 2 if cores == 1 else seconds),
        hours,
    )


def duration(seconds: float) -> str:
    """A time in the largest unit of which there are two."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.0f} seconds"


@dataclass(frozen=True)
class Size:
    """What is stored of one thing: ``amount`` bytes, each so many times, and where it lies."""

    kept: str
    amount: float
    count: float
    counted: str


def sizes() -> Iterator[Size]:
    """What lies in the warehouse at the end."""
    identifiers, links = PROFILES * IDENTIFIERS_PER_PROFILE, PROFILES * LINKS_PER_PROFILE
    yield Size("landed tables", 128.2, EVENTS, "events")
    yield Size("`identifiers`, `identity_trees`", 39.2 + 38.8, identifiers, "identifiers")
    yield Size("`profile_identifiers`, the register", 51.7 + 32.9, identifiers, "identifiers")
    yield Size("`identity_links`", 79.9, links, "links")
    yield Size("`sync_snapshot`", 85.2, PROFILES * SYNCS, "profiles x syncs")
    kept_rows = PROFILES * SYNCS * CHANGED_PER_DAY * 30
    yield Size("`sync_rows`, kept for 30 days", 85.2, kept_rows, "profiles x syncs x changed x 30")
    kept_attempts = kept_rows * 3
    yield Size("`sync_attempts`, kept for 90 days", 26.2, kept_attempts, "the same x 90")


def sizes_table() -> str:
    """A line for each thing that is kept: bytes a row, and all of it."""
    lines = (
        (
            size.kept,
            f"{size.amount:.1f}",
            f"{size.count / 1e6:,.0f} M ({size.counted})",
            f"{size.amount * size.count / 1e9:,.0f} GB",
        )
        for size in sizes()
    )
    return table(("kept", "bytes a row", "rows", "all"), lines) + "\n"
