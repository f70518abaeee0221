"""A receiver, and a project that sends to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver, receiving

THIRD_PARTY = Path(__file__).parent / "third_party"


@pytest.fixture(autouse=True)
def _engine(output: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every house of a test stands on the engine it is to run on."""
    monkeypatch.setattr(House, "output", output)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as listening:
        yield listening


@pytest.fixture
def house(tmp_path: Path, receiver: Receiver) -> Iterator[House]:
    with House(tmp_path, destination=webhook(receiver.url)) as built:
        yield built


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with destinations of its own, as if it were installed."""
    monkeypatch.syspath_prepend(str(THIRD_PARTY))
