"""Accepted is not applied: asynchronous jobs, and destinations that count every arrival."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import QUICK, House
from tests.reverse_etl.receiver import Receiver, Reply
from warehouse.crash_points import JOB_POINTS
from warehouse.errors import UnknownNameError

CUSTOMERS = [(f"{name}@example.com", name, 1) for name in ("ada", "bob", "cyd")]

pytestmark = pytest.mark.usefixtures("third_party")


def acme(kind: str, receiver: Receiver, **settings: Any) -> dict[str, Any]:
    base_url = receiver.url.partition("?")[0]
    return {"type": kind, "base_url": base_url, "retry": QUICK, **settings}


@pytest.fixture
def bulk(tmp_path: Path, receiver: Receiver) -> Iterator[House]:
    receiver.accepts_jobs = True
    with House(tmp_path, destination=acme("acme_bulk", receiver)) as house:
        house.fill(CUSTOMERS)
        yield house


def states(house: House) -> list[str]:
    rows = house.rows("select state from weft.sync_jobs order by started_at, job_id")
    return [row["state"] for row in rows]


def test_a_job_is_polled_to_its_end(bulk: House, receiver: Receiver) -> None:
    receiver.polls_until_done = 3
    report = bulk.push()
    assert (report.succeeded.added, receiver.polls) == (3, 3)
    assert states(bulk) == ["finished"]
    assert set(bulk.acknowledged()) == set(receiver.members)


def test_a_job_has_a_result_per_row(bulk: House, receiver: Receiver) -> None:
    receiver.judge = lambda row: 422 if row["key"].startswith("bob") else 200
    report = bulk.push()
    assert (report.succeeded.added, report.rejected) == (2, 1)
    assert "bob@example.com" not in bulk.acknowledged()


def test_accepted_rows_are_not_acknowledged_before_they_are_applied(
    bulk: House, receiver: Receiver
) -> None:
    receiver.polls_until_done = 10**6
    bulk.destinations["crm"]["retry"] = {**QUICK, "budget_seconds": 0.1}
    bulk.write()
    report = bulk.push()
    assert (report.waiting, report.exit_code) == (3, 1)
    assert (bulk.acknowledged(), states(bulk)) == ({}, ["running"])
    receiver.polls_until_done = 1
    report = bulk.push()
    # The job of the run before was asked first: nothing was sent again.
    assert (report.state, len(receiver.jobs)) == ("unchanged", 1)
    assert states(bulk) == ["finished"]
    assert set(bulk.acknowledged()) == set(receiver.members)


def test_a_job_that_never_ends_is_given_up_and_its_rows_come_back(
    bulk: House, receiver: Receiver
) -> None:
    receiver.polls_until_done = 10**6
    bulk.destinations["crm"]["retry"] = {**QUICK, "budget_seconds": 0.1}
    bulk.write()
    bulk.push()
    bulk.push()
    assert states(bulk) == ["abandoned", "running"]
    receiver.polls_until_done = 1
    assert bulk.push().exit_code == 0
    assert set(bulk.acknowledged()) == {email for email, _, _ in CUSTOMERS}
    assert not bulk.plan().has_changes


@pytest.mark.parametrize("point", JOB_POINTS)
def test_a_crash_around_a_job_loses_nothing(tmp_path: Path, receiver: Receiver, point: str) -> None:
    receiver.accepts_jobs = True
    destination = acme("acme_bulk", receiver)
    with House(tmp_path, destination=destination) as house:
        house.fill(CUSTOMERS)
    assert run_and_die(tmp_path, point) == 137
    with House(tmp_path, destination=destination) as house:
        assert house.push().exit_code == 0
        assert set(house.acknowledged()) == set(receiver.members)
        assert len(receiver.effects) == 3
        assert not house.plan().has_changes
        # Only a job whose id was never written down has to be started again.
        assert len(receiver.jobs) == (2 if point == "after_job_accepted" else 1)


def test_rows_that_may_have_arrived_are_sent_again_as_they_were(
    tmp_path: Path, receiver: Receiver
) -> None:
    with House(tmp_path, destination=acme("acme_tracker", receiver)) as house:
        house.fill(CUSTOMERS)
        receiver.replies = [Reply(applied=False, dropped=True)]
        assert house.push().waiting == 3
        house.fill([("ada@example.com", "Ada L.", 2), *CUSTOMERS[1:]])
        report = house.push()
        sent = [(row["key"][:3], row["fields"]["name"]) for row in receiver.rows]
        assert sorted(sent[3:6]) == [("ada", "ada"), ("bob", "bob"), ("cyd", "cyd")]
        assert sent[6:] == [("ada", "Ada L.")]
        keys = [row["idempotency_key"] for row in receiver.rows]
        assert sorted(keys[:3]) == sorted(keys[3:6])
        assert (report.succeeded.changed, report.succeeded.added) == (1, 0)
        assert receiver.members["ada@example.com"]["name"] == "Ada L."
        assert not house.plan().has_changes


def test_rows_that_left_the_model_are_not_sent_again(tmp_path: Path, receiver: Receiver) -> None:
    with House(tmp_path, destination=acme("acme_tracker", receiver)) as house:
        house.fill(CUSTOMERS)
        receiver.replies = [Reply(applied=True, dropped=True)]
        house.push()
        receiver.requests.clear()
        house.fill(CUSTOMERS[:1])
        house.push()
        sent = sorted((row["key"][:3], row["operation"]) for row in receiver.rows)
        assert sent == [("ada", "add"), ("bob", "remove"), ("cyd", "remove")]
        assert set(receiver.members) == {"ada@example.com"}


def test_a_type_of_another_package_is_among_the_known_ones(
    tmp_path: Path, receiver: Receiver
) -> None:
    with (
        House(tmp_path, destination=acme("acme_bluk", receiver)) as house,
        pytest.raises(UnknownNameError, match="'acme_bulk'"),
    ):
        house.plan()
