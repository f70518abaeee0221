"""Plans of a part: one key, a resync, a first day; and starting over after a reset."""

from datetime import date
from pathlib import Path

import pytest

from reverse_etl.bindings import reset
from reverse_etl.selection import Selection, read_selection
from tests.reverse_etl.house import SYNC, House, webhook
from tests.reverse_etl.receiver import Receiver
from warehouse.errors import ConfigurationError

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)
EVE = ("eve@example.com", "Eve", 30)


def sent(receiver: Receiver) -> list[tuple[str, str]]:
    rows = sorted((row["key"][:3], row["operation"]) for row in receiver.rows)
    receiver.requests.clear()
    return rows


def test_a_selection_is_kept_with_its_plan() -> None:
    selection = Selection(("a", "b"), resync=True, starts_from=date(2026, 1, 2))
    assert read_selection(selection.as_text()) == selection
    assert read_selection(Selection().as_text()) == Selection()


def test_only_one_key_is_sent(house: House, receiver: Receiver) -> None:
    house.fill([ADA, BOB])
    report = house.push(selection=Selection(("ada@example.com",)))
    assert (report.planned.total, report.unchanged) == (1, 0)
    assert sent(receiver) == [("ada", "add")]
    house.fill([BOB])
    plan_other = house.push(selection=Selection(("nobody@example.com",)))
    assert plan_other.state == "unchanged"
    house.push(selection=Selection(("ada@example.com",)))
    assert sent(receiver) == [("ada", "remove")]
    assert house.push().planned.added == 1


def test_a_resync_sends_what_has_not_changed_and_still_removes(
    house: House, receiver: Receiver
) -> None:
    house.fill([ADA, BOB])
    house.push()
    before = {row["idempotency_key"] for row in receiver.rows}
    sent(receiver)
    house.fill([ADA, EVE])
    report = house.push(selection=Selection(resync=True))
    again = {row["idempotency_key"] for row in receiver.rows}
    assert not before & again
    assert sent(receiver) == [("ada", "change"), ("bob", "remove"), ("eve", "add")]
    assert report.unchanged == 0
    assert not house.plan().has_changes


@pytest.mark.parametrize(
    ("mode", "operation"),
    [("upsert", "change"), ("update", "change"), ("create", "add"), ("audience", "add")],
)
def test_a_resync_in_each_mode(house: House, receiver: Receiver, mode: str, operation: str) -> None:
    house.settings["mode"] = mode
    house.write()
    house.fill([ADA])
    house.push()
    sent(receiver)
    house.push(selection=Selection(resync=True))
    assert sent(receiver) == [("ada", operation)]


def test_what_is_appended_is_not_sent_again(house: House) -> None:
    house.settings["mode"] = "append"
    house.write()
    house.fill([ADA])
    with pytest.raises(ConfigurationError, match="would double them"):
        house.push(selection=Selection(resync=True))


def test_after_a_reset_everything_is_added_and_nothing_removed(
    house: House, receiver: Receiver
) -> None:
    house.fill([ADA, BOB])
    house.push()
    before = {row["idempotency_key"] for row in receiver.rows}
    sent(receiver)
    account = house.plan().account
    assert reset(house.warehouse, SYNC, account, "crm") == 2
    assert house.acknowledged() == {}
    house.fill([ADA, EVE])
    plan = house.plan()
    assert (plan.added, plan.removed, plan.acknowledged, plan.guards) == (2, 0, 0, ())
    house.push()
    assert not before & {row["idempotency_key"] for row in receiver.rows}
    assert sent(receiver) == [("ada", "add"), ("eve", "add")]


def test_what_was_in_doubt_before_a_reset_is_forgotten(house: House, receiver: Receiver) -> None:
    house.fill([ADA])
    receiver.judge = lambda row: 422
    house.settings["fields"] = {"name": "name"}
    house.destinations["crm"]["row_results"] = True
    house.write()
    house.push()
    assert house.plan().rejected_earlier == 1
    reset(house.warehouse, SYNC, house.plan().account, "crm")
    assert house.plan().added == 1


def test_an_append_sends_its_keys_again_after_a_reset(house: House, receiver: Receiver) -> None:
    house.settings["mode"] = "append"
    house.write()
    house.fill([ADA])
    house.push()
    assert not house.plan().has_changes
    reset(house.warehouse, SYNC, house.plan().account, "crm")
    assert house.plan().added == 1


@pytest.fixture
def events(tmp_path: Path, receiver: Receiver) -> House:
    built = House(
        tmp_path, destination=webhook(receiver.url), mode="append", fields={}, time="happened"
    )
    built.build(
        "select * from (values ('a@x', date '2026-01-01'), ('b@x', date '2026-01-02'),"
        " ('c@x', date '2026-01-03')) as t(email, happened)"
    )
    return built


def test_an_append_may_start_from_a_day_and_keeps_to_it(events: House, receiver: Receiver) -> None:
    selection = Selection(starts_from=date(2026, 1, 2))
    with events:
        assert events.push(selection=selection, dry_run=True).planned.added == 2
        assert events.plan().added == 3
        events.push(selection=selection)
        assert sorted(receiver.members) == ["b@x", "c@x"]
        assert not events.plan().has_changes
        assert events.push(selection=Selection(starts_from=date(2026, 1, 1))).planned.added == 1


def test_a_first_day_needs_an_append_with_a_time(house: House) -> None:
    house.fill([ADA])
    with pytest.raises(ConfigurationError, match="mode append"):
        house.plan(Selection(starts_from=date(2026, 1, 1)))
