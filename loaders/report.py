"""What a load did."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loaders.warehouse_tables.views import MappedView

if TYPE_CHECKING:
    from loaders.groups import Group
    from loaders.lines import LineReader


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

    ``files`` counts the files that landed, ``skipped`` those of which nothing is new, ``waiting``
    those whose last line is not finished yet.
    """

    files: int = 0
    skipped: int = 0
    read: int = 0
    landed: int = 0
    duplicate: int = 0
    rejected: int = 0
    blocked: int = 0
    bytes: int = 0
    waiting: int = 0

    def add(self, other: "SourceFigures | LandedFile") -> None:
        """Count on by a file that landed, or by another source."""
        if isinstance(other, LandedFile):
            self.files += 1
        else:
            self.files += other.files
            self.skipped += other.skipped
            self.waiting += other.waiting
        for name in ("read", "landed", "duplicate", "rejected", "blocked", "bytes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class LoadReport:
    """What a load did per source; ``rejects`` counts rejected lines by reason.

    ``views`` are those of sources whose events lie in tables of the warehouse.
    """

    sources: dict[str, SourceFigures] = field(default_factory=dict)
    rejects: Counter[str] = field(default_factory=Counter)
    discards: int = 0
    violations: int = 0
    loads: list[LandedFile] = field(default_factory=list)
    views: list[MappedView] = field(default_factory=list)

    def add(self, source: str, group: "Group", lines: "LineReader") -> None:
        """Count on by a group of files of a source."""
        self.loads += group.files
        self.rejects += group.rejects
        self.discards += group.discards
        self.violations += group.violations
        for file in group.files:
            self.sources[source].add(file)
        self.sources[source].waiting += sum(figures.waiting for figures in lines.figures)

    @property
    def total(self) -> SourceFigures:
        """The figures of all sources together."""
        total = SourceFigures()
        for figures in self.sources.values():
            total.add(figures)
        return total
