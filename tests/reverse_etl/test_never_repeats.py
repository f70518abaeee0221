"""Messages to people's phones: none without consent, none twice, not too many in a run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reverse_etl.selection import Selection
from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.destinations.vendor import Vendor, listening
from tests.reverse_etl.house import QUICK, House
from warehouse.errors import BlockedError, ConfigurationError

QUEUED = {
    "request": {"method": "POST", "path": "<any>", "text": "<any>"},
    "answer": {"status": 201, "json": {"sid": "SM1"}},
}
NUMBERS = [f"+491511234567{digit}" for digit in range(4)]


def phones(vendor: Vendor, folder: Path, **settings: Any) -> House:
    destination = {
        "type": "twilio",
        "account_sid": "AC1",
        "secret": "planted-secret",
        "sender": "MG1",
        "text": "Hello",
        "base_url": vendor.url,
        "retry": QUICK,
        **settings,
    }
    sync: dict[str, Any] = {"mode": "create", "key": "email", "fields": {}, "require": "agreed"}
    return House(folder, destination=destination, **sync)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with listening() as found:
        yield found


@pytest.fixture
def house(tmp_path: Path, vendor: Vendor) -> Iterator[House]:
    vendor.play([QUEUED] * 4)
    with phones(vendor, tmp_path) as found:
        yield found


def fill(house: House, *numbers: str) -> None:
    values = ", ".join(f"('{number}', true)" for number in numbers)
    house.build(f"select * from (values {values}) t(email, agreed)")


def test_without_a_column_of_consent_nothing_is_planned(house: House) -> None:
    fill(house, *NUMBERS)
    del house.settings["require"]
    house.write()
    with pytest.raises(ConfigurationError, match="messages need consent"):
        house.plan()


def test_a_run_with_too_many_messages_waits_for_approval(tmp_path: Path, vendor: Vendor) -> None:
    vendor.play([QUEUED] * 4)
    with phones(vendor, tmp_path, most_messages_per_run=3) as house:
        fill(house, *NUMBERS)
        with pytest.raises(BlockedError, match="allow 3 in a run"):
            house.push()
        assert vendor.requests == []
        fill(house, *NUMBERS[:3])
        assert house.push().succeeded.added == 3


def test_what_a_crash_left_unknown_is_sent_again_only_by_a_person(
    tmp_path: Path, vendor: Vendor
) -> None:
    vendor.play([QUEUED] * 4)
    with phones(vendor, tmp_path, concurrency=1) as house:
        fill(house, NUMBERS[0])
    assert run_and_die(tmp_path, "after_send") == 137
    assert len(vendor.requests) == 1
    with phones(vendor, tmp_path, concurrency=1) as house:
        fill(house, *NUMBERS[:2])
        report = house.push()
        assert (report.succeeded.added, report.rejected_earlier) == (1, 1)
        assert house.plan().rejected_earlier == 1
        assert len(vendor.requests) == 2
        assert house.push(selection=Selection(retry_rejected=True)).succeeded.added == 1
        assert len(vendor.requests) == 3
        assert not house.plan().has_changes
        assert house.plan().rejected_earlier == 0
