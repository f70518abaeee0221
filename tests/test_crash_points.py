"""Every named moment of a crash stands in the code, and in a test."""

import re
from pathlib import Path

from tests.loaders.test_crash_windows import POINTS
from warehouse.crash_points import (
    FILE_POINTS,
    JOB_POINTS,
    JOURNAL_POINTS,
    LIST_POINTS,
    LOAD_POINTS,
    SYNC_POINTS,
    TABLE_POINTS,
)

ROOT = Path(__file__).parent.parent


def test_every_point_is_in_the_code() -> None:
    code = "".join(
        path.read_text("utf-8")
        for package in ("loaders", "reverse_etl", "warehouse")
        for path in (ROOT / package).rglob("*.py")
    )
    named = {*LOAD_POINTS, *SYNC_POINTS, *FILE_POINTS, *LIST_POINTS, *JOB_POINTS}
    named |= {*JOURNAL_POINTS, *TABLE_POINTS}
    assert set(re.findall(r'crash_point\("(\w+)"\)', code)) == named


def test_every_window_of_a_load_is_tested() -> None:
    assert set(POINTS) == set(LOAD_POINTS)
