"""How long work tells the command that runs it how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Receives steps; the command decides whether they become bars, lines or nothing."""

    def update(
        self, task: str, done: int, total: int | None, unit: str, rows: int | None = None
    ) -> None:
        """``done`` of ``total`` units (rows, bytes, models) of a named task are finished.

        ``total`` is None while it is not known. The last update of a task has done == total.
        ``rows`` are those that the units held, where these are not rows themselves.
        """


class Silent:
    """Progress that nobody watches."""

    def update(
        self, task: str, done: int, total: int | None, unit: str, rows: int | None = None
    ) -> None:
        """Tell nobody."""
