"""What tests of every folder share: the sample shop after each of its two days."""

import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from hypothesis import settings

import sample_data
from cli.demo.receiver import run_receiver
from tests.command import Finished, run_weft
from tests.dbt_project.on_postgres import use_output
from tests.engines import engine, output, pytest_addoption, pytest_generate_tests
from tests.postgres import PostgresDatabase, PostgresServer, postgres_database, postgres_server
from tests.recording import recorded
from tests.shared import made_once, share
from tests.spark import (
    export,
    java,
    new_spark_output,
    shared_spark_output,
    spark_folder,
    spark_sessions,
)
from warehouse.project import find_project

__all__ = [
    "engine",
    "java",
    "output",
    "postgres_database",
    "postgres_server",
    "pytest_addoption",
    "pytest_generate_tests",
    "shared_spark_output",
    "spark_folder",
    "spark_sessions",
]

# How long an example takes says more of the machine than of what is tested.
settings.register_profile("weft", deadline=None)
settings.load_profile("weft")


@pytest.fixture(scope="session", autouse=True)
def _shared(tmp_path_factory: pytest.TempPathFactory) -> None:
    share(tmp_path_factory)


@pytest.fixture(scope="session", autouse=True)
def _quiet_dbt() -> Iterator[None]:
    """No test asks dbt's services anything, and none reads the profiles of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        patch.delenv("DBT_PROFILES_DIR", raising=False)
        yield


# Two processes take a file each and then the next: the longest first, so that both end together,
# and those that wait for the same shop apart.
LONGEST = (
    *("dbt_project/test_identity_incremental.py", "cli/test_audience.py"),
    *("dbt_project/test_traits_state.py", "explore/test_identity_simulate.py"),
    *("dbt_project/test_first_steps.py", "explore/test_identity_check.py"),
    *("dbt_project/test_identity_crashes.py", "cli/test_forget.py"),
    *("dbt_project/test_identity.py", "cli/test_json.py", "test_whole_path.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest come first, the others as they are."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


class Shop:
    """A project with the sample shop's events, on target prod."""

    def __init__(self, folder: Path, port: int, database: PostgresDatabase | None = None) -> None:
        """``database`` is the warehouse where the folder does not hold it."""
        self.folder = folder
        self.port = port
        self._database = database

    def weft(self, *arguments: str) -> Finished:
        """Run a command in the project."""
        return run_weft("--project-dir", str(self.folder), "--target", "prod", *arguments)

    def run_day(self, events: Path, as_of: date) -> Finished:
        """Let a day's files arrive and run."""
        for file in events.glob("*.ndjson.gz"):
            place = self.folder / "events" / file.name.split(".")[0] / f"{as_of}.ndjson.gz"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
        receiver = run_receiver(self.folder / "received", self.port)
        with receiver as url, pytest.MonkeyPatch.context() as patch:
            patch.setenv("SHOP_WEBHOOK_URL", url)
            return self.weft("run", "--as-of", as_of.isoformat())

    def build_only(self, *models: str) -> None:
        """Let a build choose these models, without tests, as a team's default selector does."""
        chosen: list[dict[str, Any]] = [{"method": "fqn", "value": model} for model in models]
        chosen += [{"exclude": [{"method": "resource_type", "value": "test"}]}]
        definition = {"union": chosen}
        selector = {"name": "chosen", "default": True, "definition": definition}
        (self.folder / "selectors.yml").write_text(yaml.safe_dump({"selectors": [selector]}))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the warehouse."""
        with find_project(self.folder, target="prod").open() as warehouse:
            return warehouse.rows(sql)

    def copy(self, folder: Path) -> "Shop":
        """A copy, to change, whose warehouse counts as the one that has pushed."""
        shutil.copytree(self.folder, folder)
        database = None
        if self._database is not None:
            server = PostgresServer(self._database.host)
            database = server.new_database(f"template {self._database.name}")
            use_output(folder, database.output())
        with find_project(folder, target="prod").open() as warehouse:
            warehouse.execute("update weft.sync_bindings set warehouse = ?", [warehouse.identity])
        return Shop(folder, self.port, database)


class _Printed(io.StringIO):
    """What the demo prints; when its next day begins, the shop is kept as it is then."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def write(self, text: str) -> int:
        if text.startswith("\nThe next day"):
            shutil.copytree(self._folder / DEMO, self._folder / "first_day")
            (self._folder / "address").write_text(os.environ["SHOP_WEBHOOK_URL"])
        return super().write(text)


