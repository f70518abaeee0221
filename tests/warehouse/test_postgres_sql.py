"""weft's SQL gives the same on PostgreSQL as on DuckDB, byte for byte."""

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from tests.postgres import PostgresServer
from warehouse.engines import Table, Warehouse, open_engine
from warehouse.engines.postgres_sql import translate

pytestmark = pytest.mark.postgres

EXPRESSIONS = (
    "sha256(lower(trim(cast('  Ünï Ada@Example.COM' || chr(160) as varchar))))",
    "md5('é')",
    "cast(to_json('a\"b\\c/' || chr(8) || chr(11) || chr(31) || chr(127) || '🙂') as varchar)",
    "cast(to_json(cast(null as varchar)) as varchar)",
    "contains('abc', 'b')",
    "contains('a%c', '%d')",
    "starts_with('abc', 'ab')",
    "ends_with('abc', 'bc')",
    "ends_with('abc', '')",
    "array_to_string(list_transform(['a', null, 'b'], lambda one: coalesce(one || '!', '-')), ',')",
    "list_transform(cast(null as varchar[]), lambda one: one || '!') is null",
    "list_has_any(['a', 'b'], ['b', 'c'])",
    "list_has_any(['a'], [])",
    "isfinite(cast('nan' as double))",
    "isfinite(timestamp '2026-01-01')",
    "to_base64(cast('ab' as blob))",
    "regexp_full_match('12', '[0-9]') or regexp_full_match('1', '[0-9]|a')",
    "cast(cast(1 as double) / 3 as varchar)",
    "cast(7 / 2 as double)",
    "replace(cast(timestamp '2026-01-31 12:00:00.120' as varchar), ' ', 'T') || 'Z'",
    "replace(cast(timezone('UTC', timestamptz '2026-01-31 12:00:00+02:00') as varchar), ' ', 'T')",
    "rtrim(rtrim(cast(cast(12.50 as decimal(38, 9)) as varchar), '0'), '.')",
    "concat('a', null, 1)",
    "concat_ws(',', 'a', null, 'b')",
    "'x' || chr(10) || cast(7 as bigint)",
    "date '2026-01-31' - interval 30 day < timestamp '2026-01-02'",
)


@pytest.fixture(scope="module")
def both(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, Warehouse]]:
    duckdb = {"type": "duckdb", "path": "warehouse.duckdb"}
    postgres = postgres_server.new_database().output()
    with (
        open_engine(duckdb, tmp_path_factory.mktemp("duckdb")) as one,
        open_engine(postgres, Path()) as other,
    ):
        yield one, other


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_agree(both: tuple[Warehouse, Warehouse], expression: str) -> None:
    one, other = (warehouse.value(f"select {expression} as value") for warehouse in both)
    assert other == one


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


def test_numbers_are_written_alike(both: tuple[Warehouse, Warehouse]) -> None:
    random = Random(20260131)
    numbers = [struct.unpack("d", random.randbytes(8))[0] for _ in range(2_000)]
    for size in (1e-6, 1, 1e3, 1e15, 1e16, 1e17, 1e19, 1e22):
        numbers += [random.uniform(-size, size) for _ in range(300)]
    finite = [number for number in numbers if math.isfinite(number)]
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
    assert texts[1] == texts[0]


def test_letters_have_the_same_cases(both: tuple[Warehouse, Warehouse]) -> None:
    letters = "".join(chr(number) for number in range(33, 0x2000) if chr(number).isalpha())
    one, other = (warehouse.value("select lower(?) as text", [letters]) for warehouse in both)
    assert other == one


def test_a_table_that_replaces_another_is_dropped_first() -> None:
    assert translate('create or replace temporary table "a b" as select 1 as n') == (
        'drop TABLE if exists pg_temp."a b"',
        'CREATE TEMPORARY TABLE "a b" AS SELECT 1 AS n',
    )


def test_texts_that_weft_creates_have_a_collation() -> None:
    (made,) = translate("create table t (a varchar, b bigint)", "C")
    assert made == 'CREATE TABLE t (a TEXT COLLATE "C", b BIGINT)'
    (added,) = translate("alter table t add column c varchar", "C")
    assert added == 'ALTER TABLE t ADD COLUMN c TEXT COLLATE "C"'


def test_marks_in_texts_are_no_parameters() -> None:
    assert translate("select '?', ?, \"?\" from t where a = ?") == (
        "SELECT '?', $1, \"?\" FROM t WHERE a = $2",
    )
