"""A project with one source, in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loaders.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, output: dict[str, Any]) -> Iterator[Desk]:
    desk = Desk(tmp_path / "shop", output)
    yield desk
    desk.warehouse.close()


@pytest.fixture(autouse=True)
def few_first_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of tests are short: all but their first events are to be read as those of long ones."""
    monkeypatch.setattr("loaders.shapes._FIRST_ROWS", 2)
