"""A load that dies at any moment leaves only whole files, and a re-run lands the rest once."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import loaders.load
from tests.loaders.desk import Desk
from tests.loaders.examples import identify, track
from warehouse.system_tables import LOADS

POINTS = {"after_parse": 0, "before_commit": 0, "after_commit": 1, "between_groups": 1}
"""The windows of a load, and how many files have landed when it dies there for the first time."""


_SCRIPT = """
import sys
import loaders.files
loaders.files._GROUP_FILES = 1
from cli.main import main
sys.exit(main())
"""


def _load_apart(desk: Desk, crash_at: str = "") -> int:
    """Run the command in a process of its own, a file per transaction; its exit code."""
    desk.warehouse.close()
    root = Path(loaders.load.__file__).parent.parent
    process = subprocess.run(
        [sys.executable, "-c", _SCRIPT, "--project-dir", str(desk.folder), "load"],
        env={**os.environ, "WEFT_CRASH_AT": crash_at, "PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
        text=True,
    )
    desk.open()
    return process.returncode


def _write(desk: Desk) -> list[str]:
    """Files of events, one of them repeated, and a broken line each; the ids that must land."""
    ids = []
    repeated = track(messageId="repeated", userId="u0")
    for number in range(3):
        events = [track(userId=f"u{number}"), identify(userId=f"u{number}", traits={"n": number})]
        ids += [str(event["messageId"]) for event in events]
        desk.write([*events, repeated, "broken"], f"{number}.ndjson")
    return [*ids, "repeated"]


def _landed(desk: Desk) -> list[str]:
    tables = desk.warehouse.schema_columns("web")
    calls = [f"select id from web.{name}" for name in ("tracks", "identifies") if name in tables]
    return desk.values(" union all ".join(calls)) if calls else []


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_load_is_finished_by_the_next(desk: Desk, point: str) -> None:
    ids = _write(desk)
    assert _load_apart(desk, point) == 137
    loads = desk.values("select uri from weft.loads") if desk.warehouse.exists(LOADS) else []
    assert len(loads) == POINTS[point]
    assert len(_landed(desk)) == (3 if loads else 0)
    assert _load_apart(desk) == 0
    assert Counter(_landed(desk)) == Counter(ids)
    assert sorted(desk.values("select id from web.users")) == ["u0", "u1", "u2"]
    (sums,) = desk.rows("""
        select count(*) as files, count(distinct uri) as uris, count(distinct load_id) as loads,
            sum(read) as read, sum(landed + duplicate + rejected + blocked) as ended
        from weft.loads
    """)
    assert {key: int(value) for key, value in sums.items()} == {
        "files": 3,
        "uris": 3,
        "loads": 3,
        "read": 12,
        "ended": 12,
    }
    assert desk.values("select count(*) from weft.rejects") == [3]


def test_a_load_killed_again_and_again_ends_like_one_that_was_not(desk: Desk) -> None:
    ids = _write(desk)
    for point in ("before_commit", "after_commit", "between_groups", "after_parse"):
        assert _load_apart(desk, point) in (0, 137)
    assert _load_apart(desk) == 0
    assert Counter(_landed(desk)) == Counter(ids)
    assert desk.values("select count(*) from weft.rejects") == [3]


def test_an_appended_file_whose_load_was_killed_lands_once(desk: Desk) -> None:
    path = desk.write([track()], "one.ndjson")
    assert _load_apart(desk) == 0
    with path.open("a") as file:
        file.write(json.dumps(track()) + "\n" + json.dumps(track())[:40])
    assert _load_apart(desk, "before_commit") == 137
    assert len(_landed(desk)) == 1
    assert _load_apart(desk, "after_commit") == 137
    assert len(_landed(desk)) == 2
    assert _load_apart(desk) == 0
    assert len(_landed(desk)) == 2
