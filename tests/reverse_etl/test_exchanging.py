"""Several requests for one row: tokens that end, lists that are made, look-ups before a change."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.destinations.vendor import Vendor, listening
from tests.reverse_etl.house import QUICK, House
from warehouse.crash_points import LIST_POINTS
from warehouse.errors import BlockedError

pytestmark = pytest.mark.usefixtures("third_party")

ADA, BOB = ("ada@example.com", "Ada", 1), ("bob@example.com", "Bob", 2)
SECRET = "desk-secret-1"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with listening() as found:
        yield found


def desk(folder: Path, vendor: Vendor, **sync: Any) -> House:
    settings = {"type": "acme_desk", "base_url": vendor.url, "secret": SECRET, "concurrency": 1}
    quick = {"retry": QUICK, "breaker": {"failures": 10, "pauses": 0}}
    sync = {"guard": {"max_removed_percent": 100}, "fields": {"name": "name"}, **sync}
    return House(folder, destination={**settings, **quick}, **sync)


def line(method: str, path: str, status: int, answer: Any = None, token: str = "") -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    request = {"method": method, "path": path, "headers": headers, "text": "<any>"}
    return {"request": request, "answer": {"status": status, "json": answer or {}}}


TOKEN = line("POST", "/token", 200, {"token": "token-first"})
NEW_TOKEN = line("POST", "/token", 200, {"token": "token-second"})


def test_somebody_is_looked_up_before_the_change(tmp_path: Path, vendor: Vendor) -> None:
    vendor.play(
        [
            TOKEN,
            line("GET", "/people/ada@example.com", 200, {"id": "p1"}, "token-first"),
            line("PUT", "/people/p1", 200, token="token-first"),
            line("GET", "/people/bob@example.com", 404, token="token-first"),
            line("POST", "/people/", 201, token="token-first"),
        ]
    )
    with desk(tmp_path, vendor) as house:
        house.fill([ADA, BOB])
        report = house.push()
        assert (report.error, report.succeeded.added) == (None, 2)
    assert (vendor.faults, vendor.script) == ([], [])


def test_a_look_up_without_an_answer_leaves_nothing_in_doubt(
    tmp_path: Path, vendor: Vendor
) -> None:
    hangs_up = {"request": {"method": "GET", "path": "/people/ada@example.com"}, "hang_up": True}
    vendor.play([TOKEN, hangs_up, hangs_up, hangs_up])
    with desk(tmp_path, vendor) as house:
        house.fill([ADA])
        house.push()
        assert set(house.outcomes()) == {"retry"}


def test_a_change_without_an_answer_is_in_doubt(tmp_path: Path, vendor: Vendor) -> None:
    found = line("GET", "/people/ada@example.com", 200, {"id": "p1"})
    hangs_up = {"request": {"method": "PUT", "path": "/people/p1", "text": "<any>"}}
    vendor.play([TOKEN, found, {**hangs_up, "hang_up": True}])
    with desk(tmp_path, vendor) as house:
        house.fill([ADA])
        house.push()
        assert house.outcomes() == ["unknown"]


def test_a_token_that_ends_is_asked_for_again(tmp_path: Path, vendor: Vendor) -> None:
    vendor.play(
        [
            TOKEN,
            line("GET", "/people/ada@example.com", 200, {"id": "p1"}, "token-first"),
            line("PUT", "/people/p1", 401, token="token-first"),
            NEW_TOKEN,
            line("GET", "/people/ada@example.com", 200, {"id": "p1"}, "token-second"),
            line("PUT", "/people/p1", 200, token="token-second"),
        ]
    )
    with desk(tmp_path, vendor) as house:
        house.fill([ADA])
        assert house.push().error is None
        assert house.outcomes() == ["retry", "succeeded"]
    assert (vendor.faults, vendor.script) == ([], [])


def test_a_token_that_is_never_accepted_ends_the_sync(tmp_path: Path, vendor: Vendor) -> None:
    vendor.play([TOKEN, line("GET", "/people/ada@example.com", 401)])
    with desk(tmp_path, vendor) as house:
        house.fill([ADA, BOB])
        assert "refuses the credentials (401)" in str(house.push().error)
    assert (vendor.faults, vendor.script) == ([], [])


def test_without_a_token_nothing_is_sent(tmp_path: Path, vendor: Vendor) -> None:
    refused = line("POST", "/token", 400, {"error": f"no such secret: {SECRET}"})
    vendor.play([refused])
    with desk(tmp_path, vendor) as house:
        house.fill([ADA])
        error = str(house.push().error)
        assert "refuses what the sync needs before it sends (400)" in error
        assert SECRET not in error
        assert house.outcomes() == []
    assert (vendor.faults, vendor.script) == ([], [])


def test_the_token_shows_in_no_message(tmp_path: Path, vendor: Vendor) -> None:
    said = {"error": "Bearer token-first is not for this"}
    vendor.play([TOKEN, line("GET", "/people/ada@example.com", 400, said)])
    with desk(tmp_path, vendor) as house:
        house.fill([ADA])
        house.push()
        [attempt] = house.rows("select outcome, message from weft.sync_attempts")
    assert attempt["outcome"] == "rejected"
    assert "is not for this" in attempt["message"]
    assert "token-first" not in attempt["message"]


def test_a_list_is_made_once_and_its_id_kept(tmp_path: Path, vendor: Vendor) -> None:
    added = [
        TOKEN,
        line("GET", "/lists", 200, {"lists": [{"name": "others", "id": 1}]}),
        line("POST", "/lists", 201, {"id": 7}),
        line("GET", "/people/ada@example.com", 404),
        line("POST", "/lists/7", 200),
    ]
    later = [TOKEN, line("GET", "/people/bob@example.com", 404), line("POST", "/lists/7", 200)]
    vendor.play([*added, *later])
    with desk(tmp_path, vendor, mode="audience", list="Big spenders") as house:
        house.fill([ADA])
        assert house.push().error is None
        house.fill([ADA, BOB])
        assert house.push().error is None
        kept = house.rows("select kind, name, object_id from weft.sync_objects")
    assert kept == [{"kind": "list", "name": "Big spenders", "object_id": "7"}]
    assert (vendor.faults, vendor.script) == ([], [])


@pytest.mark.parametrize("point", LIST_POINTS)
def test_a_crash_around_a_new_list_makes_no_second_one(
    tmp_path: Path, vendor: Vendor, point: str
) -> None:
    lists: list[dict[str, Any]] = []
    made = [
        TOKEN,
        line("GET", "/lists", 200, {"lists": lists}),
        line("POST", "/lists", 201, {"id": 7}),
    ]
    found = line("GET", "/lists", 200, {"lists": [{"name": "customers", "id": 7}]})
    again = [TOKEN, *([found] if point == "after_list_found" else [])]
    added = [line("GET", "/people/ada@example.com", 404), line("POST", "/lists/7", 200)]
    vendor.play([*made, *again, *added])
    with desk(tmp_path, vendor, mode="audience") as house:
        house.fill([ADA])
    assert run_and_die(tmp_path, point) == 137
    with desk(tmp_path, vendor, mode="audience") as house:
        assert house.push().error is None
        assert len(house.rows("select object_id from weft.sync_objects")) == 1
    assert (vendor.faults, vendor.script) == ([], [])


def test_a_busy_destination_is_asked_again_for_its_list(tmp_path: Path, vendor: Vendor) -> None:
    vendor.play(
        [
            TOKEN,
            line("GET", "/lists", 503),
            line("GET", "/lists", 200, {"lists": [{"name": "customers", "id": 9}]}),
            line("GET", "/people/ada@example.com", 404),
            line("POST", "/lists/9", 200),
        ]
    )
    with desk(tmp_path, vendor, mode="audience") as house:
        house.fill([ADA])
        assert house.push().error is None
    assert (vendor.faults, vendor.script) == ([], [])


def test_another_list_starts_afresh(tmp_path: Path, vendor: Vendor) -> None:
    lists = {"lists": [{"name": "one", "id": 1}, {"name": "two", "id": 2}]}
    vendor.play(
        [
            TOKEN,
            line("GET", "/lists", 200, lists),
            line("GET", "/people/ada@example.com", 404),
            line("POST", "/lists/1", 200),
        ]
    )
    with desk(tmp_path, vendor, mode="audience", list="one") as house:
        house.fill([ADA])
        assert house.push().error is None
        house.settings["list"] = "two"
        house.write()
        with pytest.raises(BlockedError, match="is another account now"):
            house.push()


def test_what_would_be_lost_is_refused_before_it_is_sent(tmp_path: Path, vendor: Vendor) -> None:
    found = line("GET", "/people/bob@example.com", 404)
    vendor.play([TOKEN, found, line("POST", "/people/", 201)])
    with desk(tmp_path, vendor) as house:
        house.fill([("ada@example.com", None, 1), BOB])
        report = house.push()
        assert (report.rejected, report.succeeded.added) == (1, 1)
        rows = house.rows("select code, message from weft.sync_attempts where outcome = 'rejected'")
    assert rows == [{"code": "not_sendable", "message": "a name is missing"}]
    assert (vendor.faults, vendor.script) == ([], [])
