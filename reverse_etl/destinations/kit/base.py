"""What every destination is: settings, and what it says about itself."""

from abc import ABC, abstractmethod
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from reverse_etl.destinations.kit.purpose import Mode, Purpose

ALL_MODES: frozenset[Mode] = frozenset(
    ("upsert", "update", "create", "mirror", "audience", "append")
)


class Settings(BaseModel):
    """Settings of a destination: nothing beyond the fields is accepted, no value is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Destination(Settings, ABC):
    """What every destination has.

    ``account_settings`` names the settings that tell one account from another; ``can_remove``
    says whether a row that was sent can be taken back. ``modes`` are those it has.
    """

    account_settings: ClassVar[tuple[str, ...]] = ()
    can_remove: ClassVar[bool] = True
    modes: ClassVar[frozenset[Mode]] = ALL_MODES

    type: str
    targets: tuple[str, ...] = ("prod",)

    @abstractmethod
    def account(self) -> str:
        """The account behind the settings, without secrets; another account starts fresh."""

    @abstractmethod
    def requests(self, removals: int, others: int) -> int:
        """How many requests so many rows make; removals go out before the others."""

    def least_seconds(self, removals: int, others: int) -> float:
        """How long so many rows take at least, as the limits of the destination have it."""
        del removals, others
        return 0.0

    def place(self, purpose: Purpose) -> str | None:
        """Where in the account a sync sends to, if there are several places: a list, say.

        What one place has acknowledged says nothing about another.
        """
        del purpose
        return None

    @property
    def can_erase(self) -> bool:
        """Whether it can delete a person who wants to be forgotten."""
        return self.can_remove

    @property
    def never_repeats(self) -> bool:
        """Whether a row that may have arrived is not sent again, unless a person retries it.

        For what does harm when it happens twice, such as a message to somebody's phone.
        """
        return False

    @property
    def most_rows_per_run(self) -> int | None:
        """How many rows one run may send before a person has to approve it; None: any number."""
        return None

    def check(self, purpose: Purpose) -> None:
        """Raise ValueError when it cannot take what a sync wants to send."""
        if purpose.mode not in self.modes:
            modes = ", ".join(sorted(self.modes))
            raise ValueError(f"it has no mode {purpose.mode!r}; it has {modes}")
        for name in ("object", "list_id", "event", "list_name"):
            if getattr(purpose, name) is not None:
                raise ValueError(f"it takes no setting {name.removesuffix('_name')!r}")
