"""What tests of every folder share: the sample shop after each of its two days."""

import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from hypothesis import settings

from tests.command import Finished, run_weft
from tests.shared import made_once, share
from warehouse.engines.duckdb import DuckDBWarehouse

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

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    def weft(self, *arguments: str) -> Finished:
        """Run a command in the project."""
        return run_weft("--project-dir", str(self.folder), "--target", "prod", *arguments)

    def build_only(self, *models: str) -> None:
        """Let a build choose these models, without tests, as a team's default selector does."""
        chosen: list[dict[str, Any]] = [{"method": "fqn", "value": model} for model in models]
        chosen += [{"exclude": [{"method": "resource_type", "value": "test"}]}]
        definition = {"union": chosen}
        selector = {"name": "chosen", "default": True, "definition": definition}
        (self.folder / "selectors.yml").write_text(yaml.safe_dump({"selectors": [selector]}))

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
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
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
    port = urlsplit((demo / "address").read_text()).port
    assert port
    return Shop(demo / name, port).copy(folder / "shop")


@pytest.fixture(scope="session")
def first_day(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop after its first 90 days. To be read; take a copy to change it."""
    return _after(demo, "first_day", tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="session")
def next_day(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop after the next day as well. To be read; take a copy to change it."""
    return _after(demo, DEMO, tmp_path_factory.mktemp("next"))
