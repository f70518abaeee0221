"""Every statement that weft sends is SQL of the engines that it compiles for and never runs.

This proves that sqlglot reads it in each dialect, and that its functions are the vendor's. It
proves nothing of types and values.
"""

import ast
import contextlib
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.tokenizer_core import TokenType

from cli.demo.receiver import run_receiver
from tests.command import run_weft
from tests.compiled_functions import FUNCTIONS, GAPS, words
from tests.conftest import Shop
from tests.recording import DBT, Statements, recorded, statements
from tests.shared import made_once
from warehouse.engines import open_engine
from warehouse.engines.compiled import COMPILED
from warehouse.engines.compiled_sql import compile_statement
from warehouse.errors import ConfigurationError

_MODEL = re.compile(r'"node_id": "(model\.[^"]+)"')
_NO_FUNCTIONS = words("""
    ALL AND AS BIGNUMERIC BY DECIMAL DISTINCT ELSE EXISTS FILTER FROM GROUP IN INTO JOIN LIKE NOT
    NUMERIC ON OR OVER SELECT TABLE THEN UNION USING VALUES VARCHAR WHEN WHERE
""")
ROOT = Path(__file__).parents[2]
TESTED = ("tests/loaders", "tests/reverse_etl", "tests/explore", "tests/cli", "tests/warehouse")
FILES = "high_value_customers_to_files"
TOUR = f"""
status
audience list
audience show high_value_customers
audience preview high_value_customers
audience diff high_value_customers:lapsed_customers
audience history high_value_customers
profile show team@example.com
identity check
tracking-plan infer web
reset {FILES} --yes
plan -s {FILES} -o tonight.plan.json
apply tonight.plan.json
runs list --command sync --limit 1
runs errors
runs retry -s {FILES}
suppressions add x@example.com --type email --reason asked
suppressions list x@example.com
suppressions lift x@example.com --type email
backfill --from 2026-09-01 --source web
forget team@example.com --yes
sync -s {FILES} --run-id by-hand
runs show by-hand
build --full-refresh
"""


@pytest.fixture(scope="session")
def tour(next_day: Shop) -> Path:
    """What the commands ask that the two days have no need of."""

    def make(folder: Path) -> None:
        shop = next_day.copy(folder / "shop")
        receiver = run_receiver(shop.folder / "received", shop.port)
        with receiver as url, pytest.MonkeyPatch.context() as patch:
            patch.setenv("SHOP_WEBHOOK_URL", url)
            with recorded(folder / "asked.json"), contextlib.chdir(shop.folder):
                for line in TOUR.strip().splitlines():
                    finished = shop.weft(*line.split())
                    assert finished.exit_code == 0, f"{line}: {finished.errors}"

    return made_once("tour", make) / "asked.json"


