"""Traits kept in cells equal those computed from all events, whatever happens in between."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.shop import Event
from tests.dbt_project.trait_shop import STATELESS, Definitions, TraitShop
from tests.dbt_project.trait_story import (
    BOUGHT,
    DEFINITIONS,
    Chance,
    all_rows,
    as_of_day,
    expected,
    land,
    make_story_shop,
)


@dataclass(frozen=True)
class Story:
    """A shop after three batches, all its events, and its rows as they were after each."""

    shop: TraitShop
    landed: list[Event]
    rows: list[dict[str, list[str]]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Three batches: a history, the next days with late events and merges, then a quiet day."""
    shop = make_story_shop(tmp_path_factory.mktemp("state") / "shop")
    chance = Chance(7)
    batches = [
        (16, [*chance.events(0, 19, 900), *(chance.meeting(12) for _ in range(6))]),
        # Two thirds of these happened long before; some lie in the future.
        (
            18,
            [
                *chance.events(0, 15, 60),
                *chance.events(17, 19, 60),
                *(chance.meeting(18) for _ in range(6)),
                *(chance.joining(18) for _ in range(6)),
            ],
        ),
        (20, chance.events(20, 20, 5)),
    ]
    landed: list[Event] = []
    rows = []
    for day, batch in batches:
        land(shop, day, batch)
        landed += batch
        shop.build_models(as_of=as_of_day(day).isoformat())
        assert shop.dump("kept_traits") == shop.dump("stateless_traits")
        assert shop.dump("kept_traits") == expected(shop, landed, as_of_day(day))
        rows.append(all_rows(shop))
    return Story(shop, landed, rows)


def test_traits_equal_an_independent_computation_after_every_batch(story: Story) -> None:
    shop = story.shop
    builds = shop.rows(
        "select is_full, reason from analytics.trait_builds"
        " where model_name = 'kept_traits' order by build"
    )
    assert [build["is_full"] for build in builds] == [True, False, False]
    assert builds[0]["reason"] == "first build"


@pytest.mark.slow
def test_a_second_build_of_the_same_writes_nothing(story: Story) -> None:
    shop = story.shop
    shop.build_models(as_of=as_of_day(20).isoformat())
    for model in ("kept_traits", "profile_identities", "profile_custom_traits", "profiles"):
        assert (shop.last_build(model)["is_full"], shop.last_build(model)["count_written"]) == (
            False,
            0,
        ), model


# What came about in increments was built on two threads.
@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 4])
def test_a_full_refresh_on_any_number_of_threads_gives_the_same_bytes(
    story: Story, threads: int
) -> None:
    shop = story.shop
    before = all_rows(shop)
    refresh = ("--full-refresh", "--threads", str(threads))
    shop.build_models(*refresh, as_of=as_of_day(20).isoformat())
    assert shop.last_build("kept_traits")["reason"] == "full refresh"
    assert all_rows(shop) == before


@pytest.mark.slow
def test_an_earlier_date_is_built_aside_as_it_was_on_its_day(story: Story) -> None:
    shop = story.shop
    before = all_rows(shop)
    built = shop.build_models(as_of=as_of_day(18).isoformat())
    schema = f"weft_as_of_{as_of_day(18):%Y_%m_%d}"
    assert f"in schema {schema}" in built.output
    assert all_rows(shop, schema) == story.rows[1]
    assert all_rows(shop) == before


SIZE = {**BOUGHT, "aggregate": "last", "property": "size"}


def edited(**changes: Any) -> Definitions:
    return {**DEFINITIONS, **changes}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("traits", "reason"),
    [
        # Another window sees other cells; the cells are what they were.
        (
            edited(spent_lately={**DEFINITIONS["spent_lately"], "window": "9 days"}),
            "edited traits, of the same cells",
        ),
        (
            edited(bought_in_euro={**BOUGHT, "aggregate": "count", "where": {"currency": "GBP"}}),
            "edited traits of bought_it",
        ),
        (
            edited(least={**BOUGHT, "aggregate": "max", "property": "price"}, best=SIZE),
            "edited traits of bought_it",
        ),
        (
            {name: DEFINITIONS[name] for name in ("bought", "pages")},
            "edited traits of bought_it, pages",
        ),
        (DEFINITIONS, "edited traits of bought_it, pages, screens, tracks, nobody_sends_it"),
    ],
)
def test_an_edited_definition_rebuilds_its_own_cells_and_says_so(
    story: Story, traits: Definitions, reason: str
) -> None:
    shop = story.shop
    shop.define("kept_traits", traits)
    shop.define("stateless_traits", traits, STATELESS)
    shop.build_models(as_of=as_of_day(20).isoformat())
    build = shop.last_build("kept_traits")
    assert (build["is_full"], build["reason"]) == (True, reason)
    assert shop.dump("kept_traits") == shop.dump("stateless_traits")


@pytest.mark.slow
def test_a_split_a_removal_and_an_earlier_date_are_exact(story: Story) -> None:
    shop = story.shop
    count = len(shop.dump("kept_traits"))
    shop.configure("values: []", "values: [u1, u2]")
    shop.build_models(as_of=as_of_day(20).isoformat())
    assert shop.last_build("kept_traits")["reason"] == "the rules have changed"
    assert len(shop.dump("kept_traits")) != count
    assert shop.dump("kept_traits") == shop.dump("stateless_traits")
    assert shop.dump("profiles") == with_full_refresh(shop)

    shop.rows("delete from web.tracks where user_id = 'u5' returning id")
    shop.forget("u5 asked for it")
    shop.build_models(as_of=as_of_day(20).isoformat())
    assert shop.last_build("kept_traits")["reason"] == "u5 asked for it"
    assert shop.dump("kept_traits") == shop.dump("stateless_traits")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_sequence_of_batches_equals_a_full_refresh(tmp_path: Path, seed: int) -> None:
    shop = make_story_shop(tmp_path / "shop")
    chance = Chance(seed)
    for day in (3, 4, 9, 17):
        others = [*(chance.meeting(day) for _ in range(4)), chance.joining(day)]
        land(shop, day, [*chance.events(0, day + 2, 80), *others])
        shop.build_models(as_of=as_of_day(day).isoformat())
        assert shop.dump("kept_traits") == shop.dump("stateless_traits")
    before = all_rows(shop)
    with_full_refresh(shop)
    assert all_rows(shop) == before


def with_full_refresh(shop: TraitShop) -> list[dict[str, Any]]:
    as_of = shop.last_build("profiles")["as_of"].isoformat()
    shop.build_models("--full-refresh", as_of=as_of)
    return shop.dump("profiles")
