"""The whole path against the sample's answers, which come from the personas' stories."""

import csv
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import sample_data
from tests.conftest import Shop

ANSWERS = json.loads((Path(sample_data.__file__).parent / "answers.json").read_text("utf-8"))
DAYS = ["first_day", "next_day"]
AUDIENCES = ["cart_abandoners", "high_value_customers", "lapsed_customers"]

Identifier = tuple[str, str]


@pytest.fixture(params=DAYS)
def day(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(day: str, request: pytest.FixtureRequest) -> Shop:
    found: Shop = request.getfixturevalue(day)
    return found


def profiles(shop: Shop) -> dict[str, frozenset[Identifier]]:
    """Identifiers by profile."""
    found = defaultdict(set)
    for row in shop.rows(
        "select profile_id, identifier_type, identifier_value from analytics.profile_identifiers"
    ):
        found[row["profile_id"]].add((row["identifier_type"], row["identifier_value"]))
    return {profile_id: frozenset(identifiers) for profile_id, identifiers in found.items()}


def people(day: str) -> dict[Identifier, frozenset[Identifier]]:
    """The true person of each identifier."""
    found = {}
    for person in ANSWERS["people"][day]:
        identifiers = frozenset((type_, value) for type_, value in person["identifiers"])
        found.update(dict.fromkeys(identifiers, identifiers))
    return found


def members(shop: Shop, audience: str) -> set[frozenset[Identifier]]:
    by_profile = profiles(shop)
    rows = shop.rows(f"select profile_id from analytics.{audience}")
    assert len({row["profile_id"] for row in rows}) == len(rows)
    return {by_profile[row["profile_id"]] for row in rows}


def test_every_line_is_accounted_for(shop: Shop, day: str) -> None:
    as_of = ANSWERS["as_of"][day]
    for source, expected in ANSWERS["counts"][day].items():
        [counts] = shop.rows(
            "select read, landed, duplicate, rejected, blocked from weft.loads"
            f" where source = '{source}' and uri like '%{as_of}%'"
        )
        assert counts == expected


def test_every_event_is_in_its_tables(shop: Shop, day: str) -> None:
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for name in DAYS[: DAYS.index(day) + 1]:
        for source, tables in ANSWERS["rows"][name].items():
            for table, count in tables.items():
                expected[source, table] += count
    found = {
        (source, table): shop.rows(f'select count(*) as n from "{source}"."{table}"')[0]["n"]
        for source, table in expected
    }
    assert found == expected


def test_identifiers_of_one_person_are_one_profile(shop: Shop, day: str) -> None:
    assert set(profiles(shop).values()) == set(people(day).values())


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_right_people_are_in_an_audience(shop: Shop, day: str, audience: str) -> None:
    person = people(day)
    expected = {person[type_, value] for type_, value in ANSWERS["audiences"][day][audience]}
    assert expected
    assert members(shop, audience) == expected


def test_traits_are_those_of_the_story(shop: Shop, day: str) -> None:
    rows = shop.rows(
        "select user_id, orders_count, lifetime_revenue, last_order_at from analytics.profiles"
    )
    found = {row["user_id"]: row for row in rows}
    assert ANSWERS["traits"][day]
    for user_id, expected in ANSWERS["traits"][day].items():
        traits = found[user_id]
        assert traits["orders_count"] == expected["orders_count"]
        assert traits["lifetime_revenue"] == Decimal(expected["lifetime_revenue"])
        last_order = traits["last_order_at"].isoformat(timespec="milliseconds") + "Z"
        assert last_order == expected["last_order_at"]


def test_profile_ids_survive_the_next_day(first_day: Shop, next_day: Shop) -> None:
    before, after = profiles(first_day), profiles(next_day)
    merged = {
        row["profile_id"]: row["merged_into"]
        for row in next_day.rows("select * from analytics.profile_merges")
    }
    for profile_id, identifiers in before.items():
        assert identifiers <= after[merged.get(profile_id, profile_id)]
    assert set(merged) == set(before) - set(after)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_ledger_says_who_entered_and_who_left(
    first_day: Shop, next_day: Shop, audience: str
) -> None:
    ids = {
        day: {row["profile_id"] for row in shop.rows(f"select * from analytics.{audience}")}
        for day, shop in (("before", first_day), ("after", next_day))
    }
    changes = defaultdict(set)
    for row in next_day.rows(
        "select profile_id, change from analytics.audience_memberships"
        f" where audience = '{audience}' and as_of = date '{sample_data.NEXT_AS_OF}'"
    ):
        changes[row["change"]].add(row["profile_id"])
    assert changes["entered"] == ids["after"] - ids["before"]
    assert changes["exited"] == ids["before"] - ids["after"]
    assert changes["entered"]
    assert changes["exited"]


def received(shop: Shop) -> list[dict[str, Any]]:
    path = shop.folder / "received" / "cart_abandoners_to_webhook.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_webhook_holds_the_audience(shop: Shop) -> None:
    held: dict[str, Any] = {}
    for row in received(shop):
        if row["operation"] == "remove":
            del held[row["key"]]
        else:
            assert row["key"] not in held
            held[row["key"]] = row["fields"]
    expected = shop.rows(
        "select profile_id, email, last_product_viewed from analytics.cart_abandoners"
    )
    assert set(held) == {row["profile_id"] for row in expected}
    for row in expected:
        assert held[row["profile_id"]]["email"] == row["email"]


def test_the_files_hold_the_changes_of_the_audience(next_day: Shop) -> None:
    folder = next_day.folder / "exports" / "high_value_customers_to_files"
    first, second = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    members: set[str] = set()
    for path, expected in ((first, "first_day"), (second, "next_day")):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["operation"] == "remove":
                    members.remove(row["key"])
                else:
                    assert (row["key"] in members) == (row["operation"] == "change")
                    members.add(row["key"])
        assert len(members) == len(ANSWERS["audiences"][expected]["high_value_customers"])
    rows = next_day.rows("select profile_id from analytics.high_value_customers")
    assert members == {row["profile_id"] for row in rows}


STATE = ["analytics.profiles", "analytics.profile_id_register", "analytics.profile_identifiers"]
STATE += [
    "analytics.audience_memberships",
    "weft.sync_snapshot",
    "weft.loads",
    "weft.sync_attempts",
]
STATE += ["web.tracks", "web.users", "weft.rejects", "weft.discards"]


def test_a_second_run_with_nothing_new_does_nothing_and_says_so(
    next_day: Shop, tmp_path: Path
) -> None:
    shop = next_day.copy(tmp_path / "shop")
    queries = [f"select * from {table} order by all" for table in STATE]
    before = [shop.rows(query) for query in queries]
    # No receiver listens, and no variable names one: a request could not even be made.
    finished = shop.weft("run", "--as-of", sample_data.NEXT_AS_OF.isoformat())
    assert finished.exit_code == 0, finished.errors
    assert "nothing new" in finished.output
    assert "no request was sent" in finished.output
    assert [shop.rows(query) for query in queries] == before
    assert received(shop) == received(next_day)
