"""What weft asks of a warehouse, on a real Spark session."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from tests.spark import spark_output
from warehouse.engines import Table, Warehouse, open_engine
from warehouse.errors import WeftError
from warehouse.system_tables import LOADS, MIGRATIONS, SCHEMA_VERSION, migrate

pytestmark = pytest.mark.spark

SEEN, OTHER = Table("shop", "seen"), Table("shop", "other")


@pytest.fixture(scope="module")
def opened(spark_folder: Path) -> Iterator[Warehouse]:
    with open_engine(spark_output(spark_folder), spark_folder) as warehouse:
        yield warehouse


@pytest.fixture
def warehouse(opened: Warehouse) -> Warehouse:
    opened.execute("drop schema if exists shop cascade")
    opened.execute("create schema shop")
    return opened


def test_values_travel_as_they_are(warehouse: Warehouse) -> None:
    values = {
        "text": "O'Brien \\ ? :one `$1` \n 🙂",
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
    conditions = [f"{name} = ?" for name, value in values.items() if value is not None]
    given = [value for value in values.values() if value is not None]
    found = f"select count(*) from {SEEN} where {' and '.join(conditions)}"
    assert warehouse.value(found, given) == 1
    chosen = warehouse.rows(
        "select value from (select unnest(cast(? as varchar[])) as value) where value <> ?",
        [["a", "?", "b\"'"], "a"],
    )
    assert [row["value"] for row in chosen] == ["?", "b\"'"]


def test_rows_are_changed_and_counted(warehouse: Warehouse) -> None:
    warehouse.execute(f"create table {SEEN} (id bigint, text varchar)")
    warehouse.execute(f"create table {OTHER} (id bigint, text varchar)")
    assert warehouse.execute(f"insert into {SEEN} (id) values (1), (2), (3)") == 3
    assert warehouse.execute(f"insert into {OTHER} select id, 'x' from {SEEN} where id > 1") == 2
    assert warehouse.execute(f"insert into {OTHER} select id, 'x' from {SEEN} where id > 5") == 0
    changed = warehouse.execute(
        f"update {SEEN} as seen set text = others.text || 'y', id = seen.id + 10"
        f" from (select * from {OTHER}) as others where others.id = seen.id"
    )
    assert changed == 2
    assert warehouse.execute(f"update {SEEN} set text = ? where text is null", ["z"]) == 1
    assert warehouse.execute(f"update {SEEN} set text = ? where id = 99", ["z"]) == 0
    rows = [(row["id"], row["text"]) for row in warehouse.rows(f"select * from {SEEN} order by id")]
    assert rows == [(1, "z"), (12, "xy"), (13, "xy")]
    gone = f"delete from {SEEN} as old where old.id in (select id + 10 from {OTHER} where id = 2)"
    assert warehouse.execute(gone) == 1
    assert warehouse.execute(gone) == 0
    assert warehouse.execute(f"delete from {SEEN}") == 2
    assert warehouse.execute(f"drop table {SEEN}") == 0
    assert not warehouse.exists(SEEN)


@pytest.mark.slow
def test_types_have_their_duckdb_names(warehouse: Warehouse) -> None:
    types = {
        "a": "VARCHAR",
        "b": "BIGINT",
        "c": "DOUBLE",
        "d": "BOOLEAN",
        "e": "TIMESTAMP",
        "f": "DECIMAL(38,9)",
        "g": "VARCHAR[]",
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
    found = warehouse.rows(
        "select table_name, table_type from information_schema.tables"
        " where table_schema = ? order by table_name",
        ["shop"],
    )
    assert [tuple(row.values()) for row in found] == [("looked_at", "VIEW"), ("seen", "BASE TABLE")]


@pytest.mark.slow
def test_arrow_and_parsed_rows_are_appended_by_name(warehouse: Warehouse) -> None:
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
    warehouse.parser.execute("create or replace temp table parsed as select 4::integer as n")
    select = "select timestamp '2026-01-01 00:00:00.000001', n, ['b'] from parsed"
    assert warehouse.insert_parsed(SEEN, ["at", "id", "names"], select) == 1
    assert warehouse.rows(f"select * from {SEEN} order by id") == [
        {"id": 1, "at": None, "names": ["a", None], "amount": Decimal("1.5")},
        {"id": 2, "at": None, "names": [], "amount": None},
        {"id": 3, "at": None, "names": None, "amount": None},
        {"id": 4, "at": datetime(2026, 1, 1, 0, 0, 0, 1), "names": ["b"], "amount": None},
    ]
    batches = list(warehouse.batches(f"select id, at, names from {SEEN} order by id", rows=3))
    assert [batch.num_rows for batch in batches] == [3, 1]
    assert batches[1].to_pylist()[0]["at"] == datetime(2026, 1, 1, 0, 0, 0, 1)


def test_a_transaction_sees_what_it_has_done(warehouse: Warehouse) -> None:
    warehouse.execute(f"create table {SEEN} (id bigint, text varchar)")
    warehouse.execute(f"insert into {SEEN} values (1, 'a')")
    with warehouse.transaction():
        warehouse.execute(f"create table {OTHER} (id varchar)")
        warehouse.insert(OTHER, pa.table({"id": ["7"]}))
        warehouse.execute(f"alter table {SEEN} add column more bigint")
        warehouse.execute(
            f"insert into {SEEN} (id, more) select cast(id as bigint), 1 from {OTHER}"
        )
        assert warehouse.execute(f"update {SEEN} set text = 'b' where id = 7") == 1
        assert warehouse.execute(f"delete from {SEEN} where text = 'a'") == 1
        warehouse.execute(f"insert into {SEEN} values (8, 'c', 2)")
        warehouse.execute(f"alter table {SEEN} alter column more set data type double")
        seen = warehouse.rows(f"select * from {SEEN} order by id")
        warehouse.execute(f"drop table {OTHER}")
        assert not warehouse.exists(OTHER)
    assert seen == [{"id": 7, "text": "b", "more": 1.0}, {"id": 8, "text": "c", "more": 2.0}]
    assert warehouse.rows(f"select * from {SEEN} order by id") == seen
    assert warehouse.columns(SEEN)["more"] == "DOUBLE"
    assert not warehouse.exists(OTHER)


def test_all_or_nothing(warehouse: Warehouse) -> None:
    warehouse.execute(f"create table {SEEN} (id bigint)")

    def write() -> None:
        with warehouse.transaction():
            warehouse.execute(f"insert into {SEEN} values (1)")
            warehouse.insert(SEEN, pa.table({"id": [2]}))
            warehouse.execute(f"create table {OTHER} (id bigint)")
            warehouse.parser.execute("create or replace temp table parsed as select 3 as id")
            warehouse.insert_parsed(SEEN, ["id"], "select id from parsed")
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert warehouse.rows(f"select * from {SEEN}") == []
    assert not warehouse.exists(OTHER)


@pytest.mark.slow
def test_a_temporary_table_is_gone_when_it_is_dropped(warehouse: Warehouse) -> None:
    warehouse.execute("create or replace temporary table kept as select 1 as id")
    warehouse.execute("create or replace temporary table kept as select 2 as id")
    warehouse.execute("insert into kept select id + 1 from kept")
    assert warehouse.value("select count(*) as n from temp.kept where id > 1") == 2
    warehouse.create_temporary("compiled", "select 1 as `id`")
    assert warehouse.rows("select * from compiled") == [{"id": 1}]
    warehouse.execute("drop table kept")
    with pytest.raises(warehouse.failures):
        warehouse.execute("drop table kept")


@pytest.mark.slow
def test_what_the_statement_cannot_do_is_a_failure_of_the_warehouse(warehouse: Warehouse) -> None:
    with pytest.raises(warehouse.failures):
        warehouse.rows("select * from shop.nowhere")
    with pytest.raises(warehouse.failures):
        warehouse.rows("select cast('x' as bigint)")


@pytest.mark.slow
def test_zoned_times_are_utc(warehouse: Warehouse) -> None:
    [row] = warehouse.rows("select timestamptz '2026-01-31 12:00:00+02:00' as at")
    assert row["at"].astimezone(UTC) == datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.mark.slow
def test_system_tables_are_made_once(warehouse: Warehouse) -> None:
    migrate(warehouse)
    migrate(warehouse)
    assert warehouse.value(f"select count(*) from {SCHEMA_VERSION}") == len(MIGRATIONS)
    assert warehouse.columns(LOADS)["loaded_at"] == "TIMESTAMP"


def test_another_warehouse_is_refused_while_one_is_open(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with pytest.raises(WeftError, match="cannot open another one"):
        open_engine(spark_output(tmp_path), tmp_path)
