"""The register of suppressions, as a person keeps it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.shop import EventShop, event

ANN = hashlib.sha256(b"ann@example.com").hexdigest()


@pytest.fixture
def shop(tmp_path: Path) -> EventShop:
    return EventShop(tmp_path / "shop")


def test_what_is_added_does_not_land_until_it_is_lifted(shop: EventShop) -> None:
    visit: dict[str, Any] = {
        "kind": "identify",
        "userId": "u1",
        "traits": {"email": "Ann@Example.com"},
    }
    added = shop.weft("suppressions", "add", " Ann@example.com", "--type", "email")
    assert added.output == "Suppressions: 1 identifier of type email added, 0 were there\n"
    shop.load([event("01 10:00", **visit)])
    assert shop.rows("select reason from weft.rejects") == [{"reason": "suppressed"}]
    lifted = shop.weft("suppressions", "lift", "ann@example.com ", "--type", "email")
    assert lifted.output == "Suppressions: 1 identifier of type email lifted\n"
    shop.load([event("02 10:00", **visit)])
    assert shop.rows("select email from web.identifies") == [{"email": "Ann@Example.com"}]


def test_a_file_is_taken_line_by_line_and_listed_as_hashes(shop: EventShop) -> None:
    path = shop.folder / "bounced.txt"
    path.write_text("\ufeffann@example.com\r\n\nBob@example.com\nbob@example.com\n", "utf-8")
    arguments = ("suppressions", "add", "--type", "email", "--file", str(path), "--json")
    added = json.loads(shop.weft(*arguments, "--reason", "bounced").output)
    assert (added["given"], added["added"]) == (2, 2)
    assert json.loads(shop.weft(*arguments).output)["added"] == 0
    listed = json.loads(shop.weft("suppressions", "list", "ANN@example.com", "--json").output)
    assert listed["total"] == 1
    [entry] = listed["suppressions"]
    assert (entry["type"], entry["value_hash"], entry["reason"]) == ("email", ANN, "bounced")
    shown = shop.weft("suppressions", "list", "--limit", "1").output
    assert "Suppressions: 2 identifiers" in shown
    assert "and 1 more" in shown
    assert "ann@" not in shown
    assert shop.weft("suppressions", "list", "--type", "user_id").output == "Suppressions: none\n"
    figures = shop.rows("select command, figures from weft.runs order by started_at limit 1")
    assert figures[0]["command"] == "suppressions add"
    assert "ann@" not in figures[0]["figures"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "ann@example.com", "--type", "emial"), "did you mean 'email'?"),
        (("add", "--type", "email"), "No identifier was given"),
        (("lift", " ", "--type", "email"), "No identifier was given"),
    ],
)
def test_what_would_suppress_nothing_is_refused(
    shop: EventShop, arguments: tuple[str, ...], said: str
) -> None:
    finished = shop.weft("suppressions", *arguments)
    assert finished.exit_code == 2
    assert said in finished.errors
    assert not (shop.folder / "dev.duckdb").exists()
