"""From diaries to files: calls become lines, and the files get what files have besides."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from sample_data import SOURCES, mobile, server, web
from sample_data.broken import BROKEN
from sample_data.days import is_next_day
from sample_data.diary import Call, Json

BATCHES = ("first_day", "next_day")

_ENVELOPES: dict[str, Callable[[Call], Json]] = {
    "web": web.envelope,
    "server": server.envelope,
    "mobile": mobile.envelope,
}
_TABLES = {
    "track": "tracks",
    "identify": "identifies",
    "page": "pages",
    "screen": "screens",
    "group": "groups",
    "alias": "aliases",
}
# How many lines of the same file come twice, and how many of the day before come again.
_REPEATED = {"web": 40, "server": 8, "mobile": 20}
_REPEATED_NEXT_DAY = {"web": 5, "server": 1, "mobile": 3}
_REPEATED_FROM_DAY_BEFORE = {"web": 8, "server": 3, "mobile": 5}


@dataclass
class File:
    """One source's part of one batch."""

    lines: list[str] = field(default_factory=list)
    landed: int = 0
    duplicate: int = 0
    rejected: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    repeated_ids: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """What a loader should say about the file."""
        return {
            "read": len(self.lines),
            "landed": self.landed,
            "duplicate": self.duplicate,
            "rejected": self.rejected,
            "blocked": 0,
        }


def write_down(calls: Iterable[Call], seed: str) -> dict[str, dict[str, File]]:
    """The files of both batches, by batch and source."""
    ordered = sorted(calls, key=lambda call: (call.received_at, call.occurred_at, call.message_id))
    files: dict[str, dict[str, File]] = {batch: {} for batch in BATCHES}
    for source in SOURCES:
        of_source = [call for call in ordered if call.source == source]
        first = [call for call in of_source if not is_next_day(call.received_at)]
        following = [call for call in of_source if is_next_day(call.received_at)]
        random = Random(f"{seed}/files/{source}")
        files["first_day"][source] = _file("first_day", source, first, random, [])
        files["next_day"][source] = _file("next_day", source, following, random, first)
    return files


def _file(batch: str, source: str, calls: list[Call], random: Random, before: list[Call]) -> File:
    file = File(landed=len(calls), rows=_rows(calls))
    file.lines = [_line(call) for call in calls]
    repeats = random.sample(calls, (_REPEATED_NEXT_DAY if before else _REPEATED)[source])
    if before:
        repeats += random.sample(before[-150:], _REPEATED_FROM_DAY_BEFORE[source])
    for call in repeats:
        line = _line(call)
        earliest = file.lines.index(line) + 1 if line in file.lines else 0
        file.lines.insert(random.randrange(earliest, len(file.lines) + 1), line)
        file.repeated_ids.append(call.message_id)
    for line in BROKEN[batch][source]:
        file.lines.insert(random.randrange(len(file.lines)), line)
    file.duplicate = len(repeats)
    file.rejected = len(BROKEN[batch][source])
    return file


def _rows(calls: list[Call]) -> Counter[str]:
    rows = Counter(_TABLES[call.type] for call in calls)
    rows.update(snake_case(call.name) for call in calls if call.type == "track" and call.name)
    return rows


def snake_case(event: str) -> str:
    """The table of an event; the shop's names are plain words."""
    return event.lower().replace(" ", "_")


def _line(call: Call) -> str:
    return json.dumps(_ENVELOPES[call.source](call), ensure_ascii=False, separators=(",", ":"))
