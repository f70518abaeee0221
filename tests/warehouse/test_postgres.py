"""What weft asks of a warehouse, on a real PostgreSQL server."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from tests.postgres import PostgresDatabase, PostgresServer
from warehouse.engines import Table, Warehouse, open_engine
from warehouse.errors import ConfigurationError, WeftError
from warehouse.system_tables import (
    LOADS,
    MIGRATIONS,
    SCHEMA_VERSION,
    SYNC_SNAPSHOT,
    migrate,
)

pytestmark = pytest.mark.postgres

SEEN = Table("shop", "seen")


@pytest.fixture(scope="module")
def database(postgres_server: PostgresServer) -> PostgresDatabase:
    return postgres_server.new_database()


@pytest.fixture
def warehouse(database: PostgresDatabase) -> Iterator[Warehouse]:
    with open_engine(database.output(), Path()) as opened:
        opened.execute("drop schema if exists shop cascade")
        opened.execute("create schema shop")
        yield opened


def test_system_tables_are_made_once(warehouse: Warehouse) -> None:
    migrate(warehouse)
    migrate(warehouse)
    assert warehouse.value(f"select count(*) from {SCHEMA_VERSION}") == len(MIGRATIONS)
    assert warehouse.columns(LOADS)["loaded_at"] == "TIMESTAMP"


def test_values_travel_as_they_are(warehouse: Warehouse) -> None:
    values = {
        "text": "O'Brien \\ ? $1 🙂",
        "number": 2**53 + 1,
        "half": 0.5,
        "flag": True,
        "day": date(2026, 1, 31),
        "moment": datetime(2026, 1, 31, 12, 30, 0, 123456),
        "amount": Decimal("1234567890123456789.123456789"),
        "nothing": None,
    }
    warehouse.execute(
        f"create table {SEEN} (text varchar, number bigint, half double, flag boolean, day date,"
        " moment timestamp, amount decimal(38, 9), nothing timestamp)"
    )
    marks = ", ".join("?" for _ in values)
    assert warehouse.execute(f"insert into {SEEN} values ({marks})", list(values.values())) == 1
    assert warehouse.rows(f"select * from {SEEN}") == [values]
    for name in ("text", "number", "half", "flag", "day", "moment", "amount"):
        found = warehouse.value(f"select count(*) from {SEEN} where {name} = ?", [values[name]])
        assert found == 1, name
    chosen = warehouse.rows(
        "select value from (select unnest(cast(? as varchar[])) as value) where value <> ?",
        [["a", "?", "b"], "a"],
    )
    assert [row["value"] for row in chosen] == ["?", "b"]


def test_the_number_of_changed_rows_is_told(warehouse: Warehouse) -> None:
    warehouse.execute(f"create table {SEEN} (id bigint)")
    assert warehouse.execute(f"insert into {SEEN} select * from generate_series(1, 5)") == 5
    assert warehouse.execute(f"update {SEEN} set id = id + 10 where id > ?", [3]) == 2
    assert warehouse.execute(f"delete from {SEEN}") == 5
    assert warehouse.execute(f"drop table {SEEN}") == 0


def test_the_planner_knows_a_table_that_was_filled(warehouse: Warehouse) -> None:
    for table in (f"table {SEEN}", "or replace temporary table weft_seen"):
        warehouse.execute(f"create {table} as select * from generate_series(1, 6000) as rows(id)")
    warehouse.execute(f"insert into {SEEN} select * from weft_seen")
    found = warehouse.rows("select relname, reltuples from pg_class where relname like '%seen'")
    assert {row["relname"]: row["reltuples"] for row in found} == {"seen": 12000, "weft_seen": 6000}


def test_what_a_push_looks_up_is_found_by_an_index(warehouse: Warehouse) -> None:
    migrate(warehouse)
    plan = warehouse.arrow(
        "select indexdef as made from pg_indexes where tablename = 'sync_snapshot'"
    )
    assert "(sync, account, key)" in plan.column("made")[0].as_py()
    for _ in range(2):
        warehouse.look_up_by(SYNC_SNAPSHOT, "sync", "account", "key")
    assert warehouse.dependents(SYNC_SNAPSHOT) == ["sync_snapshot_by_sync_account_key"]


def test_views_that_read_a_view_are_made_again(warehouse: Warehouse) -> None:
    warehouse.execute(f"create table {SEEN} as select 1 as id, 2 as gone")
    warehouse.execute(f"create or replace view shop.first as select id, gone from {SEEN}")
    warehouse.execute("create view shop.second as select id from shop.first")
    warehouse.execute("create view shop.third as select id from shop.second")
    warehouse.execute("create view shop.lost as select gone from shop.first")
    warehouse.execute(f"create or replace view shop.first as select id + 1 as id from {SEEN}")
    assert warehouse.value("select id from shop.third") == 2
    assert set(warehouse.schema_columns("shop")) == {"seen", "first", "second", "third"}
    warehouse.execute("drop view if exists shop.first")
    assert set(warehouse.schema_columns("shop")) == {"seen"}


def test_types_have_their_duckdb_names(warehouse: Warehouse) -> None:
    types = {
        "a": "VARCHAR",
        "b": "BIGINT",
        "c": "DOUBLE",
        "d": "BOOLEAN",
        "e": "TIMESTAMP",
        "f": "DECIMAL(38,9)",
        "g": "VARCHAR[]",
        "h": "JSON",
        "i": "UUID",
        "j": "TIMESTAMP WITH TIME ZONE",
        "k": "DATE",
    }
    columns = ", ".join(f"{name} {type_}" for name, type_ in types.items())
    warehouse.execute(f"create table {SEEN} ({columns})")
    warehouse.execute(f"create view shop.looked_at as select a from {SEEN}")
    assert warehouse.columns(SEEN) == types
    assert warehouse.schema_columns("shop") == {"seen": types, "looked_at": {"a": "VARCHAR"}}
    assert warehouse.dependents(SEEN) == ["looked_at"]
    assert warehouse.exists(Table("shop", "looked_at"))
    assert not warehouse.exists(Table("shop", "unseen"))


def test_arrow_data_is_appended_by_name(warehouse: Warehouse) -> None:
    warehouse.execute(
        f"create table {SEEN} (id bigint, at timestamp, names varchar[], amount decimal(38, 9))"
    )
    data = pa.table(
        {
            "amount": pa.array([Decimal("1.5"), None]),
            "names": pa.array([["a", None], []], pa.list_(pa.string())),
            "id": pa.array([1, 2], pa.int32()),
        }
    )
    assert warehouse.insert(SEEN, data) == 2
    assert warehouse.insert(SEEN, pa.table({"id": [3], "at": [None]}).to_reader()) == 1
    assert warehouse.rows(f"select * from {SEEN} order by id") == [
        {"id": 1, "at": None, "names": ["a", None], "amount": Decimal("1.5")},
        {"id": 2, "at": None, "names": [], "amount": None},
        {"id": 3, "at": None, "names": None, "amount": None},
    ]


def test_what_the_parser_makes_is_appended(warehouse: Warehouse) -> None:
    warehouse.execute(f"create table {SEEN} (id bigint, text varchar, at timestamp)")
    warehouse.parser.execute(
        "create temp table parsed as select range::integer as n, 'a' || chr(0) as t from range(3)"
    )
    select = "select t, timestamp '2026-01-01 00:00:00', n from parsed"
    assert warehouse.insert_parsed(SEEN, ["text", "at", "id"], select) == 3
    # PostgreSQL has no text with a NUL.
    assert warehouse.rows(f"select * from {SEEN} order by id limit 1") == [
        {"id": 0, "text": "a\ufffd", "at": datetime(2026, 1, 1)}
    ]


def test_all_or_nothing(warehouse: Warehouse) -> None:
    warehouse.execute(f"create table {SEEN} (id bigint)")

    def write() -> None:
        with warehouse.transaction():
            warehouse.execute(f"insert into {SEEN} values (1)")
            warehouse.insert(SEEN, pa.table({"id": [2]}))
            warehouse.parser.execute("create or replace temp table parsed as select 3 as id")
            warehouse.insert_parsed(SEEN, ["id"], "select id from parsed")
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert warehouse.rows(f"select * from {SEEN}") == []
    assert warehouse.parser.execute("select * from duckdb_tables()").fetchall() == []
    with warehouse.transaction():
        warehouse.execute(f"insert into {SEEN} values (1)")
    assert warehouse.value(f"select count(*) from {SEEN}") == 1


def test_a_failed_statement_leaves_the_connection_usable(warehouse: Warehouse) -> None:
    with pytest.raises(warehouse.failures), warehouse.transaction():
        warehouse.execute("select * from shop.nowhere")
    assert warehouse.value("select 1 as one") == 1


def test_large_results_come_in_batches(warehouse: Warehouse) -> None:
    sizes = [
        batch.num_rows
        for batch in warehouse.batches("select * from generate_series(1, ?) as n", [25], rows=10)
    ]
    assert sizes == [10, 10, 5]


def test_sums_are_exact_numbers(warehouse: Warehouse) -> None:
    [row] = warehouse.rows(
        "select sum(n) as whole, sum(n / 4) as part, sum(n) filter (where n > 9) as none"
        " from (select cast(1 as bigint) as n union all select 2) as numbers"
    )
    assert (row["whole"], row["part"], row["none"]) == (3, 0.75, None)


def test_a_checksum_asks_for_no_order(warehouse: Warehouse) -> None:
    def checksum(rows: str) -> Any:
        return warehouse.value(
            f"select {warehouse.checksum('text')} as c from (values {rows}) as given(text)"
        )

    assert checksum("('a'), ('b'), ('c')") == checksum("('c'), ('a'), ('b')")
    assert checksum("('a'), ('b')") != checksum("('a'), ('c')")


def test_a_copy_is_another_warehouse(postgres_server: PostgresServer) -> None:
    first = postgres_server.new_database()
    copy = postgres_server.new_database(f"template {first.name}")
    identities = set()
    for database in (first, first, copy):
        with open_engine(database.output(), Path()) as opened:
            identities.add(opened.identity)
    assert len(identities) == 2


def test_another_process_must_wait(database: PostgresDatabase) -> None:
    output = database.output()
    again = (
        "import sys, yaml, pathlib\n"
        "from warehouse.engines import open_engine\n"
        "open_engine(yaml.safe_load(sys.argv[1]), pathlib.Path()).close()\n"
    )
    # One process may open its warehouse more than once.
    with open_engine(output, Path()), open_engine(output, Path()):
        refused = _python(again, output)
    assert "LockedError" in refused.stderr
    assert "is in use by process" in refused.stderr
    assert _python(again, output).returncode == 0


def _python(code: str, output: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code, yaml.safe_dump(output)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        text=True,
    )


def test_what_is_wrong_with_a_target_is_said(database: PostgresDatabase) -> None:
    output = database.output()
    with pytest.raises(ConfigurationError, match="has no host; add it to profiles.yml"):
        open_engine({**output, "host": None}, Path())
    with pytest.raises(WeftError, match="nowhere at .* cannot be reached") as caught:
        open_engine({**output, "dbname": "nowhere", "password": "hidden"}, Path())
    assert "hidden" not in str(caught.value)


def test_times_have_no_zone_of_the_machine(warehouse: Warehouse) -> None:
    found = warehouse.value("select timestamptz '2026-01-31 12:00:00+02:00' as moment")
    assert found == datetime(2026, 1, 31, 10, tzinfo=UTC)
