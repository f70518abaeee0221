"""Plan and push together, mode by mode."""

import pytest

from tests.reverse_etl.house import House
from tests.reverse_etl.receiver import Receiver

ADA = ("ada@example.com", "Ada", 10)
RENAMED_ADA = ("ada@example.com", "Ada L.", 10)
BOB = ("bob@example.com", "Bob", 20)
EVE = ("eve@example.com", "Eve", 30)


def operations(receiver: Receiver) -> list[tuple[str, str]]:
    return sorted((row["key"][:3], row["operation"]) for row in receiver.rows)


def after(house: House, receiver: Receiver, *sources: list[tuple[str, str, int]]) -> None:
    """Push each state of the source in turn, and look at the requests of the last only."""
    for source in sources:
        receiver.requests.clear()
        house.fill(source)
        report = house.push()
        assert report.exit_code == 0
    plan = house.plan()
    assert (plan.planned, plan.leaving) == (0, 0)


@pytest.mark.parametrize(
    ("mode", "sent"),
    [
        ("mirror", [("ada", "change"), ("bob", "remove"), ("eve", "add")]),
        ("upsert", [("ada", "change"), ("eve", "add")]),
        ("update", [("ada", "change"), ("eve", "change")]),
        ("create", [("eve", "add")]),
        ("audience", [("bob", "remove"), ("eve", "add")]),
        ("append", [("eve", "add")]),
    ],
)
def test_what_each_mode_sends(
    house: House, receiver: Receiver, mode: str, sent: list[tuple[str, str]]
) -> None:
    house.settings["mode"] = mode
    house.write()
    after(house, receiver, [ADA, BOB], [RENAMED_ADA, EVE])
    assert operations(receiver) == sent


@pytest.mark.parametrize(
    ("mode", "sent"),
    [
        ("mirror", [("bob", "add")]),
        ("upsert", [("bob", "add")]),
        ("update", [("bob", "change")]),
        ("create", [("bob", "add")]),
        ("audience", [("bob", "add")]),
        ("append", []),
    ],
)
def test_a_returner_is_added_again_except_in_append(
    house: House, receiver: Receiver, mode: str, sent: list[tuple[str, str]]
) -> None:
    house.settings["mode"] = mode
    house.write()
    after(house, receiver, [ADA, BOB], [ADA], [ADA, BOB])
    assert operations(receiver) == sent


@pytest.mark.every_engine
def test_mirror_makes_the_destination_equal_to_the_source(house: House, receiver: Receiver) -> None:
    after(house, receiver, [ADA, BOB], [RENAMED_ADA, EVE])
    assert receiver.members == {
        "ada@example.com": {"name": "Ada L.", "total": 10},
        "eve@example.com": {"name": "Eve", "total": 30},
    }
    assert house.acknowledged() == receiver.members


def test_a_first_run_never_removes(house: House, receiver: Receiver) -> None:
    receiver.members["old@example.com"] = {"name": "Old"}
    after(house, receiver, [ADA])
    assert "old@example.com" in receiver.members


def test_a_removed_row_carries_the_values_last_acknowledged(
    house: House, receiver: Receiver
) -> None:
    after(house, receiver, [ADA, BOB], [ADA])
    [row] = receiver.rows
    assert row["fields"] == {"name": "Bob", "total": 20}


def test_removals_leave_before_everything_else(house: House, receiver: Receiver) -> None:
    after(house, receiver, [ADA, BOB], [RENAMED_ADA, EVE])
    assert receiver.rows[0]["operation"] == "remove"
    assert len(receiver.requests) == 2


def test_a_change_and_back_again_has_another_idempotency_key(
    house: House, receiver: Receiver
) -> None:
    house.fill([ADA])
    for source in ([ADA], [RENAMED_ADA], [ADA], [RENAMED_ADA]):
        house.fill(source)
        house.push()
    keys = [row["idempotency_key"] for row in receiver.rows]
    assert len(keys) == len(set(keys)) == 4
    assert receiver.members["ada@example.com"]["name"] == "Ada L."


def test_no_change_no_request(house: House, receiver: Receiver) -> None:
    after(house, receiver, [ADA, BOB], [ADA, BOB])
    assert receiver.requests == []
    [run] = house.rows("select * from weft.sync_runs where state = 'unchanged'")
    assert (run["planned_added"], run["attempted_added"], run["unchanged"]) == (0, 0, 2)


@pytest.mark.every_engine
def test_null_and_duplicate_keys_are_counted_and_never_sent(
    house: House, receiver: Receiver
) -> None:
    house.fill([ADA, BOB])
    house.push()
    receiver.requests.clear()
    house.fill([ADA, BOB, ("bob@example.com", "Bobby", 1), (None, "Nobody", 0), ("", "Blank", 0)])
    report = house.push()
    assert (report.invalid, report.unchanged, report.planned.total) == (4, 1, 0)
    assert report.exit_code == 0
    assert receiver.requests == []
    reasons = house.rows("select reason, count(*) as n from weft.sync_rows group by 1 order by 1")
    assert [(row["reason"], row["n"]) for row in reasons if row["reason"]] == [
        ("invalid_duplicate_key", 2),
        ("invalid_null_key", 2),
    ]


def test_another_account_starts_fresh(house: House, receiver: Receiver) -> None:
    after(house, receiver, [ADA, BOB])
    house.destinations["crm"]["url"] = receiver.url.replace("/hook", "/other-hook")
    house.write()
    plan = house.plan()
    assert (plan.added, plan.removed, plan.acknowledged) == (2, 0, 0)


def test_a_mode_may_change_without_starting_over(house: House, receiver: Receiver) -> None:
    house.settings["mode"] = "create"
    house.write()
    after(house, receiver, [ADA, BOB], [RENAMED_ADA, BOB])
    house.settings["mode"] = "upsert"
    house.write()
    after(house, receiver, [RENAMED_ADA, BOB])
    assert operations(receiver) == [("ada", "change")]


def test_more_rows_than_a_group_arrive_once_each(house: House, receiver: Receiver) -> None:
    house.build(
        "select 'person ' || i as email, 'Name ' || i as name, i as spent from range(12001) t(i)"
    )
    report = house.push()
    assert report.succeeded.added == 12_001
    assert len(receiver.rows) == len(receiver.members) == len(receiver.effects) == 12_001
    assert len(receiver.requests) == 121
    assert house.plan().unchanged == 12_001
