"""Values of one type read as another: Spark reads, and writes as text, what DuckDB does."""

import random
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from unicodedata import category

import pytest

from cli.scaffold import write_project
from tests.dbt_project.on_postgres import use_output
from tests.dbt_project.on_spark import SparkTables, copy_landed
from tests.dbt_project.test_postgres_values import (
    BROAD,
    EXPRESSIONS,
    LANDED,
    WORD_QUERY,
    WORDS,
    compiled,
    duckdb,
    queries,
)
from tests.spark import spark_output
from warehouse.engines import literal
from warehouse.engines.duckdb import DuckDBWarehouse

__all__ = ["duckdb"]

pytestmark = [pytest.mark.spark, pytest.mark.slow]

# Before release 19, Java may write a float with more digits than it takes to tell it.
MORE_DIGITS = ("a_float", "text")


@pytest.fixture(scope="module")
def project(spark_folder: Path) -> Path:
    """A project on Spark."""
    folder = spark_folder / "project"
    write_project(folder)
    use_output(folder, spark_output(spark_folder))
    return folder


@pytest.fixture(scope="module")
def tables(spark_folder: Path, project: Path) -> SparkTables:
    """The tables of that project."""
    return SparkTables(spark_output(spark_folder), project)


def test_values_are_read_as_on_duckdb(duckdb: Path, project: Path, tables: SparkTables) -> None:
    with DuckDBWarehouse(duckdb / "dev.duckdb") as warehouse:
        expected = {
            pair: [value for (value,) in warehouse.parser.execute(query).fetchall()]
            for pair, query in queries(duckdb).items()
        }
    copy_landed(duckdb / "dev.duckdb", tables, [])
    wrong = []
    for pair, query in queries(project).items():
        found = [value for (value,) in tables.execute(query)]
        values = LANDED[pair[0]][1]
        assert len(found) == len(values) == len(expected[pair])
        wrong += [
            (*pair, value, duck, spark)
            for value, duck, spark in zip(values, expected[pair], found, strict=True)
            if repr(duck) != repr(spark)
            and not (pair == MORE_DIGITS and float(duck) == float(spark))
        ]
    assert not wrong


@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_expressions_mean_what_they_mean_on_duckdb(
    kind: str, duckdb: Path, project: Path, tables: SparkTables
) -> None:
    words = ", ".join(f"({literal(word)})" for word in (*WORDS, "ÄÖÜß", "ΣΑΣ", "+49 (170) 1"))
    wrong = []
    with DuckDBWarehouse(duckdb / "dev.duckdb") as warehouse:
        given = [one.replace("varchar", "string") for one in EXPRESSIONS[kind]]
        parts = (compiled(folder, given) for folder in (duckdb, project))
        for duck, spark in zip(*parts, strict=True):
            expected = warehouse.parser.execute(WORD_QUERY.format(duck, words)).fetchall()
            if tables.execute(WORD_QUERY.format(spark, words.replace("\\", "\\\\"))) != expected:
                wrong.append(duck)
    assert not wrong


def test_small_letters_are_those_of_duckdb(
    duckdb: Path, project: Path, tables: SparkTables
) -> None:
    (small,) = compiled(project, ["{{ weft.small_letters('letter') }}"])
    found = tables.execute(
        f"select id, hex({small}) from"
        " (select id, decode(unhex(lpad(hex(id), 8, '0')), 'UTF-32') as letter from"
        " range(33, 55000)) order by id"
    )
    with DuckDBWarehouse(duckdb / "dev.duckdb") as warehouse:
        expected = warehouse.parser.execute(
            "select id, hex(lower(chr(id::integer))) from range(33, 55000) as t (id) order by id"
        ).fetchall()
    # Spark knows letters that are newer than DuckDB.
    wrong = [row for row, wanted in zip(found, expected, strict=True) if row != wanted]
    assert [row for row in wrong if category(chr(row[0])) != "Cn"] == []


def test_a_quotient_is_exact(project: Path, tables: SparkTables) -> None:
    chance = random.Random(3)
    billionths = [chance.randint(-(10 ** chance.randint(1, 36)), 10**12) for _ in range(300)]
    cases = [(one, chance.randint(1, 10 ** chance.randint(0, 6))) for one in billionths]
    cases += [(1, 2), (-1, 2), (3, 2), (0, 7), (5, 0)]
    with localcontext(BROAD):
        rows = ", ".join(
            f"({place}, cast('{Decimal(one).scaleb(-9):f}' as decimal(38, 9)), {count})"
            for place, (one, count) in enumerate(cases)
        )
        expected = [
            int((Decimal(one) / count).quantize(Decimal(1), ROUND_HALF_UP)) if count else None
            for one, count in cases
        ]
        (sql,) = compiled(project, ["{{ weft.quotient('total', 'parts') }}"])
        found = tables.execute(
            f"select cast({sql} as decimal(38, 9))"
            f" from (values {rows}) as cases (place, total, parts) order by place"
        )
        assert [None if one is None else int(one.scaleb(9)) for (one,) in found] == expected
