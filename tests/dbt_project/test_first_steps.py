"""Projects at their very beginning, and projects that were there before weft."""

from pathlib import Path

import pytest

from tests.command import run_weft
from tests.dbt_project.shop import WEFT_YML, EventShop, event
from warehouse.engines.duckdb import DuckDBWarehouse


@pytest.fixture
def shop(tmp_path: Path) -> EventShop:
    return EventShop(tmp_path / "shop")


def test_a_project_that_has_landed_a_single_identify_call_builds(shop: EventShop) -> None:
    shop.load([event("01 10:00", "identify", userId="u1", traits={"email": "u1@example.com"})])
    shop.build()
    [profile] = shop.rows("select * from analytics.profiles")
    assert (profile["user_id"], profile["email"]) == ("u1", "u1@example.com")
    assert (profile["orders_count"], profile["lifetime_revenue"]) == (0, None)
    assert shop.rows("select * from analytics.high_value_customers") == []


@pytest.mark.slow
def test_a_project_that_has_landed_nothing_builds(shop: EventShop) -> None:
    shop.build()
    assert shop.rows("select * from analytics.profiles") == []


def test_an_existing_dbt_project_takes_the_package_in(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "events").mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: old\nprofile: old\nmodel-paths: [models]\n")
    (tmp_path / "profiles.yml").write_text(
        "old:\n  target: dev\n  outputs:\n"
        "    dev: {type: duckdb, path: old.duckdb, schema: marts, threads: 2}\n"
    )
    (tmp_path / "models" / "countries.sql").write_text("select 'u1' as user_id, 'PT' as country")
    (tmp_path / "models" / "people.sql").write_text(
        "select profiles.profile_id, countries.country from {{ ref('profiles') }} as profiles"
        " inner join {{ ref('countries') }} as countries on countries.user_id = profiles.user_id"
    )
    (tmp_path / "weft.yml").write_text(WEFT_YML)
    (tmp_path / "dbt_project.yml").write_text((tmp_path / "dbt_project.yml").read_text() + IDENTITY)
    (tmp_path / "events" / "1.ndjson").write_text(
        '{"type":"identify","userId":"u1","messageId":"1","traits":{"plan":"pro"}}\n'
    )
    for command in ("load", "build"):
        finished = run_weft("--project-dir", str(tmp_path), command)
        assert finished.exit_code == 0, finished.output + finished.errors
    with DuckDBWarehouse(tmp_path / "old.duckdb") as warehouse:
        assert warehouse.value("select country from marts.people") == "PT"
        assert warehouse.value("select plan from marts.profiles") == "pro"


# Without rules of its own the project has those of the package; here it has others.
IDENTITY = """
vars:
  identity:
    identifiers:
      - type: user_id
        unique: true
        from: [user_id]
"""
