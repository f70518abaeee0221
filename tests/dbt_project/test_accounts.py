"""Accounts: what group calls say of companies, and what they do not say of people."""

from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.shop import OWN_TESTS, Event, EventShop, event


def group(at: str, group_id: str, traits: dict[str, Any] | None = None, **fields: Any) -> Event:
    return event(at, "group", groupId=group_id, traits=traits or {}, **fields)


EVENTS = [
    # Two people of one company, who share its e-mail address as well.
    group("01 10:00", "acme", {"name": "Acme", "plan": "trial", "seats": 3}, userId="g1"),
    group("02 10:00", "acme", {"plan": "pro", "email": "info@example.com"}, userId="g2"),
    group("03 10:00", "acme", {"name": None}, userId="g1"),
    # A visitor of the company who turns out to be one of the two.
    group("04 10:00", "acme", userId="", anonymousId="g1-web"),
    event("05 10:00", userId="g1", anonymousId="g1-web"),
    # Somebody of two companies.
    group("06 10:00", "globex", {"name": "Globex"}, userId="g2"),
    # A company nobody of whom is known, and no company at all.
    group("07 10:00", "initech", {"name": "Initech"}, userId="null"),
    group("07 11:00", " ", {"name": "Nowhere"}, userId="g2"),
    event("08 10:00", userId="loner"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> EventShop:
    shop = EventShop(tmp_path_factory.mktemp("accounts") / "shop")
    shop.load(EVENTS)
    shop.build("--select", "+account_profiles", "+account_members", "+profiles", *OWN_TESTS)
    return shop


def test_an_account_has_the_latest_value_of_each_trait(shop: EventShop) -> None:
    rows = shop.rows(
        "select group_id, name, plan, seats, email, count_members,"
        " day(first_seen_at) as first, day(last_seen_at) as last"
        " from analytics.account_profiles order by group_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("acme", "Acme", "pro", 3, "info@example.com", 2, 1, 4),
        ("globex", "Globex", None, None, None, 1, 6, 6),
        ("initech", "Initech", None, None, None, 0, 7, 7),
    ]


def test_the_traits_are_those_of_the_landed_accounts(shop: EventShop) -> None:
    traits = "name, plan, seats, email"
    assert shop.rows(
        f"select group_id, {traits} from analytics.account_profiles order by group_id"
    ) == shop.rows(
        f"select id as group_id, {traits} from web.accounts where trim(id) <> '' order by id"
    )


def test_members_are_profiles_and_each_is_one_once(shop: EventShop) -> None:
    rows = shop.rows(
        "select group_id, user_id, count_events"
        " from analytics.account_members inner join analytics.profiles using (profile_id)"
        " order by all"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("acme", "g1", 3),
        ("acme", "g2", 1),
        ("globex", "g2", 1),
    ]


def test_an_account_is_no_bridge_between_its_members(shop: EventShop) -> None:
    profiles = shop.rows(
        "select list(identifier_value order by identifier_value) as people"
        " from analytics.profile_identifiers group by profile_id order by 1"
    )
    assert [row["people"] for row in profiles] == [["g1", "g1-web"], ["g2"], ["loner"]]


def test_a_project_without_group_calls_has_no_accounts(tmp_path: Path) -> None:
    shop = EventShop(tmp_path / "shop")
    # A part of the models, so that what a build sums up at its end is not all there.
    shop.build("--select", "+account_profiles", *OWN_TESTS)
    assert shop.rows("select * from analytics.account_profiles") == []
