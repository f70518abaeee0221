"""Named moments at which a test lets the process die, as a power cut or a kill would."""

import os

LOAD_POINTS = ("after_parse", "before_commit", "after_commit", "between_groups")
SYNC_POINTS = (
    "after_plan",
    "after_intent",
    "after_send",
    "before_snapshot_commit",
    "after_snapshot_commit",
)


def crash_point(name: str) -> None:
    """End the process at once, with status 137, when WEFT_CRASH_AT names this point."""
    if os.environ.get("WEFT_CRASH_AT") == name:
        os._exit(137)
