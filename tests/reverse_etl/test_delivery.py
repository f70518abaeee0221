"""Limits, splits and order: what leaves together, how fast, and what a refusal comes to."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver, Reply


def sizes(receiver: Receiver) -> list[int]:
    """Rows per request, in order."""
    return [len(json.loads(body)["rows"]) for _, body in receiver.requests]


@pytest.fixture
def sending(tmp_path: Path, receiver: Receiver) -> Iterator[Any]:
    """A project whose webhook has the settings it is given, and one request at a time."""
    houses: list[House] = []

    def build(rows: int, name: str = "'n'", **settings: Any) -> House:
        destination = webhook(receiver.url, **{"concurrency": 1, **settings})
        house = House(tmp_path, destination=destination)
        houses.append(house)
        house.build(
            f"select 'k' || lpad(i::varchar, 4, '0') as email, {name} as name, i as spent"
            f" from range({rows}) numbers(i)"
        )
        return house

    yield build
    for house in houses:
        house.close()


def test_requests_hold_no_more_rows_than_the_limit(sending: Any, receiver: Receiver) -> None:
    sending(25, rows_per_request=10).push()
    assert sizes(receiver) == [10, 10, 5]


def test_requests_hold_no_more_bytes_than_the_limit(sending: Any, receiver: Receiver) -> None:
    # four bytes per character: a limit on characters would let three times too much through
    house = sending(40, name="repeat('🙂', 200)", rows_per_request=40, bytes_per_request=8_000)
    report = house.push()
    assert report.succeeded.added == 40
    assert max(len(body) for _, body in receiver.requests) <= 8_000
    assert max(sizes(receiver)) > 1
    assert len(receiver.effects) == 40


def test_a_row_that_no_request_can_hold_is_rejected_alone(sending: Any, receiver: Receiver) -> None:
    long = "case when i = 3 then repeat('x', 5000) else 'n' end"
    house = sending(6, name=long, rows_per_request=6, bytes_per_request=2_000)
    report = house.push()
    assert (report.succeeded.added, report.rejected) == (5, 1)
    [attempt] = house.rows("select * from weft.sync_attempts where outcome = 'rejected'")
    assert (attempt["key"], attempt["code"]) == ("k0003", "too_large")
    assert "the destination takes 2,000" in attempt["message"]


def test_a_413_is_halved_until_it_fits(sending: Any, receiver: Receiver) -> None:
    receiver.refuse = lambda body, rows: 413 if len(rows) > 3 else None
    report = sending(12, rows_per_request=12).push()
    assert report.succeeded.added == 12
    assert sizes(receiver) == [12, 6, 3, 3, 6, 3, 3]


def test_a_413_for_a_single_row_rejects_it(sending: Any, receiver: Receiver) -> None:
    receiver.refuse = lambda body, rows: 413 if b"k0001" in body else None
    report = sending(3, rows_per_request=3).push()
    assert (report.succeeded.added, report.rejected) == (2, 1)


def test_one_bad_row_of_an_all_or_nothing_batch_is_found_by_halving(
    sending: Any, receiver: Receiver
) -> None:
    receiver.refuse = lambda body, rows: 422 if b"k0013" in body else None
    house = sending(32, rows_per_request=32)
    report = house.push()
    assert (report.succeeded.added, report.rejected, report.waiting) == (31, 1, 0)
    assert len(receiver.effects) == 31
    [attempt] = house.rows("select key from weft.sync_attempts where outcome = 'rejected'")
    assert attempt["key"] == "k0013"
    assert len(receiver.requests) == 11
    assert house.push().state == "unchanged"


def test_where_rows_have_results_of_their_own_a_refusal_is_not_halved(
    sending: Any, receiver: Receiver
) -> None:
    receiver.refuse = lambda body, rows: 400
    report = sending(8, rows_per_request=8, row_results=True).push()
    assert (report.rejected, len(receiver.requests)) == (8, 1)


def test_no_more_requests_at_once_than_the_limit(sending: Any, receiver: Receiver) -> None:
    receiver.replies = [Reply(hangs=0.02)] * 20
    sending(20, rows_per_request=1, concurrency=3).push()
    assert receiver.most_at_once == 3


def test_the_rate_is_kept(sending: Any, receiver: Receiver) -> None:
    started = time.monotonic()
    sending(6, rows_per_request=1, concurrency=6, requests_per_second=20).push()
    # Six requests at twenty per second: the last may leave after 250 ms and not before.
    assert time.monotonic() - started >= 0.25
    assert len(receiver.requests) == 6


def test_a_pause_asked_of_one_request_holds_for_all(sending: Any, receiver: Receiver) -> None:
    receiver.replies = [Reply(headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0.3"})]
    started = time.monotonic()
    sending(4, rows_per_request=1, concurrency=1).push()
    assert time.monotonic() - started >= 0.3


def test_no_key_is_in_two_requests_at_once(sending: Any, receiver: Receiver) -> None:
    faults = [Reply(status=503), Reply(status=429, headers={"Retry-After": "0"}), Reply()]
    receiver.replies = faults * 20
    house = sending(60, rows_per_request=2, concurrency=8)
    house.push()
    house.build(
        "select 'k' || lpad(i::varchar, 4, '0') as email, 'm' as name, i as spent"
        " from range(20, 80) numbers(i)"
    )
    house.settings["guard"] = {"max_removed_percent": 100}
    house.write()
    house.push()
    assert receiver.keys_twice_at_once == []
    removals = [row["operation"] == "remove" for row in receiver.rows]
    later = removals[removals.index(True) :]
    assert later == sorted(later, reverse=True)


def test_a_destination_that_fails_again_and_again_is_left_alone(
    sending: Any, receiver: Receiver
) -> None:
    receiver.refuse = lambda body, rows: 500
    breaker = {"failures": 4, "pause_seconds": 0.01, "pauses": 2}
    house = sending(400, rows_per_request=1, concurrency=2, breaker=breaker)
    report = house.push()
    assert len(receiver.requests) < 20
    assert "cannot be reached" in str(report.error)
    receiver.refuse = None
    assert house.push().succeeded.added == 400
