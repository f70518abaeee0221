"""Tests on several engines: those marked ``every_engine`` on each, others on the chosen one."""

from typing import Any

import pytest

from tests.postgres import PostgresServer
from tests.spark import emptied

ENGINES = ("duckdb", "postgres", "spark")
# A test of many statements takes Spark minutes.
MARKS = {"postgres": [pytest.mark.postgres], "spark": [pytest.mark.spark, pytest.mark.slow]}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine", choices=ENGINES, default="duckdb", help="the engine that tests run on"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" not in metafunc.fixturenames:
        return
    every = metafunc.definition.get_closest_marker("every_engine")
    names = ENGINES if every else (metafunc.config.getoption("engine"),)
    chosen = [pytest.param(name, marks=MARKS.get(name, []), id=name) for name in names]
    # Most tests run on one engine, whose name would only be noise.
    if len(names) == 1:
        chosen = [pytest.param(names[0], marks=MARKS.get(names[0], []), id=pytest.HIDDEN_PARAM)]
    metafunc.parametrize("engine", chosen, indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine that a test runs on."""
    # Tests of unittest cannot be parametrized.
    return str(getattr(request, "param", request.config.getoption("engine")))


@pytest.fixture
def output(engine: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """An output of a dbt profile: a warehouse of the test's own."""
    if engine == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.new_database().output()
    if engine == "spark":
        return emptied(request.getfixturevalue("shared_spark_output"))
    return {"type": "duckdb", "path": "warehouse.duckdb", "schema": "analytics"}
