"""A plan in a file: what it holds, and when it is refused."""

import json
from pathlib import Path

import pytest

from reverse_etl.plan_files import load_entry, read_plan_file, write_plan_file
from tests.reverse_etl.house import House
from warehouse.errors import BlockedError, ConfigurationError
from warehouse.suppressions import suppress

ROWS = [(f"{n}@example.com", f"Name {n}", n) for n in range(30)]


def test_a_file_names_the_plan_and_shows_ten_rows_at_most(house: House, tmp_path: Path) -> None:
    house.fill(ROWS)
    first, second = house.plan(), house.plan()
    path = tmp_path / "plans" / "tonight.json"
    write_plan_file(path, [first, second])
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text("utf-8")
    assert sum(f'"{row[0]}"' in text for row in ROWS) <= 10
    document = json.loads(text)
    assert [len(plan["samples"]) for plan in document["plans"]] == [5, 5]
    assert document["plans"][0]["added"] == 30
    entries = read_plan_file(path)
    assert [entry.plan_id for entry in entries] == [first.plan_id, second.plan_id]
    assert load_entry(house.warehouse, entries[0]) == first


def test_a_digest_stands_for_every_row(house: House, tmp_path: Path) -> None:
    house.fill(ROWS)
    path = tmp_path / "plan.json"
    write_plan_file(path, [house.plan()])
    [entry] = read_plan_file(path)
    house.warehouse.execute(
        "update weft.sync_rows set row_hash = 'another' where key = '7@example.com'"
    )
    with pytest.raises(BlockedError, match="what the warehouse holds of it has changed"):
        load_entry(house.warehouse, entry)


def test_a_plan_is_stale_once_an_identifier_is_suppressed(house: House, tmp_path: Path) -> None:
    house.fill(ROWS)
    path = tmp_path / "plan.json"
    write_plan_file(path, [house.plan()])
    [entry] = read_plan_file(path)
    suppress(house.warehouse, [("email", "7@example.com")], "asked")
    with pytest.raises(BlockedError, match="register of suppressions has changed"):
        load_entry(house.warehouse, entry)


def test_a_plan_of_another_warehouse_is_refused(house: House, tmp_path: Path) -> None:
    house.fill(ROWS)
    path = tmp_path / "plan.json"
    write_plan_file(path, [house.plan()])
    [entry] = read_plan_file(path)
    house.warehouse.execute("delete from weft.sync_plans")
    with pytest.raises(BlockedError, match="is not in this warehouse"):
        load_entry(house.warehouse, entry)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": 1}', '{"format_version": 2}'])
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"plan file|another version"):
        read_plan_file(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_plan_file(tmp_path / "nothing.json")
