"""Pushes that record in a journal, as where a commit takes seconds: the same promises."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver, Reply
from warehouse.crash_points import JOURNAL_POINTS, SYNC_POINTS

BEFORE = [(f"{name}@example.com", name, 1) for name in ("ada", "bob", "cyd", "dan")]
AFTER = [
    ("ada@example.com", "ada", 1),
    ("bob@example.com", "bob", 2),
    ("eve@example.com", "eve", 1),
    ("fay@example.com", "fay", 1),
]
EXPECTED = {email: {"name": name, "total": spent} for email, name, spent in AFTER}
POINTS = (
    *(pytest.param(point, marks=pytest.mark.slow) for point in SYNC_POINTS),
    *("after_send:2", *JOURNAL_POINTS),
)


@contextmanager
def journalling(folder: Path, receiver: Receiver) -> Iterator[House]:
    """A project whose pushes write journals."""
    guard = {"max_removed_percent": 100}
    destination = webhook(receiver.url, rows_per_request=2)
    with House(folder, destination=destination, guard=guard) as house:
        house.warehouse.journals = journals(folder)
        yield house


def journals(folder: Path) -> Path:
    return folder / ".weft" / "journals"


def test_what_a_push_did_stands_in_the_warehouse_when_it_has_ended(
    tmp_path: Path, receiver: Receiver
) -> None:
    with journalling(tmp_path, receiver) as house:
        house.fill(BEFORE)
        house.push()
        house.fill(AFTER)
        assert house.push().exit_code == 0
        assert receiver.members == EXPECTED == house.acknowledged()
        assert house.outcomes() == ["succeeded"] * 9
        intents = house.rows("select first_position, last_position from weft.sync_intents")
        assert {"first_position": 1, "last_position": 4} in intents
        versions = house.rows("select key, version, removed from weft.sync_snapshot order by key")
        assert [tuple(row.values()) for row in versions] == [
            ("ada@example.com", 1, False),
            ("bob@example.com", 2, False),
            ("cyd@example.com", 2, True),
            ("dan@example.com", 2, True),
            ("eve@example.com", 1, False),
            ("fay@example.com", 1, False),
        ]
        assert not house.plan().has_changes
    assert list(journals(tmp_path).iterdir()) == []


@pytest.mark.parametrize("point", POINTS)
def test_a_plain_rerun_after_a_crash_makes_the_destination_equal(
    tmp_path: Path, receiver: Receiver, point: str
) -> None:
    with journalling(tmp_path, receiver) as house:
        house.fill(BEFORE)
        house.push()
        house.fill(AFTER)
    effects_before = len(receiver.effects)

    assert run_and_die(tmp_path, point, journals(tmp_path)) == 137
    with journalling(tmp_path, receiver) as house:
        assert house.push().exit_code == 0
        assert receiver.members == EXPECTED == house.acknowledged()
        assert not house.plan().has_changes
        assert not house.rows("select * from weft.sync_runs where state = 'running'")
    assert len(receiver.effects) - effects_before == 5
    assert list(journals(tmp_path).iterdir()) == []


def test_a_journal_is_private_and_has_what_was_answered(tmp_path: Path, receiver: Receiver) -> None:
    with journalling(tmp_path, receiver) as house:
        house.fill(BEFORE)
    assert run_and_die(tmp_path, "before_fold", journals(tmp_path)) == 137
    folder = journals(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with journalling(tmp_path, receiver) as house:
        assert house.rows("select * from weft.sync_attempts") == []
        house.plan()
        assert house.outcomes() == ["succeeded"] * 4
        assert len(house.acknowledged()) == 4


def test_when_a_journal_is_lost_every_row_of_its_plan_is_unknown(
    tmp_path: Path, receiver: Receiver
) -> None:
    with journalling(tmp_path, receiver) as house:
        house.fill(BEFORE)
    assert run_and_die(tmp_path, "before_fold", journals(tmp_path)) == 137
    for path in journals(tmp_path).iterdir():
        path.unlink()
    with journalling(tmp_path, receiver) as house:
        house.plan()
        assert house.outcomes() == ["unknown"] * 4
        assert house.push().succeeded.added == 4
    assert len(receiver.effects) == 4


def test_what_is_refused_waits_and_is_counted(tmp_path: Path, receiver: Receiver) -> None:
    with journalling(tmp_path, receiver) as house:
        house.fill(BEFORE)
        # Two requests of two rows each, then every row by itself.
        receiver.replies = [Reply(status=400)] * 6
        assert house.push().rejected == 4
        rows = house.rows("select distinct key from weft.sync_attempts where outcome = 'rejected'")
        assert len(rows) == 4
        assert house.acknowledged() == {}
        assert house.plan().rejected_earlier == 4
