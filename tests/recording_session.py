"""A plugin of pytest: what the tests of a session ask is in the file that ``WEFT_ASKED`` names."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recording import recorded


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Iterator[None]:
    with recorded(Path(os.environ["WEFT_ASKED"])):
        return (yield)
