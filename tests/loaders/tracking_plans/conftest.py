"""Events at the door of a warehouse."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loaders.tracking_plans.arrivals import Door


@pytest.fixture
def door(tmp_path: Path, output: dict[str, Any]) -> Iterator[Door]:
    door = Door(tmp_path, output)
    yield door
    door.warehouse.close()
