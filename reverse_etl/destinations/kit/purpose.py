"""What the rows of a sync are at their destination: people, members of a list, events."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["upsert", "update", "create", "mirror", "audience", "append"]
Kind = Literal["people", "members", "events", "erasure"]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a sync sends, as its settings say.

    ``identifier`` is what the key is called; ``object`` the type of record where it is not a
    person; ``list_name`` or ``list_id`` the list of an audience, else it is called as the model;
    ``event`` the name of all events of the sync. ``erases`` says that the rows are people to be
    forgotten, whatever the mode. ``require`` is the column of consent, where one is looked at.
    """

    sync: str
    mode: Mode
    key: tuple[str, ...]
    identifier: str
    fields: tuple[str, ...] = ()
    object: str | None = None
    list_name: str | None = None
    model: str = ""
    list_id: str | None = None
    event: str | None = None
    erases: bool = False
    require: str | None = None

    @property
    def list_title(self) -> str:
        """What the list of an audience is called."""
        return self.list_name or self.model

    @property
    def kind(self) -> Kind:
        """What a row is: it follows from the mode."""
        if self.erases:
            return "erasure"
        if self.mode == "audience":
            return "members"
        return "events" if self.mode == "append" else "people"
