"""The process dies at each named moment; a plain re-run makes good."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.reverse_etl.crashing import ROOT, run_and_die
from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver, Reply
from warehouse.crash_points import SYNC_POINTS

BEFORE = [(f"{name}@example.com", name, 1) for name in ("ada", "bob", "cyd", "dan")]
AFTER = [
    ("ada@example.com", "ada", 1),
    ("bob@example.com", "bob", 2),
    ("eve@example.com", "eve", 1),
    ("fay@example.com", "fay", 1),
]
EXPECTED = {email: {"name": name, "total": spent} for email, name, spent in AFTER}


SECOND_HITS = ("before_intent_commit", "after_send", "before_snapshot_commit")


@pytest.mark.parametrize("point", [*SYNC_POINTS, *(f"{point}:2" for point in SECOND_HITS)])
def test_a_plain_rerun_after_a_crash_makes_the_destination_equal(
    tmp_path: Path, receiver: Receiver, point: str
) -> None:
    destination = webhook(receiver.url, rows_per_request=2)
    guard = {"max_removed_percent": 100}
    with House(tmp_path, destination=destination, guard=guard) as house:
        house.fill(BEFORE)
        house.push()
        house.fill(AFTER)
    effects_before = len(receiver.effects)

    assert run_and_die(tmp_path, point) == 137
    with House(tmp_path, destination=destination, guard=guard) as house:
        assert house.push().exit_code == 0
        assert receiver.members == EXPECTED == house.acknowledged()
        assert not house.plan().has_changes
        runs = house.rows("select * from weft.sync_runs where state = 'running'")
        assert not runs
    # bob changed, cyd and dan left, eve and fay came: each took effect once
    assert len(receiver.effects) - effects_before == 5


@pytest.mark.every_engine
def test_a_row_sent_without_an_answer_keeps_its_idempotency_key(
    tmp_path: Path, receiver: Receiver
) -> None:
    destination = webhook(receiver.url)
    with House(tmp_path, destination=destination) as house:
        house.fill(BEFORE)
    assert run_and_die(tmp_path, "after_send") == 137
    with House(tmp_path, destination=destination) as house:
        house.push()
        [dead] = house.rows("select * from weft.sync_runs where state = 'interrupted'")
        assert (dead["attempted_added"], dead["failed_added"]) == (4, 4)
    first, second = receiver.rows[:4], receiver.rows[4:]
    assert {row["idempotency_key"] for row in first} == {row["idempotency_key"] for row in second}
    assert len(receiver.effects) == 4


def test_a_row_that_vanished_without_an_answer_is_removed(
    tmp_path: Path, receiver: Receiver
) -> None:
    destination = webhook(receiver.url)
    with House(tmp_path, destination=destination) as house:
        house.fill(BEFORE)
    assert run_and_die(tmp_path, "after_send") == 137
    with House(tmp_path, destination=destination) as house:
        house.fill(BEFORE[:1])
        report = house.push()
        assert (report.succeeded.added, report.succeeded.removed) == (1, 3)
        assert set(receiver.members) == {"ada@example.com"}
        assert not house.plan().has_changes


def test_a_change_taken_back_after_a_lost_answer_is_sent_again(
    house: House, receiver: Receiver
) -> None:
    house.fill([("ada@example.com", "Ada", 1)])
    house.push()
    house.fill([("ada@example.com", "Countess", 1)])
    receiver.replies = [Reply(applied=True, dropped=True)]
    assert house.push().waiting == 1
    assert receiver.members["ada@example.com"]["name"] == "Countess"
    house.fill([("ada@example.com", "Ada", 1)])
    assert house.push().succeeded.changed == 1
    assert receiver.members["ada@example.com"]["name"] == "Ada"
    assert not house.plan().has_changes


def test_a_kill_while_waiting_for_an_answer(tmp_path: Path, receiver: Receiver) -> None:
    receiver.replies = [Reply(hangs=20)]
    destination = webhook(receiver.url)
    with House(tmp_path, destination=destination) as house:
        house.fill(BEFORE)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.reverse_etl.run_sync", str(tmp_path)], cwd=ROOT
    ) as process:
        while not receiver.requests:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    receiver.released.set()
    with House(tmp_path, destination=destination) as house:
        assert house.push().succeeded.added == 4
        assert house.acknowledged() == receiver.members
        assert len(receiver.effects) == 4


def test_an_interrupt_keeps_what_was_answered(tmp_path: Path, receiver: Receiver) -> None:
    asked = threading.Event()
    answered = threading.Event()

    def hold(rows: object) -> bytes:
        asked.set()
        answered.wait(10)
        return b"{}"

    receiver.replies = [Reply(), Reply(answer=hold)]
    destination = webhook(receiver.url, rows_per_request=1, concurrency=1)
    with House(tmp_path, destination=destination) as house:
        house.fill(BEFORE)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.reverse_etl.run_sync", str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert asked.wait(20)
        process.send_signal(signal.SIGINT)
        process.wait(20)
        answered.set()
    with House(tmp_path, destination=destination) as house:
        assert len(house.acknowledged()) == 1
        [run] = house.rows("select * from weft.sync_runs")
        assert (run["state"], run["succeeded_added"]) == ("interrupted", 1)
        assert house.push().succeeded.added == 3
        assert len(receiver.effects) == 4
