import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from warehouse.engines import Table, quote
from warehouse.engines.duckdb import DuckDBWarehouse
from warehouse.errors import ConfigurationError, LockedError

NAME = quote('na"me')
PEOPLE = Table("main", 'peo"ple; drop table x')


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    warehouse = DuckDBWarehouse(tmp_path / "shop.duckdb")
    warehouse.execute(f"create table {PEOPLE} (id bigint, {NAME} varchar)")
    return warehouse


def test_identifiers_with_quotes_stay_identifiers(warehouse: DuckDBWarehouse) -> None:
    assert warehouse.columns(PEOPLE) == {"id": "BIGINT", 'na"me': "VARCHAR"}
    assert warehouse.exists(PEOPLE)
    assert not warehouse.exists(Table("main", "x"))


def test_arrow_is_appended_by_column_name(warehouse: DuckDBWarehouse) -> None:
    assert warehouse.insert(PEOPLE, pa.table({'na"me': ["O'Brien"], "id": [7]})) == 1
    assert warehouse.rows(f"select * from {PEOPLE}") == [{"id": 7, 'na"me': "O'Brien"}]


def test_execute_tells_how_many_rows_changed(warehouse: DuckDBWarehouse) -> None:
    assert warehouse.execute(f"insert into {PEOPLE} values (?, ?), (2, 'b')", [1, "a"]) == 2
    assert warehouse.execute(f"update {PEOPLE} set id = 3 where id = ?", [2]) == 1
    assert warehouse.value(f"select id from {PEOPLE} where id = 99") is None


def test_a_failed_transaction_leaves_nothing(warehouse: DuckDBWarehouse) -> None:
    def fail_halfway() -> None:
        with warehouse.transaction():
            warehouse.execute(f"insert into {PEOPLE} values (1, 'a')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert warehouse.value(f"select count(*) from {PEOPLE}") == 0


def test_batches_read_a_result_while_the_connection_writes(warehouse: DuckDBWarehouse) -> None:
    warehouse.execute(f"insert into {PEOPLE} select range, 'x' from range(25000)")
    sizes = []
    for batch in warehouse.batches(f"select * from {PEOPLE}", rows=10_000):
        sizes.append(batch.num_rows)
        warehouse.execute(f"insert into {PEOPLE} values (-1, 'y')")
    assert sum(sizes) == 25_000
    assert max(sizes) <= 10_240


def test_a_second_process_learns_who_holds_the_warehouse(warehouse: DuckDBWarehouse) -> None:
    script = (
        "import sys, pathlib\n"
        "from warehouse.engines.duckdb import DuckDBWarehouse\n"
        "from warehouse.errors import LockedError\n"
        "try:\n"
        "    DuckDBWarehouse(pathlib.Path(sys.argv[1]))\n"
        "except LockedError as error:\n"
        "    print(error)\n"
        "    sys.exit(error.exit_code)\n"
    )
    second = subprocess.run(
        [sys.executable, "-c", script, str(warehouse.path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert second.returncode == LockedError.exit_code == 3
    assert f"process {os.getpid()}" in second.stdout


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.duckdb"
    path.write_text("not a database, " * 1000)
    with pytest.raises(ConfigurationError) as error:
        DuckDBWarehouse(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_rows_inserted_after_nothing_are_seen(warehouse: DuckDBWarehouse) -> None:
    warehouse.execute("create table names as select 'x' || range as name from range(200000)")
    with warehouse.transaction():
        warehouse.execute(f"insert into {PEOPLE} select 1, name from names where false")
        warehouse.execute(f"insert into {PEOPLE} select 7, name from names")
    assert warehouse.value(f"select sum(id) from {PEOPLE}") == 1_400_000


def memory_limit(warehouse: DuckDBWarehouse) -> object:
    return warehouse.value("select current_setting('memory_limit')")


def test_memory_is_bounded_for_a_while(warehouse: DuckDBWarehouse) -> None:
    before = memory_limit(warehouse)
    with pytest.raises(duckdb.Error), warehouse.bounded_memory():
        fail_within(warehouse, "1.1 GiB")
    assert memory_limit(warehouse) == before


def fail_within(warehouse: DuckDBWarehouse, limit: str) -> None:
    assert memory_limit(warehouse) == limit
    warehouse.execute("select from nowhere")


def test_a_limit_of_the_profile_is_kept(tmp_path: Path) -> None:
    with DuckDBWarehouse(tmp_path / "big.duckdb", {"memory_limit": "3GB"}) as warehouse:
        before = memory_limit(warehouse)
        with warehouse.bounded_memory():
            assert memory_limit(warehouse) == before
        assert memory_limit(warehouse) == before
