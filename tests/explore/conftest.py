"""A small town whose people the looks are tested on."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.shop import Event, EventShop, event
from tests.postgres import PostgresServer
from tests.shared import made_once

CROWD = 3_000
"""Anonymous ids that signed up with one e-mail address."""

FIRST: list[Event] = [
    # Ann browses, signs in, and is found by e-mail on her phone.
    event("01 09:00", anonymousId="ann-web", messageId="ann-1"),
    event("01 10:00", "identify", userId="ann", anonymousId="ann-web", messageId="ann-2"),
    event(
        "02 10:00",
        "identify",
        userId="ann",
        traits={"email": "Ann@Example.com", "first_name": "Ann"},
        messageId="ann-3",
    ),
    event(
        "03 10:00",
        "identify",
        anonymousId="ann-phone",
        traits={"email": "ann@example.com"},
        messageId="ann-4",
    ),
    # Bob signs in on her phone, which stays hers.
    event("04 10:00", userId="bob", anonymousId="ann-phone", messageId="bob-1"),
    # A visitor who turns out to be Bob on the second day.
    event("02 08:00", anonymousId="bob-web", messageId="bob-2"),
    # One value of two types.
    event("05 10:00", userId="123"),
    event("05 10:00", anonymousId="123"),
    # A value that would break careless drawings and tables.
    event("05 10:00", userId='<b>"&\n\x01', anonymousId="x" * 5_000),
    event("05 10:00", "identify", userId="tel", traits={"phone": "+44 7700 900123"}),
    *(
        event("06 10:00", "identify", anonymousId=f"crowd-{n}", traits={"email": "all@example.com"})
        for n in range(CROWD)
    ),
]
SECOND: list[Event] = [
    event("07 10:00", userId="bob", anonymousId="bob-web", messageId="bob-3", event="Signed In")
]


def _build_town(folder: Path, output: Mapping[str, Any] | None = None) -> None:
    shop = EventShop(folder / "shop", output)
    shop.load(FIRST)
    shop.build_models(as_of="2026-09-06")
    shop.load(SECOND)
    shop.build(as_of="2026-09-07")


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> EventShop:
    """The town after two days. To be read."""
    if request.config.getoption("--engine") == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        folder = tmp_path_factory.mktemp("town")
        _build_town(folder, server.new_database().output())
        return EventShop(folder / "shop")
    built = made_once("town", _build_town)
    return EventShop(shutil.copytree(built / "shop", tmp_path_factory.mktemp("town") / "shop"))
