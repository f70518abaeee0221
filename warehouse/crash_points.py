"""Named moments at which a test lets the process die, as a power cut or a kill would."""

import os
from collections import Counter

LOAD_POINTS = ("after_parse", "before_commit", "after_commit", "between_groups")
SYNC_POINTS = (
    "after_plan",
    "before_intent_commit",
    "after_intent",
    "after_send",
    "before_snapshot_commit",
    "after_snapshot_commit",
)
FILE_POINTS = ("before_rename", "after_rename")
LIST_POINTS = ("after_list_found", "after_list_kept")
JOURNAL_POINTS = ("after_journal", "before_fold", "after_fold")
TABLE_POINTS = ("after_changes_noted", "between_changes", "after_next", "after_drop")
JOB_POINTS = ("after_job_accepted", "after_job_started", "after_job_finished")

_reached: Counter[str] = Counter()


def crash_point(name: str) -> None:
    """End the process at once, with status 137, when WEFT_CRASH_AT names this point.

    ``NAME:3`` lets it pass twice and dies the third time.
    """
    wanted = os.environ.get("WEFT_CRASH_AT")
    if wanted is None:
        return
    point, _, time = wanted.partition(":")
    if point == name:
        _reached[name] += 1
        if _reached[name] == int(time or 1):
            os._exit(137)
