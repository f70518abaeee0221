"""Values of one type read as another: PostgreSQL reads, and writes as text, what DuckDB does."""

import json
import random
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cli.scaffold import write_project
from tests.dbt_project.on_postgres import copy_landed, use_output
from tests.postgres import PostgresDatabase, PostgresServer
from warehouse.dbt import compile_sql
from warehouse.engines import Table, literal
from warehouse.engines.duckdb import DuckDBWarehouse
from warehouse.project import find_project
from warehouse.system_tables import migrate

pytestmark = pytest.mark.postgres

BROAD = Context(prec=60)
TYPES = ("text", "decimal", "integer", "float", "boolean", "timestamp", "date")
TEXTS = (
    *("", " ", "1", "+1", "-1", " 1 ", "\t1\n", "1.5", "2.5", "-2.5", ".5", "5.", ".", "1e3"),
    *("1E+3", "1e-3", "1e", "1.5e2", "1,000", "1_000", "1_000.5", "_1", "1_", "1__0", "00012"),
    *("1e18", "1e19", "1e28", "1e29", "1e30", "12345678901234567890123456789", "-0", "0.0"),
    *("99999999999999999999999999999.9999999994", "1.0000000005", "-1.0000000005", "1e-20"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "0.4", "-0.5"),
    *("abc", "1 2", "--1", "1e5.5", "1d", "٣", "1\xa0", "5e-1", "true", "FALSE", "t", "Yes"),
    *("no", "N", "y", "on", " true ", "2026-01-02", "2026-1-2", "2026-01-02T03:04:05"),
    *("2026-01-02 03:04:05.5", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789Z"),
    *("2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05+0200", "2026-01-02 3:4:5"),
    *("2026-01-02 03:04:05.5-05:30 ", "2026-01-02 03:04+02", "2026-01-02 03:04:05 +02"),
    *(
        "2026-02-30",
        "2026-13-01",
        " 2026-01-02",
        "2026-01-02 ",
        " 2026-01-02 03:04:05",
        "2026-01-02 03:04:05 ",
        "2026/01/02",
        "20260102",
        "0001-01-01",
    ),
    *("2026-01-02 24:00:00", "2026-01-02 25:00:00", "2026-01-02 23:59:60", "2026-01-02T"),
    *("2026-01-02 03", "2026-01-02T03:04", "now", "null", "Ünïcödé", "日本語", "it's"),
)
FLOATS = (
    *(0.0, -0.0, 1.0, -1.5, 0.1, 19.99, 1e15, 1e16, 123456789012345.6, 1234567890123456.7),
    *(1e-4, 1e-5, 1.5e-7, 2.5, 3.5, -2.5, 1e17, 1e18, 1.1e18, 1e28, 1e29, 1e30, 1e300, 5e-324),
    *(5e-10, 1.5e-9, 2.5e-9, -5e-10, -2.5e-9),
    *(9223372036854775807.0, 9007199254740993.0, 10000000.01, 0.30000000000000004),
)


def random_floats() -> list[float]:
    """Prices, and numbers of every size."""
    chance = random.Random(9)
    prices = [chance.randint(-(10**9), 10**9) / 100 for _ in range(300)]
    return prices + [chance.uniform(-10, 10) * 10 ** chance.randint(-20, 30) for _ in range(700)]


LANDED: dict[str, tuple[pa.DataType, Sequence[Any]]] = {
    "a_text": (pa.string(), TEXTS),
    "a_float": (pa.float64(), [*FLOATS, *random_floats()]),
    "an_integer": (pa.int64(), [0, 1, -1, 10**15, 10**16, 2**63 - 1, -(2**63)]),
    "a_boolean": (pa.bool_(), [True, False]),
    "a_timestamp": (
        pa.timestamp("us"),
        [datetime(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5, 120000), datetime(1, 1, 1)],
    ),
    "a_date": (pa.date32(), [date(2026, 1, 2), date(9999, 12, 31)]),
}
# What no engine makes of the other, and DuckDB will not even try.
NEVER = {
    *(("an_integer", type_) for type_ in ("timestamp", "date")),
    *(("a_float", type_) for type_ in ("timestamp", "date")),
    *(("a_boolean", type_) for type_ in ("timestamp", "date")),
    *(
        (name, type_)
        for name in ("a_timestamp", "a_date")
        for type_ in ("decimal", "integer", "float", "boolean")
    ),
}


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose table of tracks has a column of each type."""
    folder = tmp_path_factory.mktemp("values") / "duck"
    write_project(folder)
    columns = {"id": pa.array([], pa.string())} | {
        name: pa.array([], type_) for name, (type_, _) in LANDED.items()
    }
    with find_project(folder).open() as warehouse:
        migrate(warehouse)
        warehouse.execute("create schema web")
        names = "id varchar, a_text varchar, a_float double, an_integer bigint"
        rest = "a_boolean boolean, a_timestamp timestamp, a_date date, load_id bigint"
        warehouse.execute(f"create table web.tracks ({names}, {rest})")
        for name, (type_, values) in LANDED.items():
            ids = [f"{name} {number:05}" for number in range(len(values))]
            rows = {"id": ids, name: pa.array(values, type_), "load_id": [1] * len(values)}
            assert name in columns
            warehouse.insert(Table("web", "tracks"), pa.table(rows))
        line = {"load_id": 1, "source": "web", "format": "ndjson", "state": "landed"}
        warehouse.insert(Table("weft", "loads"), pa.Table.from_pylist([line]))
    return folder


def is_too_large(pair: tuple[str, str], value: Any) -> bool:
    """Whether PostgreSQL may write a float with one digit more."""
    return pair == ("a_float", "text") and abs(value) > 2**53


def compiled(folder: Path, parts: Sequence[str]) -> list[str]:
    """Pieces of SQL as the project's target has them."""
    query = compile_sql(
        find_project(folder),
        as_of=date(2026, 1, 1),
        run_id="values",
        options=["--inline", "\n;;\n".join(parts)],
    )["inline_query"]
    return query.split(";;")


def queries(folder: Path) -> dict[tuple[str, str], str]:
    """A query per column and type it is read as, as the project's target has it."""
    pairs = [(name, type_) for name in LANDED for type_ in TYPES if (name, type_) not in NEVER]
    parts = compiled(
        folder,
        [
            "{{ weft.landed('tracks', {'id': 'text', '" + name + "': '" + type_ + "'}) }}"
            for name, type_ in pairs
        ],
    )
    return {
        pair: f"select {pair[0]} from ({query}) as landed where id like '{pair[0]} %' order by id"
        for pair, query in zip(pairs, parts, strict=True)
    }


def test_values_are_read_as_on_duckdb(
    duckdb: Path, postgres_database: PostgresDatabase, tmp_path: Path
) -> None:
    write_project(tmp_path / "postgres")
    use_output(tmp_path / "postgres", postgres_database.output())
    with DuckDBWarehouse(duckdb / "dev.duckdb") as warehouse:
        expected = {
            pair: [value for (value,) in warehouse.parser.execute(query).fetchall()]
            for pair, query in queries(duckdb).items()
        }
    at = TEXTS.index("2026-01-02T03:04:05+02:00")
    assert expected["a_text", "timestamp"][at] == datetime(2026, 1, 2, 1, 4, 5)
    copy_landed(duckdb / "dev.duckdb", postgres_database, [])
    wrong = []
    for pair, query in queries(tmp_path / "postgres").items():
        found = [value for (value,) in postgres_database.execute(query)]
        values = LANDED[pair[0]][1]
        assert len(found) == len(values) == len(expected[pair])
        wrong += [
            (*pair, value, duck, postgres)
            for value, duck, postgres in zip(values, expected[pair], found, strict=True)
            if repr(duck) != repr(postgres) and not is_too_large(pair, value)
        ]
    assert not wrong


PATTERNS = (
    r"^[0-]*$",
    r"\bcat\b",
    r"a.c$",
    r"^(?:x|y)\d+\z",
    r"(?i)CAT",
    r"[[:alpha:]]+-\w",
    r"\\b",
)
WORDS = ("", "000-0", "a cat.", "concat", "abc", "x12", "x12\n", "Cat-1", "a\\b", "ä-1")
EXPRESSIONS = {
    "matches": [f"{{{{ weft.matches('word', {json.dumps(one)}) }}}}" for one in PATTERNS],
    "letters": [
        "{{ weft.small_letters('word') }}",
        "{{ weft.digits('word') }}",
        "{{ weft.sha256('word') }}",
        "{{ weft.e164('word', '49') }}",
        "{{ weft.contains_text('word', 'Cat') }}",
    ],
    "lists": [
        '{{ weft.json_array_contains("\'[\\"it\\", \\"a b\\"]\'", \'it\') }}',
        "{{ weft.json_array_contains(\"'[\\\"it\\\"]'\", 'i') }}",
        "{{ weft.json_array_contains('cast(null as varchar)', 'it') }}",
    ],
}
WORD_QUERY = "select {} from (values {}) as words (word) order by word"


@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_expressions_mean_what_they_mean_on_duckdb(
    kind: str, duckdb: Path, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    # A database that knows the small letters of English only.
    database = postgres_server.new_database("template template0 locale 'C'")
    write_project(tmp_path)
    use_output(tmp_path, database.output())
    words = ", ".join(f"({literal(word)})" for word in (*WORDS, "ÄÖÜß", "+49 (170) 1"))
    wrong = []
    with DuckDBWarehouse(duckdb / "dev.duckdb") as warehouse:
        parts = (compiled(folder, EXPRESSIONS[kind]) for folder in (duckdb, tmp_path))
        for duck, postgres in zip(*parts, strict=True):
            in_order = WORD_QUERY.replace("order by word", 'order by word collate "C"')
            expected = warehouse.parser.execute(WORD_QUERY.format(duck, words)).fetchall()
            if database.execute(in_order.format(postgres, words)) != expected:
                wrong.append(duck)
    assert not wrong


def test_a_quotient_is_exact(
    duckdb: Path, postgres_database: PostgresDatabase, tmp_path: Path
) -> None:
    write_project(tmp_path)
    use_output(tmp_path, postgres_database.output())
    chance = random.Random(3)
    billionths = [chance.randint(-(10 ** chance.randint(1, 36)), 10**12) for _ in range(300)]
    cases = [(one, chance.randint(1, 10 ** chance.randint(0, 6))) for one in billionths]
    cases += [(1, 2), (-1, 2), (3, 2), (0, 7), (5, 0)]
    rows = ", ".join(
        f"({place}, cast({Decimal(one).scaleb(-9, BROAD)} as decimal(38, 9)), {count})"
        for place, (one, count) in enumerate(cases)
    )
    with localcontext(BROAD):
        expected = [
            (Decimal(one) / count).quantize(Decimal(1), ROUND_HALF_UP) if count else None
            for one, count in cases
        ]
    quotient = ["{{ weft.quotient('total', 'parts') }}"]
    query = (
        "select cast({} as decimal(38, 9))"
        " from (values {}) as cases (place, total, parts) order by place"
    )
    with DuckDBWarehouse(duckdb / "dev.duckdb") as warehouse:
        (sql,) = compiled(duckdb, quotient)
        on_duckdb = warehouse.parser.execute(query.format(sql, rows)).fetchall()
    (sql,) = compiled(tmp_path, quotient)
    for found in (on_duckdb, postgres_database.execute(query.format(sql, rows))):
        assert [None if one is None else int(one.scaleb(9, BROAD)) for (one,) in found] == expected
