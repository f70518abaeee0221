"""Events at the door of a warehouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loaders.tracking_plans.arrivals import Door


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    door = Door(tmp_path)
    yield door
    door.warehouse.close()
