import json
from datetime import date
from pathlib import Path

import pytest

from warehouse.engines.duckdb import DuckDBWarehouse
from warehouse.errors import ConfigurationError
from warehouse.runs import latest_run, record_run
from warehouse.system_tables import MIGRATIONS, RUNS, SCHEMA_VERSION, migrate

MONDAY, TUESDAY = date(2026, 9, 28), date(2026, 9, 29)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(tmp_path / "shop.duckdb")


def build(
    warehouse: DuckDBWarehouse, as_of: date, run_id: str | None = None, command: str = "build"
) -> bool:
    """Register a run that builds; whether it was one aside."""
    with record_run(warehouse, command=command, target="dev", as_of=as_of, run_id=run_id) as run:
        run.figures["models"] = 3
    return run.is_aside


def test_a_run_is_registered_with_its_figures(warehouse: DuckDBWarehouse) -> None:
    build(warehouse, MONDAY, "nightly-1")
    row = warehouse.rows(f"select * from {RUNS}")[0]
    assert (row["run_id"], row["state"], row["as_of"]) == ("nightly-1", "succeeded", MONDAY)
    assert json.loads(row["figures"]) == {"models": 3}
    assert row["finished_at"] >= row["started_at"]


def test_a_failed_run_keeps_its_error(warehouse: DuckDBWarehouse) -> None:
    def fail() -> None:
        with record_run(warehouse, command="load", target="dev", as_of=MONDAY):
            raise ConfigurationError("Nothing there.")

    with pytest.raises(ConfigurationError):
        fail()
    row = warehouse.rows(f"select state, error from {RUNS}")[0]
    assert row == {"state": "failed", "error": "ConfigurationError: Nothing there."}


def test_state_only_moves_forward(warehouse: DuckDBWarehouse) -> None:
    build(warehouse, TUESDAY)
    for command in ("run", "backfill"):
        with pytest.raises(ConfigurationError, match=r"stands at 2026-09-29.*--as-of 2026-09-28"):
            build(warehouse, MONDAY, command=command)
    assert not build(warehouse, TUESDAY, command="run")


def test_an_earlier_build_is_one_aside_and_moves_nothing(warehouse: DuckDBWarehouse) -> None:
    assert not build(warehouse, MONDAY, "first")
    assert not build(warehouse, TUESDAY, "second")
    assert build(warehouse, MONDAY, "third")
    assert latest_run_id(warehouse) == "second"
    assert build(warehouse, MONDAY)


def test_the_latest_run_is_found_by_command(warehouse: DuckDBWarehouse) -> None:
    assert latest_run_id(warehouse) is None
    build(warehouse, MONDAY, "first")
    build(warehouse, TUESDAY, "second")
    with record_run(warehouse, command="load", target="dev", as_of=TUESDAY, run_id="third"):
        pass
    assert latest_run_id(warehouse) == "second"


def latest_run_id(warehouse: DuckDBWarehouse) -> str | None:
    migrate(warehouse)
    run = latest_run(warehouse, "dev", ("build", "run"))
    return run["run_id"] if run else None


def test_migrations_are_applied_once(warehouse: DuckDBWarehouse) -> None:
    migrate(warehouse)
    migrate(warehouse)
    versions = [row["version"] for row in warehouse.rows(f"select version from {SCHEMA_VERSION}")]
    assert versions == list(range(1, len(MIGRATIONS) + 1))


def test_a_run_that_is_tried_again_is_one_run(warehouse: DuckDBWarehouse) -> None:
    build(warehouse, MONDAY, "nightly-1")
    build(warehouse, MONDAY, "nightly-1")
    assert warehouse.value(f"select count(*) from {RUNS}") == 1
