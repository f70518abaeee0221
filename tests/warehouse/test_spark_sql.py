"""weft's SQL gives the same on Spark as on DuckDB, byte for byte."""

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from tests.spark import spark_output
from tests.warehouse.test_postgres_sql import EXPRESSIONS
from warehouse.engines import Table, Warehouse, open_engine

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def both(
    spark_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, Warehouse]]:
    duckdb = {"type": "duckdb", "path": "warehouse.duckdb"}
    with (
        open_engine(duckdb, tmp_path_factory.mktemp("duckdb")) as one,
        open_engine(spark_output(spark_folder), spark_folder) as other,
    ):
        yield one, other


def test_expressions_agree(both: tuple[Warehouse, Warehouse]) -> None:
    columns = ", ".join(f"{sql} as c{place}" for place, sql in enumerate(EXPRESSIONS))
    one, other = (warehouse.rows(f"select {columns}")[0] for warehouse in both)
    differing = {
        sql: (one[f"c{place}"], other[f"c{place}"])
        for place, sql in enumerate(EXPRESSIONS)
        if one[f"c{place}"] != other[f"c{place}"]
    }
    assert differing == {}


@pytest.mark.slow
def test_aggregates_and_orders_agree(both: tuple[Warehouse, Warehouse]) -> None:
    sql = """
        select b, arg_max(a, n) as latest, arg_min(a, n) as first,
            count(*) filter (where n > 1) as some,
            max(a) as greatest, cast(sum(n) as bigint) as total, any_value(a) is null as unknown
        from (
            select 'a' as a, 1 as n, 'x' as b union all select 'B', 2, 'x'
            union all select null, 3, 'x' union all select 'é', null, 'É'
            union all select null, 1, null
        )
        group by all
        order by b desc
    """
    one, other = (warehouse.rows(sql) for warehouse in both)
    assert other == one
    assert [row["b"] for row in other] == ["É", "x", None]


@pytest.mark.slow
def test_numbers_are_written_alike(both: tuple[Warehouse, Warehouse]) -> None:
    random = Random(20260131)
    numbers = [struct.unpack("d", random.randbytes(8))[0] for _ in range(2_000)]
    for size in (1e-6, 1, 1e3, 1e15, 1e16, 1e17, 1e19, 1e22):
        numbers += [random.uniform(-size, size) for _ in range(300)]
    finite = [number for number in numbers if math.isfinite(number)]
    finite += [0.0, 0.1, 100.0, 1e16, 1e23, 2e-3, 123456789012345.6]
    table = Table("shop", "numbers")
    texts: list[list[Any]] = []
    for warehouse in both:
        warehouse.execute("create schema if not exists shop")
        warehouse.execute(f"create table {table} (place bigint, number double)")
        warehouse.insert(table, pa.table({"place": range(len(finite)), "number": finite}))
        rows = warehouse.rows(
            "select number, cast(cast(number as double) as varchar) as text"
            f" from {table} order by place"
        )
        texts.append([(row["number"], row["text"]) for row in rows])
    differing = [other for one, other in zip(*texts, strict=True) if one != other]
    # Some of the largest have another last digit, and are the same number read back.
    assert [number for number, _ in differing if abs(number) < 2**53] == []
    assert [number for number, text in differing if float(text) != number] == []
    assert len(differing) < len(finite) / 500


@pytest.mark.slow
def test_letters_have_the_same_cases(both: tuple[Warehouse, Warehouse]) -> None:
    letters = "".join(chr(number) for number in range(33, 0x2000) if chr(number).isalpha())
    one, other = (warehouse.value("select lower(?) as text", [letters]) for warehouse in both)
    assert other == one
