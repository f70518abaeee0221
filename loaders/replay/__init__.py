"""What did not land, tried again by the present code and configuration."""

from loaders.replay.discards import replay_discards
from loaders.replay.rejects import replay_rejects
from loaders.replay.report import Replayed, ReplayReport

__all__ = ["ReplayReport", "Replayed", "replay_discards", "replay_rejects"]
