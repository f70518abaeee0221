"""Days and moments of the story: day 0 is the first of the history, day 90 the next day."""

from datetime import UTC, datetime, timedelta
from random import Random

HISTORY_BEGINS = datetime(2026, 7, 2, tzinfo=UTC)
LAST_DAY = 89
NEXT_DAY = 90
NEXT_DAY_BEGINS = HISTORY_BEGINS + timedelta(days=NEXT_DAY)
STORY_ENDS = NEXT_DAY_BEGINS + timedelta(days=1)


def moment(day: int, clock: str) -> datetime:
    """The given clock time ("14:05" or "14:05:30.250", UTC) of a day of the story."""
    parts = [float(part) for part in clock.split(":")]
    hours, minutes, seconds = [*parts, 0.0][:3]
    milliseconds = round((hours * 3600 + minutes * 60 + seconds) * 1000)
    return HISTORY_BEGINS + timedelta(days=day, milliseconds=milliseconds)


def shopping_hour(random: Random, day: int) -> datetime:
    """A moment between 06:00 and 22:00 UTC of the day."""
    milliseconds = random.randrange(6 * 3600 * 1000, 22 * 3600 * 1000)
    return HISTORY_BEGINS + timedelta(days=day, milliseconds=milliseconds)


def epoch_milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970, as browsers count."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def zulu(instant: datetime) -> str:
    """ISO 8601 with milliseconds and a Z."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_next_day(received_at: datetime) -> bool:
    """Whether what was received then belongs to the second delivery."""
    return received_at >= NEXT_DAY_BEGINS
