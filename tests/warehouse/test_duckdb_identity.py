"""What tells one DuckDB warehouse, and one set of rows, from another."""

from pathlib import Path

from warehouse.engines.duckdb import DuckDBWarehouse


def test_a_warehouse_is_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "one.duckdb"
    (tmp_path / "link").symlink_to(tmp_path)
    with DuckDBWarehouse(path) as one:
        here = one.identity
    with DuckDBWarehouse(tmp_path / "link" / "one.duckdb") as same:
        assert same.identity == here
    with DuckDBWarehouse(tmp_path / "two.duckdb") as other:
        assert other.identity != here


def test_a_checksum_is_of_the_rows_and_not_of_their_order(tmp_path: Path) -> None:
    def checksum(values: str) -> object:
        return warehouse.value(f"select {warehouse.checksum('v')} as s from (values {values}) t(v)")

    with DuckDBWarehouse(tmp_path / "one.duckdb") as warehouse:
        assert checksum("('a'), ('b'), ('c')") == checksum("('c'), ('a'), ('b')")
        assert checksum("('a'), ('b')") != checksum("('a'), ('c')")
        assert checksum("('ab')") != checksum("('a'), ('b')")
