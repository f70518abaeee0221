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
from warehouse.engines import quote
from warehouse.project import find_project

ANSWERS = json.loads((Path(sample_data.__file__).parent / "answers.json").read_text("utf-8"))
DAYS = ["first_day", "next_day"]
AUDIENCES = ["cart_abandoners", "high_value_customers", "lapsed_customers"]

Identifier = tuple[str, str]


@pytest.fixture(params=DAYS)
def day(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(
    params=[
        "",
        pytest.param("_on_postgres", marks=[pytest.mark.postgres, pytest.mark.slow]),
        pytest.param("_on_spark", marks=[pytest.mark.spark, pytest.mark.slow]),
    ],
    ids=["duckdb", "postgres", "spark"],
)
def shops(request: pytest.FixtureRequest) -> dict[str, Shop]:
    """The shop after each day, on each engine."""
    return {day: request.getfixturevalue(f"{day}{request.param}") for day in DAYS}


@pytest.fixture
def shop(shops: dict[str, Shop], day: str) -> Shop:
    return shops[day]


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


def test_profile_ids_survive_the_next_day(shops: dict[str, Shop]) -> None:
    first_day, next_day = (shops[day] for day in DAYS)
    before, after = profiles(first_day), profiles(next_day)
    merged = {
        row["profile_id"]: row["merged_into"]
        for row in next_day.rows("select * from analytics.profile_merges")
    }
    for profile_id, identifiers in before.items():
        assert identifiers <= after[merged.get(profile_id, profile_id)]
    assert set(merged) == set(before) - set(after)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_ledger_says_who_entered_and_who_left(shops: dict[str, Shop], audience: str) -> None:
    first_day, next_day = (shops[day] for day in DAYS)
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


def test_the_files_hold_the_changes_of_the_audience(shops: dict[str, Shop]) -> None:
    next_day = shops["next_day"]
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


@pytest.fixture(
    params=[
        "next_day",
        pytest.param("next_day_on_postgres", marks=[pytest.mark.postgres, pytest.mark.slow]),
        pytest.param("live_on_spark", marks=[pytest.mark.spark, pytest.mark.slow]),
    ],
    ids=["duckdb", "postgres", "spark"],
)
def shop_to_run(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    """The shop after both days, that may be run again."""
    found = request.getfixturevalue(request.param)
    if isinstance(found, Shop):
        return found.copy(tmp_path / "shop")
    shop: Shop = found[0]
    return shop


def test_a_second_run_with_nothing_new_does_nothing_and_says_so(shop_to_run: Shop) -> None:
    shop = shop_to_run
    sent = received(shop)
    before = [_contents(shop, table) for table in STATE]
    # No receiver listens, and no variable names one: a request could not even be made.
    finished = shop.weft("run", "--as-of", sample_data.NEXT_AS_OF.isoformat())
    assert finished.exit_code == 0, finished.errors
    assert "nothing new" in finished.output
    assert "no request was sent" in finished.output
    assert [_contents(shop, table) for table in STATE] == before
    assert received(shop) == sent


def _contents(shop: Shop, table: str) -> list[str]:
    return sorted(repr(row) for row in shop.rows(f"select * from {table}"))


SENT = {
    # The order in which rows leave is the engine's own.
    "weft.sync_rows": ("sync", "key", "operation", "payload", "row_hash", "version"),
    "weft.sync_snapshot": ("sync", "key", "row_hash", "payload", "version", "removed"),
    "weft.sync_attempts": ("sync", "key", "operation", "attempt", "outcome", "row_hash"),
    "analytics.profile_identifiers": ("profile_id", "identifier_type", "identifier_value"),
    "analytics.profile_merges": ("profile_id", "merged_into", "as_of"),
    "analytics.audience_memberships": ("audience", "profile_id", "change", "as_of", "reason"),
    "weft.loads": ("load_id", "source", "uri", "checksum", "read", "landed", "duplicate"),
    "weft.rejects": ("load_id", "uri", "line", "reason", "raw"),
    "weft.discards": ("load_id", "table_name", "column_name", "column_value", "row_id", "reason"),
}


@pytest.fixture(
    params=[
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("spark", marks=pytest.mark.spark),
    ]
)
def elsewhere(request: pytest.FixtureRequest) -> Shop:
    """The shop after both days, on another engine than the default."""
    shop: Shop = request.getfixturevalue(f"next_day_on_{request.param}")
    return shop


@pytest.mark.slow
@pytest.mark.parametrize("table", SENT)
def test_every_engine_gives_the_same(next_day: Shop, elsewhere: Shop, table: str) -> None:
    sql = f"select {', '.join(SENT[table])} from {table}"
    expected, found = (
        sorted(repr(row) for row in shop.rows(sql)) for shop in (next_day, elsewhere)
    )
    assert expected
    assert found == expected


@pytest.mark.slow
@pytest.mark.parametrize("source", ["web", "server", "mobile"])
def test_every_engine_lands_the_same(next_day: Shop, elsewhere: Shop, source: str) -> None:
    tables = []
    for shop in (next_day, elsewhere):
        with find_project(shop.folder, target="prod").open() as warehouse:
            landed = warehouse.schema_columns(source)
            rows = {
                name: sorted(
                    repr({key: row[key] for key in row if key not in ("uuid_ts", "loaded_at")})
                    for row in warehouse.rows(f"select * from {quote(source)}.{quote(name)}")
                )
                for name in landed
            }
        tables.append(({name: dict(columns) for name, columns in landed.items()}, rows))
    assert tables[0][1]
    assert tables[1] == tables[0]
