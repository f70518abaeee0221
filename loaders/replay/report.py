"""What a replay did."""

from dataclasses import dataclass, field


@dataclass
class Replayed:
    """Lines or values that were tried again: tried = landed + duplicate + blocked + remaining.

    ``blocked`` are events that a tracking plan holds back.
    ``duplicate`` are events that have landed otherwise meanwhile; ``discards`` are values that
    events lost as they landed.
    """

    tried: int = 0
    landed: int = 0
    duplicate: int = 0
    blocked: int = 0
    remaining: int = 0
    discards: int = 0


@dataclass
class ReplayReport:
    """What a replay did per source."""

    sources: dict[str, Replayed] = field(default_factory=dict)

    @property
    def total(self) -> Replayed:
        """The figures of all sources together."""
        total = Replayed()
        for one in self.sources.values():
            for name in ("tried", "landed", "duplicate", "blocked", "remaining", "discards"):
                setattr(total, name, getattr(total, name) + getattr(one, name))
        return total
