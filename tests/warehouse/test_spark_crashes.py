"""A process that changes a Spark warehouse dies at each named moment; the next one makes good."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.spark import new_spark_output, spark_output
from tests.warehouse.change_and_die import START
from warehouse.engines import Warehouse, open_engine
from warehouse.engines.spark_lock import give_lock_back, take_lock
from warehouse.engines.spark_session import SessionHold
from warehouse.errors import LockedError

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
BEFORE = {
    "appended": [(1, "a"), (1, "a")],
    "changed": [(1, "a"), (2, "b")],
    "dropped": [],
}
AFTER = {
    "appended": [(1, "a"), (1, "a"), (1, "a"), (2, "a")],
    "changed": [(1, "a"), (2, "c")],
    "made": [(1, "a"), (2, "b")],
}
CHANGED = BEFORE | {"changed": [(1, "a"), (2, "c")]}


def run_and_die(folder: Path, kind: str, point: str) -> None:
    """Change the warehouse in another process, which dies at a moment."""
    SessionHold.end_present()
    finished = subprocess.run(
        [sys.executable, "-m", "tests.warehouse.change_and_die", str(folder), kind],
        cwd=ROOT,
        env={**os.environ, "WEFT_CRASH_AT": point},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 137, finished.stderr


def contents(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table of the schema."""
    return {
        name: sorted(tuple(row.values()) for row in warehouse.rows(f"select * from shop.{name}"))
        for name in warehouse.schema_columns("shop")
    }


@pytest.fixture
def folder(spark_sessions: None, tmp_path: Path) -> Path:
    new_spark_output(tmp_path)
    with open_engine(spark_output(tmp_path), tmp_path) as warehouse:
        for sql in START:
            warehouse.execute(sql)
        assert contents(warehouse) == BEFORE
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "point", "expected"),
    [
        ("together", "before_commit", BEFORE),
        ("together", "after_changes_noted", AFTER),
        ("together", "between_changes", AFTER),
        ("together", "between_changes:2", AFTER),
        ("together", "after_drop", AFTER),
        ("together", "between_changes:4", AFTER),
        ("alone", "after_next", BEFORE),
        ("alone", "after_drop", CHANGED),
    ],
)
def test_changes_happen_together_or_not_at_all(
    folder: Path, kind: str, point: str, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    run_and_die(folder, kind, point)
    with open_engine(spark_output(folder), folder) as warehouse:
        assert contents(warehouse) == expected
        assert warehouse.schema_columns("weft") == {}
    assert not list((folder / "warehouse" / "weft_parts").glob("*"))


def test_where_many_may_open_a_metastore_a_table_is_the_lock(folder: Path) -> None:
    hold = SessionHold.take(spark_output(folder), folder)
    take_lock(hold.session, "shop")
    with pytest.raises(LockedError, match=f"in use by process {os.getpid()} on"):
        take_lock(hold.session, "shop")
    hold.session.sql(
        "alter table weft.in_use set tblproperties"
        f" ('weft.holder' = '{socket.gethostname()} 999999999 weft run')"
    )
    take_lock(hold.session, "shop")
    give_lock_back(hold.session)
    assert not hold.session.catalog.tableExists("weft.in_use")
    hold.give_back()


def test_one_process_at_a_time(folder: Path) -> None:
    held = [sys.executable, "-m", "tests.warehouse.change_and_die", str(folder), "together"]
    with open_engine(spark_output(folder), folder):
        finished = subprocess.run(held, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode
    assert LockedError.__name__ in finished.stderr
    assert "is in use by process" in finished.stderr
