"""When to try again: full jitter, what the destination asks for, and an end to patience."""

import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reverse_etl.destinations.base import RetrySettings

LONGEST_RETRY_AFTER_SECONDS = 300.0
"""A destination that asks for a longer pause is asked again after this one."""


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """The pause a Retry-After header asks for, in seconds, capped.

    The header holds seconds or an HTTP date; None for anything else.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
    if seconds != seconds:
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


class Patience:
    """How long one run of a sync keeps trying: attempts per request and one time budget."""

    def __init__(self, settings: RetrySettings) -> None:
        self._settings = settings
        self._ends_at = time.monotonic() + settings.budget_seconds
        self.is_spent = False
        """Whether a wait was refused because the time budget of the run would not last."""

    def delay(self, attempt: int, retry_after: float | None) -> float | None:
        """Seconds to wait after a failed attempt (the first is 1), None to give up."""
        if attempt >= self._settings.attempts:
            return None
        if retry_after is None:
            highest = min(
                self._settings.first_delay_seconds * 2 ** (attempt - 1),
                self._settings.longest_delay_seconds,
            )
            retry_after = random.uniform(0, highest)
        if time.monotonic() + retry_after > self._ends_at:
            self.is_spent = True
            return None
        return retry_after
