"""Pauses: what the destination asks for, jitter, and an end."""

from datetime import UTC, datetime

import pytest

from reverse_etl.destinations.base import RetrySettings
from reverse_etl.outcomes import OutcomeKind, kind_of_status
from reverse_etl.retry import LONGEST_RETRY_AFTER_SECONDS, Patience, parse_retry_after

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
