"""A project with one source, in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loaders.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "shop")
    yield desk
    desk.warehouse.close()
