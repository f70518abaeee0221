"""The sample shop, built on PostgreSQL from the same files: row for row what it is on DuckDB."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

import sample_data
from tests.conftest import Shop
from tests.dbt_project.on_postgres import (
    build_on_postgres,
    comparable,
    copy_landed,
    use_output,
)
from tests.postgres import PostgresDatabase, PostgresServer
from warehouse.engines import quote
from warehouse.engines.duckdb import DuckDBWarehouse

pytestmark = pytest.mark.postgres

BUILT = "analytics"
# Ids and times of runs, and what an engine stores in its own way to come to the same.
NOT_COMPARED = {
    "run_id",
    "changed_at",
    "built_at",
    "tree_id",
    "piece_id",
    "event_hash",
    "rules_hash",
    "signature",
}
MAYBE_EMPTY = {"audience_holdouts", "model_identifiers", "profile_merges"}
LEDGERS = {"identity_builds", "trait_builds", "identity_figures", "identity_state"}
NOT_COMPARED_TABLES = {"browsing_traits__product_viewed__days"}
NAMES = (
    "select identifier_id, identifier_type || ':' || identifier_value from analytics.identifiers"
)


class TwoShops:
    """The shop on both engines: what differed after each day."""

    def __init__(self, folder: Path, database: PostgresDatabase) -> None:
        self.folder = folder
        self.database = database
        self.after: dict[date, list[str]] = {}

    def run_day(self, shop: Shop, as_of: date) -> None:
        """Bring over what has landed until a day, build, and compare."""
        path = shop.folder / "prod.duckdb"
        copy_landed(path, self.database, [BUILT])
        build_on_postgres(self.folder, as_of)
        self.after[as_of] = self.differences(path)

    def tables(self) -> list[str]:
        """The tables and views that were built."""
        found = self.database.execute(
            f"select table_name from information_schema.tables where table_schema = '{BUILT}'"
        )
        return sorted(name for (name,) in found)

    def differences(self, path: Path, left_out: Sequence[str] = ()) -> list[str]:
        """The tables whose rows are not the same, but for some columns."""
        found = []
        with DuckDBWarehouse(path) as warehouse:
            duckdb = warehouse.parser
            stored = warehouse.schema_columns(BUILT)
            assert sorted(stored) == self.tables()
            names = [dict(duckdb.execute(NAMES).fetchall()), dict(self.database.execute(NAMES))]
            for table in sorted(set(stored) - NOT_COMPARED_TABLES):
                columns = [quote(one) for one in stored[table] if one not in left_out]
                query = f"select {', '.join(columns)} from {BUILT}.{quote(table)}"
                for one in NOT_COMPARED & set(stored[table]):
                    query = query.replace(quote(one), "''")
                if table == "audience_events":
                    query = query.replace(quote("event_id"), "''")
                rows = [duckdb.execute(query).fetchall(), self.database.execute(query)]
                assert rows[0] or table in MAYBE_EMPTY
                if comparable(rows[0], names[0]) != comparable(rows[1], names[1]):
                    found.append(table)
        return found


@pytest.fixture(scope="module")
def shops(
    first_day: Shop,
    next_day: Shop,
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> TwoShops:
    """The shop after both days."""
    folder = tmp_path_factory.mktemp("postgres") / "shop"
    copytree(first_day.folder, folder, ignore=ignore_patterns("*.duckdb*", "target", "received"))
    shops = TwoShops(folder, postgres_server.new_database())
    use_output(folder, shops.database.output())
    shops.run_day(first_day, sample_data.FIRST_AS_OF)
    shops.run_day(next_day, sample_data.NEXT_AS_OF)
    return shops


def test_every_table_is_the_same_after_each_day(shops: TwoShops) -> None:
    assert shops.after == {sample_data.FIRST_AS_OF: [], sample_data.NEXT_AS_OF: []}


def test_the_next_day_builds_nothing_anew(shops: TwoShops) -> None:
    full = shops.database.execute(
        "select model_name from analytics.identity_builds where build = 2 and is_full"
        " union all select model_name from analytics.trait_builds where build = 2 and is_full"
    )
    with_days = [("profiles",)]
    assert [row for row in full if row not in with_days] == []


@pytest.mark.slow
def test_a_full_refresh_changes_nothing_and_passes_the_tests_of_the_project(
    shops: TwoShops, next_day: Shop
) -> None:
    register = "select * from analytics.profile_id_register order by position"
    before = shops.database.execute(register)
    build_on_postgres(shops.folder, sample_data.NEXT_AS_OF, "--full-refresh", tests=True)
    assert shops.database.execute(register) == before
    differences = shops.differences(next_day.folder / "prod.duckdb", left_out=["build"])
    assert set(differences) <= LEDGERS
