"""What a load did."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LandedFile:
    """A file that has landed, in events and bytes."""

    load_id: int
    source: str
    uri: str
    read: int
    landed: int
    duplicate: int
    rejected: int
    blocked: int
    bytes: int


@dataclass
class SourceFigures:
    """What happened to a source's files: read = landed + duplicate + rejected + blocked, in events.

    ``files`` counts the files that landed, ``skipped`` those that had landed before.
    """

    files: int = 0
    skipped: int = 0
    read: int = 0
    landed: int = 0
    duplicate: int = 0
    rejected: int = 0
    blocked: int = 0
    bytes: int = 0

    def add(self, other: "SourceFigures | LandedFile") -> None:
        """Count on by a file that landed, or by another source."""
        if isinstance(other, LandedFile):
            self.files += 1
        else:
            self.files += other.files
            self.skipped += other.skipped
        for name in ("read", "landed", "duplicate", "rejected", "blocked", "bytes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class LoadReport:
    """What a load did per source; ``rejects`` counts rejected lines by reason."""

    sources: dict[str, SourceFigures] = field(default_factory=dict)
    rejects: Counter[str] = field(default_factory=Counter)
    discards: int = 0
    loads: list[LandedFile] = field(default_factory=list)

    @property
    def total(self) -> SourceFigures:
        """The figures of all sources together."""
        total = SourceFigures()
        for figures in self.sources.values():
            total.add(figures)
        return total
