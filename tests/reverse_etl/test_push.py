"""A destination that fails in every way: what is recorded, retried and reported."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver, Reply

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)


def assert_figures_add_up(house: House) -> None:
    for run in house.rows("select * from weft.sync_runs"):
        for operation in ("added", "changed", "removed"):
            attempted = run[f"attempted_{operation}"]
            assert attempted == run[f"succeeded_{operation}"] + run[f"failed_{operation}"]
            assert attempted <= run[f"planned_{operation}"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=429, headers={"Retry-After": "0"}),
        Reply(status=429, headers={"Retry-After": "Sat, 01 Jan 2000 00:00:00 GMT"}),
        Reply(status=429, headers={"Retry-After": "soon"}),
        Reply(status=408),
        Reply(status=500),
        Reply(status=503),
    ],
)
def test_a_passing_failure_is_retried_in_the_same_run(
    house: House, receiver: Receiver, reply: Reply
) -> None:
    house.fill([ADA, BOB])
    receiver.replies = [reply, reply]
    report = house.push()
    assert (report.state, report.succeeded.added) == ("succeeded", 2)
    assert len(receiver.requests) == 3
    assert len({headers["idempotency-key"] for headers, _ in receiver.requests}) == 1
    assert house.outcomes() == ["retry"] * 4 + ["succeeded"] * 2


def test_a_pause_longer_than_the_patience_ends_the_sync(house: House, receiver: Receiver) -> None:
    house.fill([ADA])
    receiver.replies = [Reply(status=429, headers={"Retry-After": "3600"})]
    report = house.push()
    assert (report.exit_code, report.waiting, len(receiver.requests)) == (1, 1, 1)
    assert "kept answering 429" in str(report.error)


def test_a_burst_that_outlasts_the_attempts_waits_for_the_next_run(
    house: House, receiver: Receiver
) -> None:
    house.fill([ADA, BOB])
    receiver.replies = [Reply(status=500)] * 3
    report = house.push()
    assert (report.state, report.failed.added, report.waiting) == ("failed", 2, 2)
    assert house.acknowledged() == {}
    assert_figures_add_up(house)
    report = house.push()
    assert (report.state, report.succeeded.added) == ("succeeded", 2)


@pytest.mark.parametrize("status", [400, 409, 422, 501])
def test_a_rejected_row_comes_back_only_when_it_changes(
    house: House, receiver: Receiver, status: int
) -> None:
    house.fill([ADA])
    receiver.replies = [Reply(status=status, answer=lambda rows: b"no such list")]
    report = house.push()
    assert (report.exit_code, report.rejected, report.failed.added) == (1, 1, 1)
    [attempt] = house.rows("select * from weft.sync_attempts where outcome = 'rejected'")
    assert (attempt["http_status"], attempt["message"]) == (status, "no such list")

    report = house.push()
    assert (report.state, report.rejected_earlier, report.unchanged) == ("unchanged", 1, 0)
    assert len(receiver.requests) == 1

    house.fill([(ADA[0], "Ada L.", 10)])
    assert house.push().succeeded.added == 1


def test_results_row_by_row(tmp_path: Path, receiver: Receiver) -> None:
    statuses = {"ada@example.com": 200, "bob@example.com": 422, "cyd@example.com": 503}
    receiver.judge = lambda row: statuses[row["key"]]
    with House(tmp_path, destination=webhook(receiver.url, row_results=True)) as house:
        house.fill([ADA, BOB, ("cyd@example.com", "Cyd", 1)])
        report = house.push()
        assert (report.succeeded.added, report.rejected, report.waiting) == (1, 1, 1)
        assert set(house.acknowledged()) == {"ada@example.com"}
        assert [len(json.loads(body)["rows"]) for _, body in receiver.requests] == [3, 1, 1]
        statuses["cyd@example.com"] = 200
        report = house.push()
        assert (report.succeeded.added, report.rejected_earlier) == (1, 1)
        assert_figures_add_up(house)


@pytest.mark.parametrize(
    "answer", [b"not json", b"[]", b'{"results": 3}', b'{"results": []}', b'{"results": [{}]}']
)
def test_an_unreadable_answer_leaves_the_row_unknown(
    tmp_path: Path, receiver: Receiver, answer: bytes
) -> None:
    receiver.replies = [Reply(answer=lambda rows: answer)]
    with House(tmp_path, destination=webhook(receiver.url, row_results=True)) as house:
        house.fill([ADA])
        report = house.push()
        assert (report.waiting, report.exit_code) == (1, 1)
        assert house.outcomes() == ["unknown"]
        receiver.judge = lambda row: 200
        assert house.push().succeeded.added == 1
    assert len(receiver.effects) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_stop_the_sync_and_say_what_to_fix(
    tmp_path: Path, receiver: Receiver, status: int
) -> None:
    settings = webhook(receiver.url, rows_per_request=1, concurrency=1)
    with House(tmp_path, destination=settings) as house:
        house.fill([ADA, BOB])
        receiver.replies = [Reply(status=status)]
        report = house.push()
        assert len(receiver.requests) == 1
        assert (report.exit_code, report.attempted.added, report.planned.added) == (1, 1, 2)
        assert f"refuses the credentials ({status})" in str(report.error)
        assert house.outcomes().count("aborted") == 1
        assert_figures_add_up(house)
        assert house.push().succeeded.added == 2


@pytest.mark.parametrize("status", [404, 410])
def test_a_request_to_what_is_not_there_stops_the_sync(
    tmp_path: Path, receiver: Receiver, status: int
) -> None:
    settings = webhook(receiver.url, rows_per_request=1, concurrency=1)
    with House(tmp_path, destination=settings) as house:
        house.fill([ADA, BOB])
        receiver.replies = [Reply(status=status)]
        report = house.push()
        assert (len(receiver.requests), report.exit_code, report.rejected) == (1, 1, 0)
        assert f"does not know the address or the object it was sent to ({status})" in str(
            report.error
        )
        assert house.push().succeeded.added == 2


def test_a_redirect_is_not_followed(house: House, receiver: Receiver) -> None:
    house.fill([ADA])
    receiver.replies = [Reply(status=301, headers={"Location": receiver.url})]
    report = house.push()
    assert len(receiver.requests) == 1
    assert "redirect (301)" in str(report.error)
    assert house.push().succeeded.added == 1


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.every_engine
def test_a_lost_answer_is_unknown_and_resolved_by_the_next_run(
    house: House, receiver: Receiver, applied: bool
) -> None:
    house.fill([ADA, BOB])
    receiver.replies = [Reply(applied=applied, dropped=True)]
    report = house.push()
    assert (report.exit_code, report.waiting) == (1, 2)
    assert house.outcomes() == ["unknown"] * 2
    assert house.acknowledged() == {}
    assert house.push().succeeded.added == 2
    assert len(receiver.effects) == 2
    assert house.acknowledged() == receiver.members


def test_a_removal_whose_answer_was_lost_is_taken_back_by_a_returner(
    house: House, receiver: Receiver
) -> None:
    house.fill([ADA, BOB])
    house.push()
    house.fill([ADA])
    receiver.replies = [Reply(applied=True, dropped=True)]
    house.push()
    house.fill([ADA, BOB])
    assert house.push().succeeded.added == 1
    assert set(receiver.members) == {"ada@example.com", "bob@example.com"}
    assert not house.plan().has_changes


def test_an_unreachable_destination_ends_as_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/hook?token=secret-token"
        with House(tmp_path, destination=webhook(url, rows_per_request=1)) as house:
            house.build(
                "select i || '@x.com' as email, 'n' as name, i as spent from range(100) t(i)"
            )
            report = house.push()
            assert report.exit_code == 1
            assert "The destination 'crm' cannot be reached" in str(report.error)
            assert "secret-token" not in str(report.error)
            assert report.failed == report.attempted
            outcomes = house.outcomes()
            groups = house.rows(
                "select first_position as first, last_position as last from weft.sync_intents"
            )
            sent = sum(one["last"] - one["first"] + 1 for one in groups)
            assert report.failed.added + outcomes.count("aborted") == sent
            assert house.plan().added == 100
            assert_figures_add_up(house)


def test_a_slow_answer_is_unknown(tmp_path: Path, receiver: Receiver) -> None:
    import time

    def slowly(rows: Any) -> bytes:
        time.sleep(0.3)
        return b"{}"

    receiver.replies = [Reply(answer=slowly)]
    with House(tmp_path, destination=webhook(receiver.url, timeout=0.1)) as house:
        house.fill([ADA])
        assert house.push().waiting == 1
        assert house.outcomes() == ["unknown"]


def test_progress_reaches_its_total(house: House) -> None:
    seen: list[tuple[str, int, int | None, str]] = []

    class Watching:
        def update(
            self, task: str, done: int, total: int | None, unit: str, rows: int | None = None
        ) -> None:
            seen.append((task, done, total, unit))

    house.fill([ADA, BOB])
    house.push(progress=Watching())
    assert seen[-1] == ("customers_to_crm", 2, 2, "rows")


def test_a_request_says_what_it_holds(house: House, receiver: Receiver) -> None:
    receiver.replies = [Reply(status=400)]
    house.fill([ADA])
    house.push()
    [(headers, body)] = receiver.requests
    assert headers["content-type"] == "application/json"
    [row] = json.loads(body)["rows"]
    [attempt] = house.rows("select outcome, idempotency_key from weft.sync_attempts")
    assert attempt["outcome"] == "rejected"
    assert row == {
        "operation": "add",
        "key": "ada@example.com",
        "idempotency_key": attempt["idempotency_key"],
        "fields": {"name": "Ada", "total": 10},
    }
    assert json.loads(body)["sync"] == "customers_to_crm"
