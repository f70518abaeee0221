"""The mysql destination against a real server, MariaDB."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import House

pytestmark = pytest.mark.mysql

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of a server of our own; skipped where none can start."""
    pytest.importorskip("pymysql", reason="no client for MySQL")
    install = shutil.which("mariadb-install-db")
    daemon = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not install or not daemon:
        pytest.skip("no MariaDB to test against: install Debian's package mariadb-server")
    with tempfile.TemporaryDirectory(prefix="my") as folder:
        data, port = f"--datadir={folder}/data", free_port()
        user = f"--user={getpass.getuser()}"
        made = [install, "--no-defaults", data, user, "--auth-root-authentication-method=normal"]
        subprocess.run([*made, "--skip-test-db"], check=True, capture_output=True)
        listens = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/s"]
        small = ["--innodb-buffer-pool-size=32M", "--skip-log-bin"]
        process = subprocess.Popen(
            [daemon, "--no-defaults", data, user, *listens, *small],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(60)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            Database(port).close()
        except OSError:
            time.sleep(0.1)
        except Exception as error:
            if "2003" not in str(error) and "2013" not in str(error):
                raise
            time.sleep(0.1)
        else:
            return
    pytest.fail("MariaDB does not start")


class Database:
    def __init__(self, port: int) -> None:
        import pymysql

        self.port = port
        self.connection: Any = pymysql.connect(
            host="127.0.0.1", port=port, user="root", autocommit=True, ssl_disabled=True
        )
        self.execute("create database if not exists shop")
        self.execute("use shop")

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def close(self) -> None:
        self.connection.close()


@pytest.fixture
def database(server: int) -> Iterator[Database]:
    found = Database(server)
    found.execute("drop table if exists customers")
    found.execute(
        "create table customers (email varchar(100) primary key, name varchar(20),"
        " total decimal(20, 2), note text)"
    )
    yield found
    found.close()


@pytest.fixture
def crm(tmp_path: Path, database: Database) -> Iterator[House]:
    with House(tmp_path, destination=settings(database), guard={"max_removed_percent": 100}) as one:
        yield one


def settings(database: Database, **more: Any) -> dict[str, Any]:
    return {
        "type": "mysql",
        "connection": f"mysql://root@127.0.0.1:{database.port}/shop",
        "table": "shop.customers",
        "tls": False,
        "key": "email",
        **more,
    }


def customers(database: Database) -> list[tuple[Any, ...]]:
    return database.execute(
        "select email, name, cast(total as char), note from customers order by email"
    )


def test_rows_are_added_changed_and_removed(crm: House, database: Database) -> None:
    crm.fill([ADA, BOB])
    assert crm.push().succeeded.added == 2
    crm.fill([("ada@example.com", "Ada L.", 10), ("eve@example.com", "Eve", 30)])
    report = crm.push()
    assert (report.succeeded.added, report.succeeded.changed, report.succeeded.removed) == (1, 1, 1)
    assert customers(database) == [
        ("ada@example.com", "Ada L.", "10.00", None),
        ("eve@example.com", "Eve", "30.00", None),
    ]
    assert not crm.plan().has_changes


def test_what_others_write_stays(crm: House, database: Database) -> None:
    database.execute("insert into customers values ('zoe@example.com', 'Zoe', 1, 'by hand')")
    database.execute("insert into customers values ('ada@example.com', 'A', 1, 'a note')")
    crm.fill([ADA, BOB])
    crm.push()
    crm.fill([ADA])
    crm.push()
    assert customers(database) == [
        ("ada@example.com", "Ada", "10.00", "a note"),
        ("zoe@example.com", "Zoe", "1.00", "by hand"),
    ]


def test_values_are_byte_identical(crm: House, database: Database) -> None:
    database.execute("drop table customers")
    database.execute(
        "create table customers (email varchar(100) primary key, exact decimal(38, 9), big bigint,"
        " at datetime(6), list text, odd text character set utf8mb4, fan boolean, nothing text)"
    )
    crm.build(
        """select 'ada@example.com' as email,
        12345678901234567890.123456789::decimal(38, 9) as exact,
        9007199254740993 as big, timestamptz '2024-02-29 12:30:00.123456+02:00' as at,
        [1.10::decimal(9, 2), null] as list, 'O\'\'Brien "🙂" 100% %s' || chr(10) || '\\x' as odd,
        true as fan, null::varchar as nothing"""
    )
    crm.settings["fields"] = "*"
    crm.write()
    assert crm.push().succeeded.added == 1
    [row] = database.execute(
        "select email, cast(exact as char), big, cast(at as char), list, odd, fan, nothing"
        " from customers"
    )
    assert row == (
        "ada@example.com",
        "12345678901234567890.123456789",
        9007199254740993,
        "2024-02-29 10:30:00.123456",
        "[1.1,null]",
        'O\'Brien "🙂" 100% %s\n\\x',
        1,
        None,
    )


def test_a_value_that_does_not_fit_is_refused_and_not_cut(crm: House, database: Database) -> None:
    crm.fill([("ada@example.com", "A name of more than twenty letters", 10), BOB])
    report = crm.push()
    assert (report.succeeded.added, report.rejected) == (1, 1)
    [attempt] = crm.rows("select * from weft.sync_attempts where outcome = 'rejected'")
    assert (attempt["key"], attempt["code"]) == ("ada@example.com", "1406")
    assert [row[0] for row in customers(database)] == ["bob@example.com"]


def test_another_unique_index_overwrites_no_other_row(crm: House, database: Database) -> None:
    database.execute("alter table customers add unique (name)")
    database.execute("insert into customers values ('zoe@example.com', 'Ada', 1, 'by hand')")
    crm.fill([ADA, BOB])
    assert crm.push().rejected == 1
    assert customers(database) == [
        ("bob@example.com", "Bob", "20.00", None),
        ("zoe@example.com", "Ada", "1.00", "by hand"),
    ]


def test_a_bad_row_is_found_and_the_others_arrive(crm: House, database: Database) -> None:
    database.execute("alter table customers add constraint small check (total < 1000)")
    rows = [(f"k{number:02}", "n", 5000 if number == 7 else number) for number in range(20)]
    crm.fill(rows)
    report = crm.push()
    assert (report.succeeded.added, report.rejected) == (19, 1)
    [attempt] = crm.rows("select * from weft.sync_attempts where outcome = 'rejected'")
    assert (attempt["key"], attempt["code"]) == ("k07", "4025")
    assert len(customers(database)) == 19


def test_a_change_of_a_row_that_is_gone_is_rejected(crm: House, database: Database) -> None:
    crm.fill([ADA, BOB])
    crm.push()
    database.execute("delete from customers where email like 'ada%'")
    crm.fill([("ada@example.com", "Ada L.", 10), BOB])
    report = crm.push()
    assert (report.rejected, report.succeeded.changed) == (1, 0)
    assert [row[0] for row in customers(database)] == ["bob@example.com"]


def test_a_null_that_is_skipped_keeps_the_value(crm: House, database: Database) -> None:
    crm.settings["nulls"] = {"name": "skip"}
    crm.write()
    crm.fill([ADA])
    crm.push()
    crm.fill([("ada@example.com", None, 11)])
    assert crm.push().succeeded.changed == 1
    assert customers(database) == [("ada@example.com", "Ada", "11.00", None)]


def test_a_key_of_several_columns(tmp_path: Path, database: Database) -> None:
    database.execute("drop table customers")
    database.execute(
        "create table customers (store varchar(9), no integer, name text, unique(no, store))"
    )
    destination = settings(database, key=["store", "no"])
    guard = {"max_removed_percent": 100}
    with House(tmp_path, destination=destination, key=["shop", "number"], guard=guard) as house:
        house.settings["fields"] = {"name": "name"}
        house.write()
        house.build("select 'a\"b' as shop, i as number, 'n' as name from range(3) t(i)")
        house.push()
        house.build("select 'a\"b' as shop, i as number, 'm' as name from range(2) t(i)")
        report = house.push()
        assert (report.succeeded.changed, report.succeeded.removed) == (2, 1)
    rows = database.execute("select store, no, name from customers order by no")
    assert rows == [('a"b', 0, "m"), ('a"b', 1, "m")]


@pytest.mark.parametrize("point", ["after_intent", "after_send", "before_snapshot_commit"])
def test_a_plain_rerun_after_a_crash_makes_good(crm: House, database: Database, point: str) -> None:
    crm.fill([ADA, BOB])
    crm.close()
    assert run_and_die(crm.folder, point) == 137
    crm.fill([ADA])
    assert crm.push().exit_code == 0
    assert [row[0] for row in customers(database)] == ["ada@example.com"]
    assert set(crm.acknowledged()) == {"ada@example.com"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table": "shop.clients"}, "there is no table shop.clients"),
        ({"key": "name"}, "no unique index on exactly its key (name)"),
        ({"connection": "mysql://u:secret-pw@127.0.0.1:1/x"}, "cannot be written to"),
        ({"tls": True}, "SSL"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(
    tmp_path: Path, database: Database, change: dict[str, Any], said: str
) -> None:
    with House(tmp_path, destination=settings(database, **change)) as house:
        house.fill([ADA])
        report = house.push()
        assert (report.exit_code, report.waiting) == (1, 1)
        assert said in str(report.error)
        assert "secret-pw" not in str(report) + str(house.rows("select * from weft.sync_attempts"))


def test_more_rows_than_a_transaction(tmp_path: Path, database: Database) -> None:
    with House(tmp_path, destination=settings(database, rows_per_transaction=1000)) as house:
        house.build("select 'k' || i as email, 'n' as name, i as spent from range(2500) t(i)")
        assert house.push().succeeded.added == 2500
        assert house.plan().requests == 0
    assert len(customers(database)) == 2500
