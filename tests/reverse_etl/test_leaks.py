"""Many syncs in one process: memory, open files and connections stay as they are."""

import gc
import os
import resource
import threading
from pathlib import Path

import pytest

from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver, Reply

FAULTS = [Reply(), Reply(status=500), Reply(applied=True, dropped=True), Reply(status=401)]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def run(tmp_path: Path, receiver: Receiver, syncs: int) -> tuple[int, int, int]:
    """Open files, threads and memory (MB at its peak) that so many syncs have added."""
    destination = webhook(receiver.url, rows_per_request=50)
    with House(tmp_path, destination=destination, guard={"max_removed_percent": 100}) as house:
        figures = []
        for number in range(syncs + 3):
            if number == 3:  # what is imported and opened once is there now
                figures = measured()
            receiver.replies = [FAULTS[number % len(FAULTS)]]
            receiver.requests.clear()
            house.build(
                f"select 'k' || i as email, 'n{number}' as name, i as spent"
                f" from range({number % 7}, 500) numbers(i)"
            )
            house.push()
        before, after = figures, measured()
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


def measured() -> list[int]:
    gc.collect()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    # The receiver has a thread per connection that a sync keeps open; they end with it.
    own = [one for one in threading.enumerate() if "process_request" not in one.name]
    return [open_files(), len(own), peak]


def check(tmp_path: Path, receiver: Receiver, syncs: int, megabytes: int) -> None:
    files, threads, memory = run(tmp_path, receiver, syncs)
    # Both ends of a connection are in this process; one that just closes may still be there.
    assert files <= 20
    assert threads <= 2
    assert memory <= megabytes


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_fifteen_syncs_leave_nothing_behind(tmp_path: Path, receiver: Receiver) -> None:
    check(tmp_path, receiver, 15, megabytes=80)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_hundred_syncs_leave_nothing_behind(tmp_path: Path, receiver: Receiver) -> None:
    check(tmp_path, receiver, 100, megabytes=120)