DEMO = "weft_demo"


def _run_demo(folder: Path) -> None:
    asked = recorded(folder / "asked.json")
    with asked, contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        # A terminal finds the command where it was installed, a test has none to find.
        patch.setattr("sys.argv", ["/somewhere/weft"])
        finished = run_weft("demo", output=_Printed(folder))
    assert finished.exit_code == 0, finished.errors
    (folder / "output.txt").write_text(finished.output, "utf-8")


@pytest.fixture(scope="session")
def demo() -> Path:
    """What came of ``weft demo``: what it printed and the shop after each day. To be copied."""
    return made_once("demo", _run_demo)


def _after(demo: Path, name: str, folder: Path) -> Shop:
    # The same address every day: another one would be another account, and start afresh.
    return Shop(demo / name, _port(demo)).copy(folder / "shop")


def _port(demo: Path) -> int:
    port = urlsplit((demo / "address").read_text()).port
    assert port
    return port


@pytest.fixture(scope="session")
def first_day(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop after its first 90 days. To be read; take a copy to change it."""
    return _after(demo, "first_day", tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="session")
def next_day(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop after the next day as well. To be read; take a copy to change it."""
    return _after(demo, DEMO, tmp_path_factory.mktemp("next"))


@pytest.fixture(scope="session")
def first_day_on_postgres(
    demo: Path, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """The same shop, of the same name, for ids are made with it; its targets in PostgreSQL."""
    database = postgres_server.new_database()
    port = _port(demo)
    shop = Shop(tmp_path_factory.mktemp("first") / DEMO, port, database)
    assert run_weft("init", str(shop.folder)).exit_code == 0
    use_output(shop.folder, database.output())
    _run(shop, sample_data.FIRST_DAY, sample_data.FIRST_AS_OF)
    return shop


@pytest.fixture(scope="session")
def next_day_on_postgres(
    first_day_on_postgres: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """The same shop after the next day."""
    shop = first_day_on_postgres.copy(tmp_path_factory.mktemp("next") / "shop")
    _run(shop, sample_data.NEXT_DAY, sample_data.NEXT_AS_OF)
    return shop


@pytest.fixture(scope="session")
def live_on_spark(
    demo: Path, spark_sessions: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Shop, dict[str, Path]]:
    """The same shop in a Spark warehouse after both days, and what it held after each of them.

    A warehouse cannot be copied: its tables know where they lie. So its rows are, to DuckDB.
    """
    folder = tmp_path_factory.mktemp("spark_shop")
    shop = Shop(folder / DEMO, _port(demo))
    assert run_weft("init", str(shop.folder)).exit_code == 0
    use_output(shop.folder, new_spark_output(shop.folder))
    days = {
        "first_day": (sample_data.FIRST_DAY, sample_data.FIRST_AS_OF),
        "next_day": (sample_data.NEXT_DAY, sample_data.NEXT_AS_OF),
    }
    for day, (events, as_of) in days.items():
        _run(shop, events, as_of)
        shutil.copytree(shop.folder, folder / day, ignore=shutil.ignore_patterns("warehouse"))
        export(find_project(shop.folder, target="prod"), folder / day / "exported.duckdb")
        use_output(folder / day, {"type": "duckdb", "path": "exported.duckdb"})
    return shop, {day: folder / day for day in days}


@pytest.fixture(scope="session")
def first_day_on_spark(live_on_spark: tuple[Shop, dict[str, Path]]) -> Shop:
    """What the shop on Spark held after its first 90 days. To be read."""
    shop, days = live_on_spark
    return Shop(days["first_day"], shop.port)


@pytest.fixture(scope="session")
def next_day_on_spark(live_on_spark: tuple[Shop, dict[str, Path]]) -> Shop:
    """What it held after the next day. To be read."""
    shop, days = live_on_spark
    return Shop(days["next_day"], shop.port)


def _run(shop: Shop, events: Path, as_of: date) -> None:
    finished = shop.run_day(events, as_of)
    assert finished.exit_code == 0, finished.errors
