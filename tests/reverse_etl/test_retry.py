"""Pauses: what the destination asks for, jitter, and an end."""

from datetime import UTC, datetime

import pytest

from reverse_etl.destinations.kit.http_base import RetrySettings
from reverse_etl.destinations.kit.messages import HttpResponse
from reverse_etl.outcomes import OutcomeKind, kind_of_status
from reverse_etl.retry import (
    LONGEST_RETRY_AFTER_SECONDS,
    Patience,
    parse_retry_after,
    requested_pause,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("7", 7),
        ("1.5", 1.5),
        ("-3", 0),
        ("1000000", LONGEST_RETRY_AFTER_SECONDS),
        ("inf", LONGEST_RETRY_AFTER_SECONDS),
        ("nan", None),
        ("soon", None),
        ("Sat, 31 Jan 2026 12:00:30 GMT", 30),
        ("Sat, 31 Jan 2026 11:00:00 GMT", 0),
        ("Sat, 31 Jan 2026 12:00:30 -0000", 30),
        ("Mon, 31 Feb 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOON) == seconds


EPOCH = str(int(NOON.timestamp()) + 20)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (200, {}, None),
        (429, {"retry-after": "7", "x-ratelimit-reset": "20"}, 7),
        (429, {"ratelimit-reset": "20"}, 20),
        (429, {"x-ratelimit-reset": EPOCH}, 20),
        (429, {"x-rate-limit-reset": EPOCH + "000"}, 20),
        (429, {"x-ratelimit-reset": "1000000"}, LONGEST_RETRY_AFTER_SECONDS),
        (429, {"x-ratelimit-reset": "1700000000"}, 0),
        (429, {"x-ratelimit-reset": "soon"}, None),
        (429, {"ratelimit": "limit=100, remaining=0, reset=5"}, 5),
        (429, {"ratelimit": '"default";r=0;t=5'}, 5),
        (200, {"ratelimit": '"default";r=0;t=5'}, 5),
        (200, {"ratelimit": '"default";r=3;t=5'}, None),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "3"}, 3),
        (200, {"x-ratelimit-remaining": "9", "x-ratelimit-reset": "3"}, None),
        (200, {"x-ratelimit-reset": "3"}, None),
        (503, {"retry-after": "Sat, 31 Jan 2026 12:00:30 GMT"}, 30),
    ],
)
def test_the_pause_a_response_asks_for(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    assert requested_pause(HttpResponse(status, headers, b""), NOON) == seconds


def settings(**values: float) -> RetrySettings:
    return RetrySettings.model_validate(values)


def test_delays_double_with_full_jitter_up_to_the_longest() -> None:
    patience = Patience(settings(attempts=20, longest_delay_seconds=5))
    for attempt, highest in [(1, 1), (2, 2), (3, 4), (4, 5), (10, 5)]:
        delays = [patience.delay(attempt, None) or 0 for _ in range(200)]
        assert 0 <= min(delays) < highest / 4
        assert highest * 3 / 4 < max(delays) <= highest


def test_what_the_destination_asks_for_is_honoured() -> None:
    assert Patience(settings()).delay(1, 42) == 42


def test_attempts_come_to_an_end() -> None:
    patience = Patience(settings(attempts=2))
    assert patience.delay(1, 0) == 0
    assert patience.delay(2, 0) is None
    assert not patience.is_spent


def test_the_budget_comes_to_an_end() -> None:
    patience = Patience(settings(budget_seconds=10))
    assert patience.delay(1, 11) is None
    assert patience.is_spent


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ((200, 201, 202, 204), OutcomeKind.SUCCEEDED),
        ((408, 423, 425, 429, 500, 502, 503, 504, 599), OutcomeKind.RETRY),
        ((301, 400, 404, 409, 413, 422, 501, 505), OutcomeKind.REJECTED),
        ((0, 101, 600, 999), OutcomeKind.UNKNOWN),
    ],
)
def test_what_a_status_means(statuses: tuple[int, ...], kind: OutcomeKind) -> None:
    assert {kind_of_status(status) for status in statuses} == {kind}
