"""Stories of who is who, all told in one project of two batches."""

from typing import Any

import pytest

from tests.dbt_project.shop import OWN_TESTS, Event, EventShop, event

FIRST: list[Event] = [
    # A tablet on which two people sign in, one after the other.
    event("01 10:00", userId="tablet-1", anonymousId="tablet"),
    event("02 10:00", userId="tablet-2", anonymousId="tablet"),
    event("03 10:00", anonymousId="tablet"),
    # Two visitors who turn out to be one on the second day, at first sight of their account.
    event("01 09:00", anonymousId="visitor-early"),
    event("01 11:00", anonymousId="visitor-late"),
    # A phone that seems to be Mia's, until an older event arrives that links it with Noa.
    event("05 10:00", userId="mia", anonymousId="phone"),
    event("01 08:00", userId="noa"),
    # Placeholders are nobody.
    event("01 10:00", userId="null", anonymousId="placeholder-1"),
    event("01 10:00", userId="NULL", anonymousId="placeholder-2"),
    event("01 10:00", userId="zeros", anonymousId="00000000-0000-0000-0000-000000000000"),
    # One address, written in three ways.
    event("01 10:00", "identify", userId="ana", traits={"email": "ana@example.com"}),
    event("02 10:00", "identify", anonymousId="ana-web", traits={"email": " Ana@Example.COM "}),
    event("03 10:00", anonymousId="ana-phone", context={"traits": {"email": "ANA@example.com"}}),
    # Type and value do not mix.
    event("01 10:00", userId="123"),
    event("01 10:00", anonymousId="123"),
    # A group is no bridge, and neither is its e-mail.
    event("01 10:00", "group", userId="g1", groupId="acme", traits={"email": "info@example.com"}),
    event("01 10:00", "group", userId="g2", groupId="acme", traits={"email": "info@example.com"}),
    # An alias joins the old id; one of an id to itself says nothing.
    event("01 10:00", anonymousId="old-id"),
    event("02 10:00", "alias", userId="al", previousId="old-id"),
    event("02 10:00", "alias", userId="self", previousId="self"),
    # Phone numbers, however they are written; one that is none identifies nobody.
    event("01 10:00", "identify", userId="p1", traits={"phone": "+44 7700 900-123"}),
    event("02 10:00", "identify", anonymousId="p1-web", traits={"phone": "0044 7700 900123"}),
    event("01 10:00", "identify", userId="p2", traits={"phone": "unknown"}),
    event("02 10:00", "identify", anonymousId="p3", traits={"phone": "unknown"}),
    # Values that would break careless SQL.
    event("01 10:00", userId="o'brien\"; drop table x; --", anonymousId="quote'd {{ 1 }}"),
]
SECOND: list[Event] = [
    event("06 10:00", userId="vi", anonymousId="visitor-early"),
    event("06 11:00", userId="vi", anonymousId="visitor-late"),
    event("04 10:00", userId="noa", anonymousId="phone"),
]
STORIES = {
    "a shared device stays with who signed in on it first": (
        {("user_id", "tablet-1"), ("anonymous_id", "tablet")},
        {("user_id", "tablet-2")},
    ),
    "visitors who sign in become one person": (
        {
            ("user_id", "vi"),
            ("anonymous_id", "visitor-early"),
            ("anonymous_id", "visitor-late"),
        },
    ),
    "the earliest link wins, even when it arrives last": (
        {("user_id", "noa"), ("anonymous_id", "phone")},
        {("user_id", "mia")},
    ),
    "placeholders glue nobody together": (
        {("anonymous_id", "placeholder-1")},
        {("anonymous_id", "placeholder-2")},
        {("user_id", "zeros")},
    ),
    "an address is one however it is written": (
        {
            ("user_id", "ana"),
            ("email", "ana@example.com"),
            ("anonymous_id", "ana-web"),
            ("anonymous_id", "ana-phone"),
        },
    ),
    "type and value do not mix": ({("user_id", "123")}, {("anonymous_id", "123")}),
    "a group is no bridge between people": ({("user_id", "g1")}, {("user_id", "g2")}),
    "an alias joins the old id": ({("user_id", "al"), ("anonymous_id", "old-id")},),
    "an alias of an id to itself says nothing": ({("user_id", "self")},),
    "a phone number is one however it is written": (
        {("user_id", "p1"), ("phone", "+447700900123"), ("anonymous_id", "p1-web")},
        {("user_id", "p2")},
        {("anonymous_id", "p3")},
    ),
    "quotes and braces are values": (
        {("user_id", "o'brien\"; drop table x; --"), ("anonymous_id", "quote'd {{ 1 }}")},
    ),
}


