"""When to try again: full jitter, what the destination asks for, and an end to patience."""

import random
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reverse_etl.destinations.kit.http_base import HttpDestination, RetrySettings
from reverse_etl.destinations.kit.messages import HttpResponse

LONGEST_RETRY_AFTER_SECONDS = 300.0
"""A destination that asks for a longer pause is asked again after this one."""

_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
# In one header: `limit=100, remaining=0, reset=5`, and the later `"default";r=0;t=5`.
_TOGETHER = {
    "remaining": re.compile(r"\b(?:remaining|r)\s*=\s*([0-9.]+)"),
    "reset": re.compile(r"\b(?:reset|t)\s*=\s*([0-9.]+)"),
}
_TOO_MANY_REQUESTS = 429
# No vendor's window lasts 30 years, and no clock stands before 2001.
_FIRST_EPOCH_SECOND = 1e9
_FIRST_EPOCH_MILLISECOND = 1e12


def asked_pause(destination: HttpDestination, response: HttpResponse) -> float | None:
    """The pause a destination asks for, in a way of its own or in one of the usual headers."""
    own = destination.pause(response)
    return requested_pause(response, datetime.now(UTC)) if own is None else _capped(own)


def requested_pause(response: HttpResponse, now: datetime) -> float | None:
    """The pause a response asks for, in seconds, capped; None when it asks for none.

    Retry-After counts first. Without it the reset of a rate limit does, when the limit is used
    up: on a 429, or when the response says that nothing remains.
    """
    after = parse_retry_after(response.headers.get("retry-after"), now)
    if after is not None:
        return after
    reset = _limit(response.headers, _RESETS, "reset")
    if reset is None:
        return None
    if response.status != _TOO_MANY_REQUESTS and _limit(
        response.headers, _REMAINING, "remaining"
    ) not in (0.0,):
        return None
    if reset >= _FIRST_EPOCH_MILLISECOND:
        reset = reset / 1000 - now.timestamp()
    elif reset >= _FIRST_EPOCH_SECOND:
        reset -= now.timestamp()
    return _capped(reset)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """The pause a Retry-After header asks for, in seconds, capped (RFC 9110, 10.2.3).

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
    return None if seconds != seconds else _capped(seconds)


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
        return retry_after if self.lasts(retry_after) else None

    def lasts(self, seconds: float) -> bool:
        """Whether the time budget allows to wait so long."""
        if time.monotonic() + seconds > self._ends_at:
            self.is_spent = True
        return not self.is_spent


def _limit(headers: Mapping[str, str], names: tuple[str, ...], part: str) -> float | None:
    for name in names:
        if name in headers:
            return _number(headers[name])
    found = _TOGETHER[part].search(headers.get("ratelimit", ""))
    return _number(found[1]) if found else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _capped(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)
