"""When requests may leave: the token bucket and the circuit breaker, without a clock."""

import asyncio

from reverse_etl.breaker import Breaker
from reverse_etl.destinations.kit.http_base import BreakerSettings
from reverse_etl.pacing import Pace, TokenBucket

SETTINGS = BreakerSettings(failures=3, pause_seconds=30, pauses=2)


def test_a_bucket_spreads_requests_evenly() -> None:
    bucket = TokenBucket(4)
    assert [bucket.reserve(0) for _ in range(4)] == [0, 0.25, 0.5, 0.75]


def test_what_was_not_used_in_a_second_may_leave_at_once() -> None:
    bucket = TokenBucket(2)
    bucket.reserve(0)
    assert [bucket.reserve(100) for _ in range(3)] == [0, 0, 0.5]


def test_less_than_one_request_per_second() -> None:
    bucket = TokenBucket(0.5)
    assert [bucket.reserve(0), bucket.reserve(0), bucket.reserve(10)] == [0, 2, 0]


def test_without_a_rate_nothing_waits() -> None:
    assert [TokenBucket(None).reserve(0) for _ in range(100)] == [0] * 100


def test_the_breaker_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(SETTINGS)
    breaker.fail(0)
    breaker.fail(0)
    breaker.succeed()
    breaker.fail(0)
    breaker.fail(0)
    assert breaker.wait(0) == 0
    breaker.fail(0)
    assert breaker.wait(10) == 20


def test_after_the_pause_one_request_tries_and_its_answer_closes_the_breaker() -> None:
    breaker = Breaker(SETTINGS)
    for _ in range(3):
        breaker.fail(0)
    assert breaker.wait(31) == 0
    assert breaker.wait(31) > 0
    breaker.succeed()
    assert [breaker.wait(31), breaker.wait(31)] == [0, 0]


def test_failures_of_requests_that_had_left_before_do_not_lengthen_the_pause() -> None:
    breaker = Breaker(SETTINGS)
    for _ in range(8):
        breaker.fail(0)
    assert not breaker.is_broken
    assert breaker.wait(30) == 0


def test_the_breaker_breaks_after_the_last_pause() -> None:
    breaker = Breaker(SETTINGS)
    for _ in range(3):
        breaker.fail(0)
    for moment in (31, 62):
        assert not breaker.is_broken
        assert breaker.wait(moment) == 0
        breaker.fail(moment)
    assert breaker.is_broken


def test_nothing_waits_once_sending_has_stopped() -> None:
    async def turns() -> bool:
        stopped = asyncio.Event()
        pace = Pace(TokenBucket(None), Breaker(SETTINGS), stopped)
        pace.pause(3600)
        waiting = asyncio.create_task(pace.turn())
        await asyncio.sleep(0)
        stopped.set()
        return await asyncio.wait_for(waiting, 10)

    assert asyncio.run(turns()) is False