IDENTITY = ("--select", "+profile_events", "profile_merges", "refused_links", *OWN_TESTS)


class Told:
    """The project after each batch."""

    def __init__(self, shop: EventShop) -> None:
        shop.load(FIRST)
        shop.build_models(*IDENTITY)
        self.first = profiles(shop)
        shop.load(SECOND)
        shop.build(*IDENTITY)
        self.second = profiles(shop)
        self.shop = shop


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(EventShop(tmp_path_factory.mktemp("identity") / "shop"))


def profiles(shop: EventShop) -> dict[tuple[str, str], str]:
    """The profile id of each identifier."""
    rows = shop.rows("select * from analytics.profile_identifiers")
    return {(row["identifier_type"], row["identifier_value"]): row["profile_id"] for row in rows}


@pytest.mark.parametrize("story", STORIES)
def test_story(told: Told, story: str) -> None:
    for person in STORIES[story]:
        assert {told.second[identifier] for identifier in person} == {
            told.second[next(iter(person))]
        }
        together = {
            identifier
            for identifier, profile_id in told.second.items()
            if profile_id == told.second[next(iter(person))]
        }
        assert together == person


def test_of_two_profiles_that_merge_the_id_minted_first_survives(told: Told) -> None:
    early, late = ("anonymous_id", "visitor-early"), ("anonymous_id", "visitor-late")
    assert told.first[early] != told.first[late]
    assert told.second[late] == told.second[early] == told.first[early]
    merges = told.shop.rows("select profile_id, merged_into from analytics.profile_merges")
    assert merges == [{"profile_id": told.first[late], "merged_into": told.first[early]}]


def test_a_profile_that_splits_keeps_its_id_where_its_user_is(told: Told) -> None:
    mia, noa, phone = ("user_id", "mia"), ("user_id", "noa"), ("anonymous_id", "phone")
    assert told.first[phone] == told.first[mia]
    assert told.second[mia] == told.first[mia]
    assert told.second[noa] == told.second[phone] == told.first[noa]


def test_refused_links_are_kept_with_their_reason(told: Told) -> None:
    refused = told.shop.rows(
        """
        select first.identifier_value as a, second.identifier_value as b, reason
        from analytics.refused_links
        inner join analytics.identifiers as first on first.identifier_id = first_identifier_id
        inner join analytics.identifiers as second on second.identifier_id = second_identifier_id
        order by all
        """
    )
    assert refused == [
        {"a": "mia", "b": "phone", "reason": "unique"},
        {"a": "tablet-2", "b": "tablet", "reason": "unique"},
    ]


def test_an_event_belongs_to_its_identifier_of_highest_priority(told: Told) -> None:
    owners: dict[Any, Any] = {
        row["occurred_at"].day: row["profile_id"]
        for row in told.shop.rows(
            """
            select events.occurred_at, events.profile_id
            from analytics.profile_events as events
            inner join web.tracks on tracks.id = events.event_id
            where tracks.anonymous_id = 'tablet'
            """
        )
    }
    first, second = told.second["user_id", "tablet-1"], told.second["user_id", "tablet-2"]
    assert owners == {1: first, 2: second, 3: first}


def test_a_build_without_news_leaves_the_register_alone(told: Told) -> None:
    query = "select * from analytics.profile_id_register order by position"
    before = told.shop.rows(query)
    told.shop.build_models(*IDENTITY)
    told.shop.build_models(*IDENTITY, "--full-refresh")
    assert told.shop.rows(query) == before
