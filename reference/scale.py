"""How long destinations take for very many rows, from the limits in the code."""

from collections.abc import Iterator

from reference.destinations import api_destinations, table
from reference.scale_path import duration
from reverse_etl.destinations.kit.api_base import ApiDestination

ANSWER_SECONDS = 0.25
"""How long a request is taken to last where a destination limits no requests in a second."""

PROFILES = 100_000_000
CHANGED = 1_000_000
"""Rows of a first sync, and of a day on which one profile in a hundred changes."""


def sending_table() -> str:
    """A line for each destination that is a vendor's API: rows in a second, and for how long."""
    counts = (f"{PROFILES:,} rows", f"{CHANGED:,} rows")
    headings = ("destination", "rows a request", "requests a second", "rows a second", *counts)
    return table(headings, _lines()) + "\n"


def rows_per_second(description: type[ApiDestination]) -> float:
    """The most rows that a destination's limits allow in a second."""
    return _requests_per_second(description) * description.limits.rows_per_request


def _requests_per_second(description: type[ApiDestination]) -> float:
    limits = description.limits
    at_once = limits.concurrency / ANSWER_SECONDS
    return min(limits.requests_per_second or at_once, at_once)


def _lines() -> Iterator[tuple[str, ...]]:
    found = sorted(api_destinations().items(), key=lambda one: (rows_per_second(one[1]), one[0]))
    for name, description in found:
        requests, rows = _requests_per_second(description), rows_per_second(description)
        waits = requests == description.limits.concurrency / ANSWER_SECONDS
        yield (
            f"[{name}](destinations/{name}.md)",
            f"{description.limits.rows_per_request:,}",
            f"{requests:g}{' (waits for answers)' if waits else ''}",
            f"{rows:,.0f}",
            duration(PROFILES / rows),
            duration(CHANGED / rows),
        )
