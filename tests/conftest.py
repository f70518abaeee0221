"""What tests of every folder share: the sample shop after each of its two days."""

import shutil
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import sample_data
from cli.demo.receiver import run_receiver
from tests.command import Finished, run_weft
from warehouse.engines.duckdb import DuckDBWarehouse

# How long an example takes says more of the machine than of what is tested.
settings.register_profile("weft", deadline=None)
settings.load_profile("weft")


@pytest.fixture(scope="session", autouse=True)
def _quiet_dbt() -> Iterator[None]:
    """No test asks dbt's services anything, and none reads the profiles of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        patch.delenv("DBT_PROFILES_DIR", raising=False)
        yield


class Shop:
    """A project with the sample shop's events, on target prod."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    def weft(self, *arguments: str) -> Finished:
        """Run a command in the project."""
        return run_weft("--project-dir", str(self.folder), "--target", "prod", *arguments)

    def run_day(self, events: Path, as_of: date) -> Finished:
        """Let a day's files arrive and run."""
        for file in events.glob("*.ndjson.gz"):
            place = self.folder / "events" / file.name.split(".")[0] / f"{as_of}.ndjson.gz"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
        # The same address every day: another one would be another account, and start afresh.
        receiver = run_receiver(self.folder / "received", self.port)
        with receiver as url, pytest.MonkeyPatch.context() as patch:
            patch.setenv("SHOP_WEBHOOK_URL", url)
            return self.weft("run", "--as-of", as_of.isoformat())

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the warehouse."""
        with DuckDBWarehouse(self.folder / "prod.duckdb") as warehouse:
            return warehouse.rows(sql)

    def copy(self, folder: Path) -> "Shop":
        """A copy, to change, whose warehouse counts as the one that has pushed."""
        shutil.copytree(self.folder, folder)
        with DuckDBWarehouse(folder / "prod.duckdb") as warehouse:
            warehouse.execute("update weft.sync_bindings set warehouse = ?", [warehouse.identity])
        return Shop(folder, self.port)


@pytest.fixture(scope="session")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop after its first 90 days. To be read; take a copy to change it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    shop = Shop(tmp_path_factory.mktemp("first") / "shop", port)
    assert run_weft("init", str(shop.folder)).exit_code == 0
    finished = shop.run_day(sample_data.FIRST_DAY, sample_data.FIRST_AS_OF)
    assert finished.exit_code == 0, finished.errors
    return shop


@pytest.fixture(scope="session")
def next_day(first_day: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop after the next day as well. To be read; take a copy to change it."""
    shop = first_day.copy(tmp_path_factory.mktemp("next") / "shop")
    finished = shop.run_day(sample_data.NEXT_DAY, sample_data.NEXT_AS_OF)
    assert finished.exit_code == 0, finished.errors
    return shop