@pytest.fixture(scope="session")
def tested() -> Path:
    """What weft asks in its own tests: faults, other sources, other destinations."""

    def make(folder: Path) -> None:
        environment = {**os.environ, "WEFT_ASKED": str(folder / "asked.json")}
        environment.pop("PYTEST_XDIST_WORKER", None)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.recording_session"]
        chosen = [
            "-m",
            "not slow and not postgres and not spark",
            "--basetemp",
            str(folder / "base"),
        ]
        finished = subprocess.run(
            [*command, *chosen, *TESTED], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert finished.returncode == 0, finished.stdout[-3_000:]

    return made_once("tested", make) / "asked.json"


@pytest.fixture(params=COMPILED)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def asked(demo: Path) -> Statements:
    """What weft asks on the sample shop's two days, and the longest statement of each model."""
    found = statements(demo / "asked.json")
    longest: dict[str, str] = {}
    for sql in found:
        node = _MODEL.search(sql)
        if node is not None and len(sql) > len(longest.get(node[1], "")):
            longest[node[1]] = sql
    kept = {*longest.values(), *(sql for sql, places in found.items() if DBT not in places)}
    return {sql: places for sql, places in found.items() if sql in kept}


@pytest.fixture(scope="session")
def everything(demo: Path, tour: Path, tested: Path) -> Statements:
    """All that the two days ask, dbt's tests too, other commands, and the tests of the parts."""
    return statements(demo / "asked.json", tour, tested)


def test_what_a_day_asks_is_sql_of_the_dialect(asked: Statements, dialect: str) -> None:
    assert len([sql for sql, places in asked.items() if DBT not in places]) > 80
    assert len([sql for sql, places in asked.items() if DBT in places]) > 20
    assert wrong(asked, dialect) == {}


@pytest.mark.slow
def test_whatever_is_asked_is_sql_of_the_dialect(everything: Statements, dialect: str) -> None:
    assert wrong(everything, dialect) == {}


def wrong(asked: Statements, dialect: str) -> dict[str, str]:
    """By the place of a statement what is wrong with it in a dialect."""
    found: dict[str, str] = {}
    for sql, places in asked.items():
        for compiled in compile_statement(sql, dialect):
            tree = sqlglot.parse_one(compiled, read=dialect, error_level=ErrorLevel.RAISE)
            unknown = functions(compiled, dialect) - FUNCTIONS[dialect] - GAPS[dialect]
            if unknown:
                found[f"{places[0]}: {compiled[:300]}"] = f"no functions of {dialect}: {unknown}"
            elif isinstance(tree, exp.Command):
                found[f"{places[0]}: {compiled[:300]}"] = "not understood"
    return found


def functions(sql: str, dialect: str) -> set[str]:
    """The functions that a statement calls, as they are written."""
    tokens = sqlglot.tokenize(sql, read=dialect)
    return {
        name.text.upper()
        for name, opening in pairwise(tokens)
        if opening.token_type == TokenType.L_PAREN
        and name.end + 1 == opening.start
        and name.token_type not in (TokenType.IDENTIFIER, TokenType.STRING)
        and name.text.isidentifier()
    } - _NO_FUNCTIONS


@pytest.mark.slow
def test_a_gap_is_one_that_is_met(everything: Statements, dialect: str) -> None:
    met: set[str] = set()
    for sql in everything:
        for compiled in compile_statement(sql, dialect):
            met |= functions(compiled, dialect)
    assert met >= GAPS[dialect]


@pytest.mark.parametrize(
    ("sql", "snowflake", "bigquery", "databricks", "redshift"),
    [
        (
            "select count(*) filter (where a > 1) from t",
            "SELECT COUNT(CASE WHEN a > 1 THEN 1 END) FROM t",
            "SELECT COUNT(CASE WHEN a > 1 THEN 1 END) FROM t",
            "SELECT COUNT(*) FILTER(WHERE a > 1) FROM t",
            "SELECT COUNT(CASE WHEN a > 1 THEN 1 END) FROM t",
        ),
        (
            "select regexp_matches(a, ?), regexp_replace(b, '[^0-9]', '', 'g') from t",
            "SELECT (REGEXP_INSTR(a, :1) > 0), REGEXP_REPLACE(b, '[^0-9]', '') FROM t",
            "SELECT REGEXP_CONTAINS(a, @p1), REGEXP_REPLACE(b, '[^0-9]', '') FROM t",
            "SELECT (REGEXP_LIKE(a, :p1)), REGEXP_REPLACE(b, '[^0-9]', '') FROM t",
            "SELECT (a ~ $1), REGEXP_REPLACE(b, '[^0-9]', '') FROM t",
        ),
        (
            "select list_sort(list(a) filter (where true)) from t",
            "SELECT ARRAY_SORT(ARRAY_AGG(a)) FROM t",
            "SELECT array_agg(a IGNORE NULLS ORDER BY a) FROM t",
            "SELECT ARRAY_SORT(COLLECT_LIST(a)) FROM t",
            "SELECT SPLIT_TO_ARRAY(LISTAGG(a, CHR(31)) WITHIN GROUP (ORDER BY a), CHR(31)) FROM t",
        ),
        (
            "select (min({'place': b, 'value': a})).value from t",
            "SELECT GET(ARRAY_AGG(a) WITHIN GROUP (ORDER BY b ASC, a ASC), 0) FROM t",
            "SELECT array_agg(IF(TRUE, struct(a AS value), NULL) IGNORE NULLS ORDER BY b ASC,"
            " a ASC LIMIT 1)[SAFE_OFFSET(0)].value FROM t",
            "SELECT ARRAY_SORT(COLLECT_LIST(STRUCT(a AS value, b AS key_0, a AS key_1)),"
            " (one, other) -> CASE WHEN one.key_0 < other.key_0 THEN -1"
            " WHEN one.key_0 <> other.key_0 THEN 1 WHEN one.key_1 < other.key_1 THEN -1"
            " WHEN one.key_1 <> other.key_1 THEN 1 ELSE 0 END)[0].value FROM t",
            "SELECT NULLIF(SPLIT_PART(LISTAGG(COALESCE(CAST(a AS VARCHAR), CHR(30)), CHR(31))"
            " WITHIN GROUP (ORDER BY b ASC, a ASC), CHR(31), 1), CHR(30)) FROM t",
        ),
        (
            "delete from t where a is distinct from ?",
            "DELETE FROM t WHERE a IS DISTINCT FROM :1",
            "DELETE FROM t WHERE a IS DISTINCT FROM @p1",
            "DELETE FROM t WHERE a IS DISTINCT FROM :p1",
            "DELETE FROM t WHERE (COALESCE(a <> $1, (a IS NULL) <> ($1 IS NULL)))",
        ),
        (
            "select least(a, b), try_cast(c as timestamp) from t",
            "SELECT LEAST_IGNORE_NULLS(a, b), TRY_CAST(CAST(c AS VARCHAR) AS TIMESTAMPNTZ) FROM t",
            "SELECT ((SELECT MIN(one) FROM UNNEST([a, b]) AS one)), SAFE_CAST(c AS DATETIME)"
            " FROM t",
            "SELECT LEAST(a, b), TRY_CAST(c AS TIMESTAMP_NTZ) FROM t",
            "SELECT LEAST(a, b), TRY_CAST(c AS TIMESTAMP) FROM t",
        ),
    ],
)
def test_what_sqlglot_would_get_wrong_is_said_otherwise(
    sql: str, snowflake: str, bigquery: str, databricks: str, redshift: str
) -> None:
    assert [compile_statement(sql, dialect) for dialect in COMPILED] == [
        (snowflake,),
        (bigquery,),
        (databricks,),
        (redshift,),
    ]


def test_a_window_with_a_name_is_written_out(dialect: str) -> None:
    [compiled] = compile_statement(
        "select count(*) over one as n from t window one as (partition by a)", dialect
    )
    assert compiled == "SELECT COUNT(*) OVER (PARTITION BY a) AS n FROM t"


def test_what_cannot_be_replaced_is_dropped_first() -> None:
    assert compile_statement("create or replace table a.b as select 1 as n", "redshift") == (
        "drop TABLE if exists a.b",
        "CREATE TABLE a.b AS SELECT 1 AS n",
    )


def test_such_a_target_is_refused_with_what_to_do(dialect: str, tmp_path: Path) -> None:
    name = COMPILED[dialect].name
    with pytest.raises(ConfigurationError, match=f"target is {name}.*never run.*--target.*duckdb"):
        open_engine({"type": dialect}, tmp_path)


def test_a_command_on_such_a_target_starts_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    assert run_weft("init", str(folder)).exit_code == 0
    profiles = folder / "profiles.yml"
    profiles.write_text(profiles.read_text("utf-8").replace("type: duckdb", "type: snowflake"))
    finished = run_weft("--project-dir", str(folder), "status")
    assert finished.exit_code == 2
    assert "has never run it" in finished.errors


def call_sites(root: Path) -> set[tuple[str, int, int]]:
    """Where the code asks a warehouse something: path, first and last line."""
    found = set()
    for package in ("loaders", "reverse_etl", "explore", "cli", "warehouse"):
        for path in sorted((root / package).rglob("*.py")):
            if path.parent.name == "engines":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    asks = node.func.attr in ("execute", "arrow", "rows", "value", "batches")
                    if asks and ast.unparse(node.func.value).endswith("warehouse"):
                        last = node.end_lineno or node.lineno
                        found.add((str(path.relative_to(root)), node.lineno, last))
    return found


@pytest.mark.slow
def test_most_of_what_the_code_can_ask_is_asked_here(everything: Statements) -> None:
    """The rest is asked in processes that tests start, and where a machine fails."""
    places = [
        place.rsplit(":", 1) for found in everything.values() for place in found if place != DBT
    ]
    lines = {(path, int(line)) for path, line in places}
    sites = call_sites(ROOT)
    met = {
        site for site in sites if any((site[0], n) in lines for n in range(site[1], site[2] + 1))
    }
    assert len(met) / len(sites) > 0.9, sorted(sites - met)
