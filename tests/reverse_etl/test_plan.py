"""A plan: what it counts, shows and refuses."""

from pathlib import Path

import pytest

from reverse_etl.plan import load_plan
from reverse_etl.samples import SampleRow
from tests.reverse_etl.house import SYNC, House, webhook
from tests.reverse_etl.receiver import Receiver
from warehouse.errors import BlockedError, ConfigurationError, UnknownNameError, WeftError

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)
EVE = ("eve@example.com", "Eve", 30)


def many(count: int) -> list[tuple[str, str, int]]:
    return [(f"{n}@example.com", f"Name {n}", n) for n in range(count)]


@pytest.mark.every_engine
def test_a_plan_counts_and_shows_what_changes(house: House) -> None:
    house.fill([ADA, BOB])
    house.push()
    house.fill([(ADA[0], "Ada L.", 10), EVE])
    plan = house.plan()
    assert (plan.added, plan.changed, plan.removed, plan.unchanged) == (1, 1, 1, 0)
    assert (plan.source_rows, plan.acknowledged, plan.requests) == (2, 2, 2)
    assert plan.samples == (
        SampleRow("bob@example.com", "remove", {"name": ("Bob", None), "total": ("20", None)}),
        SampleRow("ada@example.com", "change", {"name": ("Ada", "Ada L.")}),
        SampleRow("eve@example.com", "add", {"name": (None, "Eve"), "total": (None, "30")}),
    )
    assert load_plan(house.warehouse, plan.plan_id) == plan


def test_a_plan_shows_ten_rows_at_most(house: House) -> None:
    house.fill(many(60))
    house.push()
    house.fill([*many(55)[:50], ("new@example.com", "New", 1)])
    plan = house.plan()
    shown = [sample.operation for sample in plan.samples]
    assert len(shown) == 10
    assert shown.count("add") == 1
    assert shown.count("remove") == 9


def test_a_changed_mapping_is_said_and_sent(house: House, receiver: Receiver) -> None:
    house.fill([ADA])
    house.push()
    house.settings["fields"] = {"full_name": "name", "total": "spent"}
    house.write()
    plan = house.plan()
    assert plan.mapping_changed
    assert plan.samples[0].fields == {"full_name": (None, "Ada"), "name": ("Ada", None)}
    assert house.push().succeeded.changed == 1
    assert receiver.members["ada@example.com"] == {"full_name": "Ada", "total": 10}
    assert not house.plan().mapping_changed


@pytest.mark.parametrize("column", ["key", "fields"])
def test_an_unknown_column_is_named_with_its_place(house: House, column: str) -> None:
    house.fill([ADA])
    house.settings[column] = "emial" if column == "key" else {"name": "emial"}
    house.write()
    with pytest.raises(UnknownNameError, match=r"models/exposures.yml:\d+; did you mean 'email'"):
        house.plan()


def test_a_model_that_is_not_built_is_named(house: House) -> None:
    with pytest.raises(WeftError, match="has not been built yet"):
        house.plan()


