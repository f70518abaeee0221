"""When requests may leave: a token bucket, pauses that the destination asks for, the breaker."""

import asyncio
import time

from reverse_etl.breaker import Breaker


class TokenBucket:
    """So many requests per second; those of one second may leave at once after a pause.

    It sleeps nowhere: ``reserve`` says how long to wait. Waits are granted in the order of the
    calls.
    """

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._most = max(1.0, rate or 1.0)
        self._tokens = 1.0
        self._at: float | None = None

    def reserve(self, now: float) -> float:
        """Take one token; seconds until it may be used. ``now`` never goes back."""
        if self._rate is None:
            return 0.0
        if self._at is not None:
            self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)


class Pace:
    """Where a request waits for its turn.

    ``stopped`` ends every wait: once it is set nothing leaves any more.
    """

    def __init__(self, bucket: TokenBucket, breaker: Breaker, stopped: asyncio.Event) -> None:
        self._bucket, self._breaker, self._stopped = bucket, breaker, stopped
        self._resume_at = 0.0

    def pause(self, seconds: float) -> None:
        """Let nothing leave for so many seconds from now."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    async def turn(self) -> bool:
        """Wait until a request may leave; False when nothing leaves any more."""
        has_token = False
        while not self._stopped.is_set():
            now = time.monotonic()
            wait = max(self._resume_at - now, 0.0)
            if not wait and not has_token:
                wait, has_token = self._bucket.reserve(now), True
            if not wait:
                wait = self._breaker.wait(now)
            if not wait:
                return True
            await self.sleep(wait)
        return False

    async def sleep(self, seconds: float) -> None:
        """Wait, though not longer than requests leave at all."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            pass
