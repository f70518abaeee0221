"""Migrations: what an older weft wrote stays, and newer tables and columns appear."""

from pathlib import Path

import pytest

from warehouse import system_tables
from warehouse.engines.duckdb import DuckDBWarehouse
from warehouse.system_tables import MIGRATIONS, SCHEMA_VERSION, SYNC_PLANS, migrate


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_every_older_version_is_brought_forward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    with DuckDBWarehouse(tmp_path / "new.duckdb") as new:
        migrate(new)
        expected = {name: sorted(columns) for name, columns in new.schema_columns("weft").items()}
    with DuckDBWarehouse(tmp_path / "old.duckdb") as old:
        with monkeypatch.context() as patch:
            patch.setattr(system_tables, "MIGRATIONS", MIGRATIONS[:version])
            migrate(old)
        old.execute(f"insert into {SYNC_PLANS} (plan_id, added) values ('p', 3)")
        migrate(old)
        found = {name: sorted(columns) for name, columns in old.schema_columns("weft").items()}
        assert found == expected
        assert old.rows(f"select plan_id, added from {SYNC_PLANS}") == [
            {"plan_id": "p", "added": 3}
        ]
        assert old.value(f"select max(version) from {SCHEMA_VERSION}") == len(MIGRATIONS)