def test_a_plan_needs_no_environment_variable(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK_URL", raising=False)
    settings = webhook("{{ env_var('HOOK_URL') }}", headers={"X-Key": "{{ env_var('HOOK_KEY') }}"})
    with House(tmp_path, destination=settings) as house:
        house.fill([ADA])
        assert house.plan().added == 1
        with pytest.raises(ConfigurationError, match="HOOK_URL"):
            house.push()
        monkeypatch.setenv("HOOK_URL", receiver.url)
        monkeypatch.setenv("HOOK_KEY", "the-key")
        assert house.push().succeeded.added == 1
        assert receiver.requests[0][0]["x-key"] == "the-key"
        monkeypatch.delenv("HOOK_URL")
        house.fill([ADA, BOB])
        plan = house.plan()
        assert (plan.added, plan.unchanged) == (1, 1)


@pytest.mark.every_engine
def test_a_stale_plan_is_refused(house: House, receiver: Receiver) -> None:
    house.fill(many(60))
    house.push()
    house.fill(many(10))
    plan = house.plan()
    assert plan.guards
    house.fill([*many(60), ADA])
    house.push()
    receiver.requests.clear()
    with pytest.raises(BlockedError, match="stale: the destination has acknowledged rows since"):
        house.push(approve=plan.plan_id)
    assert receiver.requests == []


def test_a_plan_for_another_mapping_is_refused(house: House) -> None:
    house.fill([ADA])
    plan = house.plan()
    house.settings["fields"] = {"name": "name"}
    house.write()
    with pytest.raises(BlockedError, match="the key or the fields of the sync have changed"):
        house.push(approve=plan.plan_id)


def test_a_guard_blocks_until_exactly_this_plan_is_approved(
    house: House, receiver: Receiver
) -> None:
    house.fill(many(100))
    house.push()
    receiver.requests.clear()
    house.fill(many(79))
    with pytest.raises(BlockedError, match="21 of 100 rows") as blocked:
        house.push()
    [plan] = house.rows("select plan_id from weft.sync_plans where state = 'blocked'")
    assert f"--approve {plan['plan_id']}" in str(blocked.value)
    assert receiver.requests == []
    [run] = house.rows("select * from weft.sync_runs where state = 'blocked'")
    assert (run["planned_removed"], run["attempted_removed"]) == (21, 0)

    with pytest.raises(UnknownNameError):
        house.push(approve="another plan")
    report = house.push(approve=plan["plan_id"])
    assert report.succeeded.removed == 21
    assert len(receiver.members) == 79
    [saved] = house.rows(
        "select approved_at, state from weft.sync_plans where plan_id = ?", [plan["plan_id"]]
    )
    assert saved["approved_at"] is not None
    assert saved["state"] == "pushed"
    with pytest.raises(BlockedError, match="already pushed"):
        house.push(approve=plan["plan_id"])


def test_an_empty_source_blocks(house: House, receiver: Receiver) -> None:
    house.fill([ADA])
    house.push()
    house.fill([])
    with pytest.raises(BlockedError, match="The model has 0 rows"):
        house.push()
    house.settings["guard"] = {"min_rows": 0}
    house.write()
    with pytest.raises(BlockedError, match="The model is empty"):
        house.push()
    assert len(receiver.members) == 1


def test_an_empty_source_that_never_had_rows_is_no_fault(house: House) -> None:
    house.fill([])
    assert house.push().state == "unchanged"


def test_two_plans_of_one_sync_do_not_meet(house: House) -> None:
    house.fill([ADA])
    first, second = house.plan(), house.plan()
    assert first.plan_id != second.plan_id
    assert first.sync == second.sync == SYNC
    rows = house.rows("select plan_id, count(*) as n from weft.sync_rows group by 1")
    assert [row["n"] for row in rows] == [1, 1]


def test_a_plan_says_what_the_limits_make_of_it(tmp_path: Path, receiver: Receiver) -> None:
    settings = webhook(receiver.url, rows_per_request=10, requests_per_second=2)
    with House(tmp_path, destination=settings) as house:
        house.fill(many(100))
        plan = house.plan()
        assert plan.requests == 10
        assert plan.seconds == pytest.approx(5, abs=0.6)


def test_invalid_rows_are_counted_by_reason_and_named(house: House) -> None:
    house.fill([ADA, BOB, ("bob@example.com", "Bobby", 1), (None, "Nobody", 0)])
    plan = house.plan()
    assert plan.invalid_reasons == {"invalid_duplicate_key": 2, "invalid_null_key": 1}
    assert plan.invalid_keys == ("bob@example.com",)
    assert (plan.invalid, plan.added) == (3, 1)


def test_what_changed_in_the_mapping_is_named(house: House) -> None:
    house.fill([ADA])
    house.push()
    house.settings["fields"] = {"full_name": "name", "total": "spent"}
    house.write()
    assert house.plan().mapping_changes == ("full_name is new", "name is gone")
    house.settings["fields"] = {"name": "email", "total": "spent"}
    house.write()
    [change] = house.plan().mapping_changes
    assert "what stands behind a field" in change


def test_a_duplicate_of_an_unchanged_row_is_noticed(house: House) -> None:
    house.fill([ADA, BOB])
    house.push()
    house.fill([ADA, ADA, BOB])
    plan = house.plan()
    assert (plan.invalid, plan.unchanged, plan.planned) == (2, 1, 0)
