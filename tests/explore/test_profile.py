"""weft profile show: who somebody is, and why."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.conftest import Shop
from tests.dbt_project.shop import EventShop
from tests.explore.conftest import CROWD

SVG = "{http://www.w3.org/2000/svg}"


def show(shop: EventShop | Shop, identifier: str, *options: str) -> dict[str, Any]:
    finished = shop.weft("profile", "show", identifier, "--json", *options)
    assert finished.exit_code == 0, finished.errors
    profile: dict[str, Any] = json.loads(finished.output)
    return profile


def refusal(shop: EventShop, identifier: str) -> str:
    finished = shop.weft("profile", "show", identifier)
    assert finished.exit_code == 2
    assert finished.output == ""
    assert len(finished.errors.splitlines()) == 1
    return finished.errors


def identifiers(profile: dict[str, Any]) -> list[str]:
    return [f"{one['identifier_type']}:{one['identifier_value']}" for one in profile["identifiers"]]


@pytest.mark.parametrize(
    "identifier",
    ["email:ann@example.com", "ann@example.com", " ANN@Example.com", "user_id:ann", "ann-phone"],
)
def test_an_identifier_finds_its_profile_with_or_without_its_type(
    town: EventShop, identifier: str
) -> None:
    assert identifiers(show(town, identifier)) == [
        "anonymous_id:ann-web",
        "user_id:ann",
        "email:ann@example.com",
        "anonymous_id:ann-phone",
    ]


def test_a_phone_number_is_found_however_it_is_written(town: EventShop) -> None:
    assert show(town, "0044 (7700) 900-123") == show(town, "phone:+447700900123")


def test_a_profile_id_that_was_merged_finds_the_one_it_lives_on_in(town: EventShop) -> None:
    [merge] = town.rows("select profile_id, merged_into from analytics.profile_merges")
    profile = show(town, merge["profile_id"])
    assert profile == show(town, merge["merged_into"]) == show(town, "user_id:bob")
    [former] = profile["former_ids"]
    assert (former["profile_id"], former["as_of"]) == (merge["profile_id"], "2026-09-07")


def test_a_value_of_several_profiles_lists_them(town: EventShop) -> None:
    errors = refusal(town, "123")
    assert "means 2 profiles" in errors
    assert "user_id:123 (profile " in errors
    assert "anonymous_id:123 (profile " in errors


@pytest.mark.parametrize(
    ("identifier", "advice"),
    [
        ("emial:ann@example.com", "did you mean 'email:ann@example.com'?"),
        ("nobody@example.com", "type:value"),
        ("user_id:nobody", "user_id, email, phone, anonymous_id"),
        ("", "type:value"),
    ],
)
def test_an_identifier_that_is_not_there_is_one_sentence(
    town: EventShop, identifier: str, advice: str
) -> None:
    assert advice in refusal(town, identifier)


def test_before_the_first_build_it_says_so(tmp_path: Path) -> None:
    assert "weft build" in refusal(EventShop(tmp_path / "shop"), "ann")


def test_every_identifier_but_the_first_says_how_it_came_in(town: EventShop) -> None:
    profile = show(town, "user_id:ann")
    came_in = [
        one["came_in"] and (one["came_in"]["identifier_value"], one["came_in"]["event"]["event_id"])
        for one in profile["identifiers"]
    ]
    assert came_in == [
        None,
        ("ann-web", "ann-2"),
        ("ann", "ann-3"),
        ("ann@example.com", "ann-4"),
    ]
    event = profile["identifiers"][3]["came_in"]["event"]
    assert (event["source"], event["call_type"], event["event_name"]) == ("web", "identify", None)
    assert profile["identifiers"][2]["last_seen_at"] == "2026-09-03 10:00:00"


def test_a_refused_link_says_why_on_both_sides(town: EventShop) -> None:
    [bobs] = show(town, "user_id:bob")["refused_links"]
    assert (bobs["identifier_value"], bobs["other_value"]) == ("bob", "ann-phone")
    assert (bobs["reason"], bobs["other_known_as"]) == ("unique", "user_id:ann")
    assert "an earlier link counts" in bobs["meaning"]
    assert bobs["event"]["event_id"] == "bob-1"
    [anns] = show(town, "user_id:ann")["refused_links"]
    assert (anns["identifier_value"], anns["other_value"]) == ("ann-phone", "bob")
    assert anns["other_known_as"] == "user_id:bob"


def test_traits_and_events_are_those_of_the_profile(town: EventShop) -> None:
    profile = show(town, "user_id:ann")
    assert profile["traits"]["first_name"] == "Ann"
    assert not {"user_id", "email", "email_all", "profile_id"} & set(profile["traits"])
    assert [event["event_id"] for event in profile["events"]] == [
        "ann-4",
        "ann-3",
        "ann-2",
        "ann-1",
    ]


def test_audiences_are_those_the_profile_is_in_now(next_day: Shop) -> None:
    [member, *_] = next_day.rows("select profile_id from analytics.cart_abandoners order by 1")
    [former] = next_day.rows(
        "select profile_id from analytics.audience_memberships as ledger"
        " where audience = 'cart_abandoners' and change = 'exited'"
        " and profile_id in (select profile_id from analytics.profiles)"
        " order by 1 limit 1"
    )
    now = {one["audience"]: one for one in show(next_day, member["profile_id"])["audiences"]}
    assert now["cart_abandoners"]["as_of"] in ("2026-09-29", "2026-09-30")
    left = show(next_day, former["profile_id"])["audiences"]
    assert "cart_abandoners" not in {one["audience"] for one in left}


def test_a_profile_of_thousands_is_cut_and_says_how_many_more(
    town: EventShop, tmp_path: Path
) -> None:
    drawing = tmp_path / "crowd.svg"
    profile = show(town, "all@example.com", "--limit", "5", "--graph", str(drawing))
    assert len(profile["identifiers"]) == len(profile["events"]) == 5
    assert profile["totals"]["identifiers"] == CROWD + 1
    assert f"of which {CROWD + 1 - 50:,} are not drawn" in drawing.read_text("utf-8")
    finished = town.weft("profile", "show", "all@example.com", "--limit", "5")
    assert f"and {CROWD + 1 - 5:,} more identifiers" in finished.output
    assert f"and {CROWD - 5:,} more events" in finished.output


def test_a_person_reads_the_same(town: EventShop) -> None:
    finished = town.weft("profile", "show", "user_id:bob")
    assert "formerly also " in finished.output
    assert "user_id:bob with anonymous_id:ann-phone of user_id:ann (profile " in finished.output
    assert "anonymous_id:bob-web on Signed In of web bob-3, 2026-09-07 10:00:00" in finished.output


def test_values_of_any_kind_stay_on_their_line_and_in_their_box(
    town: EventShop, tmp_path: Path
) -> None:
    drawing = tmp_path / "odd.svg"
    finished = town.weft("profile", "show", "x" * 5_000, "--graph", str(drawing))
    assert finished.exit_code == 0, finished.errors
    assert '<b>"&\\n\\x01' in finished.output
    assert "x" * 61 not in finished.output
    root = ElementTree.parse(drawing).getroot()
    assert '<b>"&\ufffd\ufffd' in {text.text for text in root.iter(f"{SVG}text")}


def test_the_drawing_has_a_box_per_identifier_and_dashes_for_refusals(
    town: EventShop, tmp_path: Path
) -> None:
    drawings = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for drawing in drawings:
        show(town, "user_id:ann", "--graph", str(drawing))
    root = ElementTree.parse(drawings[0]).getroot()
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles[1:] == [
        "anonymous_id: ann-web",
        "user_id: ann",
        "email: ann@example.com",
        "anonymous_id: ann-phone",
        "user_id: bob, another profile",
    ]
    kinds = [path.get("class") for path in root.iter(f"{SVG}path")]
    assert sorted(map(str, kinds)) == ["came_in"] * 3 + ["refused"]
    assert drawings[0].read_bytes() == drawings[1].read_bytes()
