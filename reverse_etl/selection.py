"""Which rows a plan is about, when it is not simply whatever has changed."""

import json
from dataclasses import asdict, dataclass
from datetime import date


@dataclass(frozen=True)
class Selection:
    """What a person asked of a plan.

    ``keys`` limits it to these keys. ``retry_rejected`` takes up rows that were refused before,
    and only those; ``resync`` sends rows that have not changed, too. ``starts_from`` is the first
    day of which an append sync sends rows. ``withdraws`` removes whatever the destination may hold
    of the keys, whether or not the model has them and whatever the mode.
    """

    keys: tuple[str, ...] | None = None
    retry_rejected: bool = False
    resync: bool = False
    starts_from: date | None = None
    withdraws: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether rows are left out that a plain plan would hold."""
        return self.keys is not None or self.retry_rejected

    def as_text(self) -> str | None:
        """The selection as ``weft.sync_plans`` keeps it, None for a plain plan."""
        if self == Selection():
            return None
        return json.dumps(asdict(self), default=str)


EVERYTHING = Selection()


def read_selection(text: str | None) -> Selection:
    """A selection that was kept."""
    if text is None:
        return EVERYTHING
    values = json.loads(text)
    if values["keys"] is not None:
        values["keys"] = tuple(values["keys"])
    if values["starts_from"] is not None:
        values["starts_from"] = date.fromisoformat(values["starts_from"])
    return Selection(**values)
