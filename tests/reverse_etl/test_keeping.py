"""What is kept, what is let go, and that no plan misses it."""

from datetime import timedelta

import pytest
import yaml

from reverse_etl.keeping import Keep, discard_old, read_keep
from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import House
from tests.reverse_etl.receiver import Receiver, Reply
from warehouse.errors import ConfigurationError
from warehouse.project import find_project

PEOPLE = [(f"p{n}@example.com", f"Name {n}", n) for n in range(4)]
ALL = Keep(runs=30, rows=30, attempts=30)
TIMES = {
    "runs": "finished_at",
    "sync_runs": "finished_at",
    "sync_plans": "planned_at",
    "sync_attempts": "attempted_at",
}


def grow_old(house: House, days: int = 31) -> None:
    for table, column in TIMES.items():
        house.warehouse.execute(
            f"update weft.{table} set {column} = {column} - cast(? as interval)",
            [timedelta(days=days)],
        )


def sizes(house: House) -> dict[str, int]:
    return {
        name: house.rows(f"select count(*) as n from weft.{name}")[0]["n"]
        for name in (*TIMES, "sync_rows")
    }


def test_what_is_younger_is_kept(house: House) -> None:
    house.fill(PEOPLE)
    house.push()
    before = sizes(house)
    grow_old(house, days=29)
    discard_old(house.warehouse, ALL)
    assert sizes(house) == before
    grow_old(house, days=400)
    discard_old(house.warehouse, Keep())
    assert sizes(house) == before


@pytest.mark.every_engine
def test_what_is_older_goes_and_the_next_plan_is_the_same(house: House) -> None:
    house.fill(PEOPLE)
    house.push()
    house.plan()
    house.settings["fields"] = {"name": "name"}
    house.write()
    house.push()
    grow_old(house)
    discard_old(house.warehouse, ALL)
    after = sizes(house)
    assert (after["sync_attempts"], after["sync_rows"], after["sync_plans"]) == (0, 0, 1)
    plan = house.plan()
    assert (plan.planned, plan.unchanged, plan.guards) == (0, 4, ())
    house.settings["fields"] = {"name": "name", "total": "spent"}
    house.write()
    assert house.plan().mapping_changed


def test_what_is_in_doubt_or_refused_is_kept(house: House, receiver: Receiver) -> None:
    house.destinations["crm"] |= {"row_results": True, "rows_per_request": 1, "concurrency": 1}
    house.write()
    receiver.judge = lambda row: 422 if row["key"].startswith("p1") else 200
    receiver.replies = [Reply(applied=True, dropped=True)]
    house.fill(PEOPLE)
    report = house.push()
    assert (report.rejected, report.waiting) == (1, 1)
    grow_old(house)
    discard_old(house.warehouse, ALL)
    doubtful = {row["key"] for row in house.rows("select key from weft.sync_attempts")}
    assert len(doubtful) == 2
    # The one that may have been applied is taken back, though its values are nowhere else.
    house.fill(PEOPLE[1:])
    plan = house.plan()
    assert (plan.rejected_earlier, plan.removed, plan.unchanged) == (1, 1, 2)


def test_settings_are_checked(house: House) -> None:
    path = house.folder / "weft.yml"
    path.write_text(yaml.safe_dump({"keep": {"runs": 30, "attempts": 7}}), encoding="utf-8")
    project = find_project(house.folder, target="prod")
    assert read_keep(project) == Keep(runs=30, attempts=7)
    path.write_text(yaml.safe_dump({"keep": {"row": 30}}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"no setting 'row' in .*weft.yml:2"):
        read_keep(find_project(house.folder, target="prod"))


def test_what_a_run_that_died_has_sent_is_kept(house: House) -> None:
    house.fill(PEOPLE)
    house.close()
    assert run_and_die(house.folder, "after_send") == 137
    grow_old(house)
    discard_old(house.warehouse, ALL)
    house.push()
    assert house.outcomes().count("unknown") == len(PEOPLE)
    assert house.plan().unchanged == len(PEOPLE)
