"""What the steps of a command did, as plain values, and the exit code they amount to."""

from collections.abc import Iterable
from typing import Any

from cli.context import Session
from warehouse.errors import BlockedError, WeftError

Figures = dict[str, Any]
"""What a step did, as plain values: printed as a table or as JSON, and kept in ``weft.runs``."""

_CUSTOMERS = ("samples", "invalid_keys")


def keep(session: Session, step: str, figures: Figures) -> Figures:
    """Keep a step's figures with the run."""
    session.run.figures[step] = figures
    return figures


def keep_plans(session: Session, plans: Iterable[Figures]) -> Figures:
    """Keep plans with the run, without the rows of customers they show."""
    figures: Figures = {"plans": list(plans)}
    without = [
        {name: value for name, value in plan.items() if name not in _CUSTOMERS}
        for plan in figures["plans"]
    ]
    session.run.figures["plan"] = {"plans": without}
    return figures


def exit_code(figures: Figures) -> int:
    """The exit code that the figures of a run's steps amount to."""
    states = {report["state"] for report in figures.get("sync", {}).get("syncs", ())}
    if "blocked" in states:
        return BlockedError.exit_code
    if "failed" in states or figures.get("build", {}).get("failures"):
        return WeftError.exit_code
    return 0
