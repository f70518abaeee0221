"""The redis destination against a real server."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reverse_etl.push import push
from reverse_etl.selection import Selection
from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import House
from warehouse.errors import ConfigurationError
from warehouse.runs import record_run

pytestmark = pytest.mark.redis

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server of our own; skipped where none can start."""
    pytest.importorskip("redis", reason="no client for Redis")
    daemon = shutil.which("redis-server")
    if not daemon:
        pytest.skip("no Redis to test against: install Debian's package redis-server")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="redis") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        process = subprocess.Popen([daemon, *options], stdout=subprocess.DEVNULL)
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(60)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("Redis does not start")


@pytest.fixture
def database(server: int) -> Iterator[Any]:
    import redis

    with redis.Redis(port=server, db=3, decode_responses=True) as client:
        client.flushall()
        yield client
        client.config_set("maxmemory", 0)


def settings(server: int, **more: Any) -> dict[str, Any]:
    address = f"redis://127.0.0.1:{server}/3"
    return {"type": "redis", "connection": address, "prefix": "c:", **more}


@pytest.fixture
def crm(tmp_path: Path, server: int, database: Any) -> Iterator[House]:
    guard = {"max_removed_percent": 100}
    with House(tmp_path, destination=settings(server), guard=guard) as one:
        yield one


def held(database: Any) -> dict[str, dict[str, str]]:
    return {name: database.hgetall(name) for name in sorted(database.keys())}


def test_rows_are_added_changed_and_removed(crm: House, database: Any) -> None:
    database.hset("c:ada@example.com", "note", "by hand")
    crm.fill([ADA, BOB])
    assert crm.push().succeeded.added == 2
    assert held(database)["c:bob@example.com"] == {"name": "Bob", "total": "20"}
    crm.fill([("ada@example.com", None, 11)])
    report = crm.push()
    assert (report.succeeded.changed, report.succeeded.removed) == (1, 1)
    assert held(database) == {"c:ada@example.com": {"note": "by hand", "total": "11"}}
    assert not crm.plan().has_changes


def test_values_keep_every_digit_and_letter(crm: House, database: Any) -> None:
    crm.build(
        """select 'ada🙂 "x"' as email, 12345678901234567890.123456789::decimal(38, 9) as exact,
        [1.10::decimal(9, 2), null] as list, 'two' || chr(10) || 'lines' as odd, true as fan,
        '' as empty"""
    )
    crm.settings["fields"] = "*"
    crm.write()
    assert crm.push().succeeded.added == 1
    [(name, values)] = held(database).items()
    assert name == 'c:ada🙂 "x"'
    assert {**values, "email": ""} == {
        "email": "",
        "empty": "",
        "exact": "12345678901234567890.123456789",
        "fan": "true",
        "list": "[1.1,null]",
        "odd": "two\nlines",
    }


def test_hashes_expire(tmp_path: Path, server: int, database: Any) -> None:
    with House(tmp_path, destination=settings(server, expire_seconds=5000)) as house:
        house.fill([ADA])
        house.push()
    assert 0 < database.ttl("c:ada@example.com") <= 5000


def test_an_audience_is_a_set(tmp_path: Path, server: int, database: Any) -> None:
    guard = {"max_removed_percent": 100}
    with House(
        tmp_path, destination=settings(server), mode="audience", list="vips", guard=guard
    ) as house:
        house.fill([ADA, BOB])
        assert house.push().succeeded.added == 2
        assert database.smembers("c:vips") == {"ada@example.com", "bob@example.com"}
        house.fill([ADA])
        assert house.push().succeeded.removed == 1
        assert database.smembers("c:vips") == {"ada@example.com"}


def test_a_person_who_is_forgotten_is_gone(tmp_path: Path, server: int, database: Any) -> None:
    with House(tmp_path, destination=settings(server), mode="upsert") as house:
        house.fill([ADA, BOB])
        house.push()
        plan = house.plan(Selection(("ada@example.com",), withdraws=True))
        with record_run(
            house.warehouse, command="forget", target="prod", as_of=date(2026, 1, 31)
        ) as run:
            report = push(
                house.warehouse, house.project, house.sync, plan, run, approve=plan.plan_id
            )
    assert report.succeeded.removed == 1
    assert set(held(database)) == {"c:bob@example.com"}


def test_each_row_has_its_own_outcome(crm: House, database: Any) -> None:
    database.set("c:ada@example.com", "no hash")
    crm.fill([ADA, BOB])
    report = crm.push()
    assert (report.succeeded.added, report.rejected) == (1, 1)
    [attempt] = crm.rows("select * from weft.sync_attempts where outcome = 'rejected'")
    assert (attempt["key"], attempt["code"]) == ("ada@example.com", "WRONGTYPE")
    assert "Ada" not in attempt["message"]
    assert set(crm.acknowledged()) == {"bob@example.com"}


def test_a_server_without_memory_gets_the_rows_later(crm: House, database: Any) -> None:
    database.config_set("maxmemory", 1)
    crm.fill([ADA, BOB])
    report = crm.push()
    assert (report.waiting, report.rejected) == (2, 0)
    database.config_set("maxmemory", 0)
    assert crm.push().succeeded.added == 2


def test_a_connection_that_is_cut_leaves_rows_unknown(
    tmp_path: Path, server: int, database: Any
) -> None:
    with House(tmp_path, destination=settings(server, timeout=0.3)) as house:
        house.fill([ADA])
        database.client_pause(1500, all=False)
        assert house.push().waiting == 1
        assert house.outcomes() == ["unknown"]
        database.client_unpause()
        assert house.push().exit_code == 0
    assert set(held(database)) == {"c:ada@example.com"}


def test_a_server_that_is_not_there_stops_the_sync(tmp_path: Path) -> None:
    pytest.importorskip("redis", reason="no client for Redis")
    destination = {"type": "redis", "connection": "redis://u:secret-pw@127.0.0.1:1/0"}
    with House(tmp_path, destination={**destination, "rows_per_request": 1}) as house:
        house.fill([ADA, BOB])
        report = house.push()
        assert report.exit_code == 1
        assert "cannot be written to" in str(report.error)
        assert house.outcomes() == ["retry"]
        assert "secret-pw" not in str(report) + str(house.rows("from weft.sync_attempts"))


def test_what_it_cannot_take_is_refused(tmp_path: Path, server: int) -> None:
    with House(tmp_path, destination=settings(server), mode="append") as house:
        house.fill([ADA])
        with pytest.raises(ConfigurationError, match="it has no mode 'append'"):
            house.plan()


@pytest.mark.parametrize("point", ["after_intent", "after_send", "before_snapshot_commit"])
def test_a_plain_rerun_after_a_crash_makes_good(crm: House, database: Any, point: str) -> None:
    crm.fill([ADA, BOB])
    crm.close()
    assert run_and_die(crm.folder, point) == 137
    crm.fill([ADA])
    assert crm.push().exit_code == 0
    assert set(held(database)) == {"c:ada@example.com"}
