"""Every error a command may end with, and its exit code.

WeftError                  1  ran, and something failed
├── ConfigurationError     2  usage or configuration; nothing was started
│   └── UnknownNameError   2  a name that does not exist, with the nearest that does
└── BlockedError           3  a guard, a stale plan, or a lock
    └── LockedError        3  another process holds the warehouse

Each message is one sentence that says what is wrong and what to do about it.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class WeftError(Exception):
    """A command ran and something failed."""

    exit_code = 1


class ConfigurationError(WeftError):
    """The command, the project or its configuration is wrong; nothing was started."""

    exit_code = 2


class UnknownNameError(ConfigurationError):
    """A name that is not among the known ones.

    The message names it, suggests the nearest known name, and lists the others when they are few.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        self.kind, self.name, self.known = kind, name, sorted(set(known))
        place = f" in {where}" if where else ""
        super().__init__(f"There is no {kind} {name!r}{place}{self._advice()}")

    def _advice(self) -> str:
        nearest = get_close_matches(self.name, self.known, n=1, cutoff=0.5)
        if nearest:
            return f"; did you mean {nearest[0]!r}?"
        if not self.known:
            return f"; there is no {self.kind} yet."
        if len(self.known) <= 12:
            return f"; known: {', '.join(self.known)}."
        return f"; {len(self.known)} others are known."


class BlockedError(WeftError):
    """A guard, a stale plan or a lock stands in the way; nothing was changed."""

    exit_code = 3


class LockedError(BlockedError):
    """Another process holds the warehouse."""
