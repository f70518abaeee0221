"""Why rows did not arrive, and another try of those refused."""

import json
from pathlib import Path

import pytest

from reverse_etl.failures import Failure, find_failures
from reverse_etl.selection import Selection
from tests.reverse_etl.house import SYNC, House, webhook
from tests.reverse_etl.receiver import Receiver

PEOPLE = [(f"p{n}@example.com", f"Name {n}", n) for n in range(6)]
SECRET = "sk-live-77aa"


@pytest.fixture
def judged(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose receiver refuses p0 to p2, and p5 for another cause."""
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    receiver.judge = lambda row: {5: 400}.get(
        row["fields"]["total"], 422 if row["fields"]["total"] < 3 else 200
    )
    destination = webhook(
        receiver.url, row_results=True, headers={"Authorization": "{{ env_var('CRM_TOKEN') }}"}
    )
    house = House(tmp_path, destination=destination)
    house.fill(PEOPLE)
    house.push(run_id="first")
    return house


def failures(house: House, run_id: str | None = None) -> list[Failure]:
    return find_failures(house.warehouse, {SYNC: house.sync}, run_id)


@pytest.mark.every_engine
def test_failures_are_grouped_by_cause_with_a_sample(judged: House) -> None:
    with judged as house:
        most, least = failures(house)
    assert (most.rows, most.http_status, most.outcome) == (3, 422, "rejected")
    assert (least.rows, least.http_status) == (1, 400)
    assert most.key == "p0@example.com"
    assert json.loads(most.payload or "") == {"name": "Name 0", "total": 0}
    assert most.request is not None
    body = json.loads(most.request["body"])
    assert [row["key"] for row in body["rows"]] == ["p0@example.com"]
    assert most.answer["message"] == "status 422"
    assert most.cause == "status …"
    assert SECRET not in str(most)


def test_a_run_is_chosen_by_its_id(judged: House, receiver: Receiver) -> None:
    receiver.judge = None
    with judged as house:
        house.fill([(email, f"{name}!", spent) for email, name, spent in PEOPLE])
        house.destinations["crm"]["row_results"] = False
        house.write()
        house.push(run_id="second")
        assert failures(house) == []
        assert len(failures(house, "first")) == 2
        assert failures(house, "third") == []


def test_rejected_rows_are_sent_again_when_a_person_says_so(
    judged: House, receiver: Receiver
) -> None:
    receiver.requests.clear()
    with judged as house:
        house.fill([*PEOPLE, ("new@example.com", "New", 9)])
        assert house.plan().rejected_earlier == 4
        receiver.judge = lambda row: 200
        report = house.push(selection=Selection(retry_rejected=True))
        assert (report.planned.total, report.succeeded.added) == (4, 4)
        assert {row["key"][:2] for row in receiver.rows} == {"p0", "p1", "p2", "p5"}
        plan = house.plan()
        assert (plan.added, plan.rejected_earlier) == (1, 0)


def test_one_rejected_row_may_be_chosen(judged: House, receiver: Receiver) -> None:
    receiver.requests.clear()
    with judged as house:
        house.push(selection=Selection(("p1@example.com",), retry_rejected=True))
        assert [row["key"] for row in receiver.rows] == ["p1@example.com"]
