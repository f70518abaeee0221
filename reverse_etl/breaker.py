"""The circuit breaker: a destination that does not answer is left alone for a while."""

from reverse_etl.destinations.kit.http_base import BreakerSettings

_ASK_AGAIN_SECONDS = 0.05


class Breaker:
    """Counts requests that failed in a row, whichever rows they held.

    Closed, every request may leave. Open, none may until the pause is over; then one tries, and
    its answer closes the breaker or opens it again. It sleeps nowhere.
    """

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self._opens_until: float | None = None
        self._is_trying = False
        self._pauses = 0
        self.failures = 0
        """Requests that failed since one was answered."""

    @property
    def is_broken(self) -> bool:
        """Whether the destination failed after the last pause, too."""
        return self._pauses > self._settings.pauses

    def wait(self, now: float) -> float:
        """Seconds until the caller may ask again, 0 when its request may leave."""
        if self._opens_until is None:
            return 0.0
        if now < self._opens_until:
            return self._opens_until - now
        if self._is_trying:
            return _ASK_AGAIN_SECONDS
        self._is_trying = True
        return 0.0

    def succeed(self) -> None:
        """A request was answered."""
        self.failures = self._pauses = 0
        self._opens_until, self._is_trying = None, False

    def fail(self, now: float) -> None:
        """A request had no answer, or an error of the server."""
        self.failures += 1
        opens = self._opens_until is None and self.failures >= self._settings.failures
        if opens or self._is_trying:
            self._pauses += 1
            self._is_trying = False
            self._opens_until = now + self._settings.pause_seconds
