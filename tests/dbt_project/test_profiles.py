"""Profiles: identifiers, custom traits and which of their values survive, told as stories."""

import json
from datetime import datetime
from typing import Any

import pytest

from tests.dbt_project.shop import Event, event
from tests.dbt_project.trait_shop import TraitShop

RULES = """custom_traits:
    signup_plan: {type: text, keep: first}
    colour: {keep: most_frequent}
    country: {type: text, sources: [crm, web]}
    seats: {keep: most_frequent, sources: [crm]}
    nickname: text
"""
MODELS = ("profiles", "profile_activity")
WEFT_YML = """sources:
  web: {files: events/*.ndjson}
  crm: {files: crm/*.ndjson}
"""


def told(at: str, user: str, **traits: Any) -> Event:
    return event(at, "identify", userId=user, traits=traits)


def seen(at: str, user: str, email: str) -> Event:
    return event(at, "identify", userId=user, traits={"email": email})


WEB: list[Event] = [
    # The latest value counts, however late it arrives.
    told("01 10:00", "cy", plan="free", city="Porto"),
    told("03 10:00", "cy", plan="pro"),
    told("02 10:00", "cy", plan="trial"),
    # Null takes a value away, an empty text does not.
    told("01 10:00", "di", plan="pro", logins=3, city="Faro"),
    told("02 10:00", "di", plan=None, city=""),
    # Two at one instant: the one received later.
    {**told("04 10:00", "ed", plan="b"), "receivedAt": "2026-09-04T10:01:00.000Z"},
    {**told("04 10:00", "ed", plan="a"), "receivedAt": "2026-09-04T10:02:00.000Z"},
    # The first value, and the first after one was taken away.
    told("01 10:00", "fay", signup_plan="free"),
    told("02 10:00", "fay", signup_plan="pro"),
    told("01 10:00", "gil", signup_plan="free"),
    told("02 10:00", "gil", signup_plan=None),
    told("03 10:00", "gil", signup_plan="pro"),
    told("04 10:00", "gil", signup_plan="max"),
    # The most frequent, ties by the alphabet.
    *(told(f"0{day} 10:00", "hal", colour=one) for day, one in enumerate("rggrb", 1)),
    # Sources by rank: what crm says counts, though web says it later.
    told("05 10:00", "ida", country="PT", seats=7),
    told("05 10:00", "jo", country="FR"),
    told("06 10:00", "kim", country="DE"),
    # Two addresses; the one seen last.
    seen("01 10:00", "lea", "old@example.com"),
    seen("02 10:00", "lea", "new@example.com"),
    seen("03 10:00", "lea", "old@example.com"),
    seen("03 10:00", "mia", "b@example.com"),
    seen("03 10:00", "mia", "a@example.com"),
]
CRM: list[Event] = [
    told("01 10:00", "ida", country="ES", seats=1),
    told("02 10:00", "ida", seats=2),
    told("03 10:00", "ida", seats=2),
    # crm has taken its word back, and web's stands.
    told("01 10:00", "jo", country="IT"),
    told("06 10:00", "jo", country=None),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> TraitShop:
    shop = TraitShop(tmp_path_factory.mktemp("profiles") / "shop")
    (shop.folder / "weft.yml").write_text(WEFT_YML)
    shop.configure("custom_traits:\n    first_name: text\n    last_name: text\n", RULES)
    (shop.folder / "crm").mkdir()
    lines = "".join(json.dumps(one) + "\n" for one in CRM)
    (shop.folder / "crm" / "1.ndjson").write_text(lines, "utf-8")
    shop.load(WEB)
    shop.build_for(*MODELS)
    return shop


def profile(shop: TraitShop, user_id: str) -> dict[str, Any]:
    [row] = shop.rows(f"select * from analytics.profiles where user_id = '{user_id}'")
    return row


def test_the_latest_custom_trait_counts_whenever_it_arrives(shop: TraitShop) -> None:
    assert (profile(shop, "cy")["plan"], profile(shop, "cy")["city"]) == ("pro", "Porto")
    assert profile(shop, "ed")["plan"] == "a"


def test_a_custom_trait_sent_as_null_is_removed_and_an_empty_text_is_a_value(
    shop: TraitShop,
) -> None:
    di = profile(shop, "di")
    assert (di["plan"], di["logins"], di["city"]) == (None, 3, "")


def test_the_first_value_counts_from_its_last_removal_on(shop: TraitShop) -> None:
    assert profile(shop, "fay")["signup_plan"] == "free"
    assert profile(shop, "gil")["signup_plan"] == "pro"


def test_the_most_frequent_value_counts_and_of_equals_the_first_of_the_alphabet(
    shop: TraitShop,
) -> None:
    assert profile(shop, "hal")["colour"] == "g"


def test_the_best_source_counts_while_it_says_anything(shop: TraitShop) -> None:
    assert (profile(shop, "ida")["country"], profile(shop, "ida")["seats"]) == ("ES", 2)
    assert profile(shop, "jo")["country"] == "FR"
    assert profile(shop, "kim")["country"] == "DE"


def test_a_declared_trait_is_there_before_its_first_value(shop: TraitShop) -> None:
    assert profile(shop, "cy")["nickname"] is None


def test_a_profile_shows_the_identifier_seen_last_and_lists_all(shop: TraitShop) -> None:
    lea, mia = profile(shop, "lea"), profile(shop, "mia")
    assert lea["email"] == "old@example.com"
    assert lea["email_all"] == ["new@example.com", "old@example.com"]
    assert mia["email"] == "a@example.com"
    assert mia["phone_all"] is None


def test_a_quiet_event_moves_the_last_seen_time_and_rewrites_no_profile(shop: TraitShop) -> None:
    def last_seen() -> datetime:
        [row] = shop.rows(
            "select last_seen_at from analytics.profile_activity"
            f" where profile_id = '{profile(shop, 'cy')['profile_id']}'"
        )
        seen_at: datetime = row["last_seen_at"]
        return seen_at

    assert last_seen() == datetime(2026, 9, 3, 10)
    before = shop.dump("profiles")
    shop.load([event("20 10:00", userId="cy"), told("19 10:00", "cy", plan="pro")])
    shop.build_for(*MODELS)
    assert last_seen() == datetime(2026, 9, 20, 10)
    assert shop.dump("profiles") == before
    for model in ("profile_identities", "profile_custom_traits", "profiles"):
        build = shop.last_build(model)
        assert (build["is_full"], build["count_written"]) == (False, 0), model
    assert shop.last_build("profile_custom_traits")["count_touched"] == 1


def test_a_trait_that_lands_for_the_first_time_becomes_a_column(shop: TraitShop) -> None:
    shop.load([told("21 10:00", "cy", shoe_size=41)])
    built = shop.build_for(*MODELS)
    assert profile(shop, "cy")["shoe_size"] == 41
    assert shop.last_build("profiles")["reason"] == "its query has changed"
    assert "  rebuilt: profiles: its query has changed\n" in built.output


def test_a_first_build_and_a_quiet_one_say_nothing_of_rebuilding(shop: TraitShop) -> None:
    figures = shop.rows(
        "select figures -> 'build' ->> 'rebuilt' as rebuilt from weft.runs"
        " where command = 'build' order by started_at limit 2"
    )
    assert [row["rebuilt"] for row in figures] == ["[]", "[]"]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("{keep: newest}", "custom_traits: bad: there is no rule to keep 'newest'"),
        pytest.param(
            "{keeps: first}",
            "custom_traits: bad: there is no setting 'keeps'",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "{sources: web}",
            "custom_traits: bad: `sources` must be a list",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_rule_that_makes_no_sense_is_named(shop: TraitShop, rule: str, says: str) -> None:
    text = shop.configuration.read_text("utf-8")
    try:
        shop.configure("nickname: text", f"bad: {rule}")
        finished = shop.weft("build", "--as-of", "2026-09-29", "-s", "profile_custom_traits")
    finally:
        shop.configuration.write_text(text, "utf-8")
    assert finished.exit_code == 2
    assert says in finished.errors
