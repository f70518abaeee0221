"""Traits on PostgreSQL: of every kind, in another time zone, as the oracle computes them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.dbt_project.shop import Event
from tests.dbt_project.trait_story import Chance, as_of_day, expected, land, make_story_shop
from tests.postgres import PostgresDatabase

pytestmark = pytest.mark.postgres


def batches(count: int) -> list[tuple[int, Sequence[Event]]]:
    """A history, then days with late events and people who turn out to be one."""
    chance = Chance(11)
    return [
        (16, [*chance.events(0, 19, count), *(chance.meeting(12) for _ in range(6))]),
        (
            18,
            [
                *chance.events(0, 15, 60),
                *chance.events(17, 19, 60),
                *(chance.meeting(18) for _ in range(6)),
                *(chance.joining(18) for _ in range(6)),
            ],
        ),
    ]


@pytest.mark.slow
def test_traits_and_audiences_are_those_of_the_oracle_and_of_duckdb(
    postgres_database: PostgresDatabase, tmp_path: Path
) -> None:
    # A project's name is the salt of its profile ids.
    shop = make_story_shop(tmp_path / "postgres" / "shop", output=postgres_database.output())
    other = make_story_shop(tmp_path / "duckdb" / "shop")
    landed: list[Event] = []
    for day, batch in batches(500):
        landed += batch
        for one in (shop, other):
            land(one, day, batch)
            one.build_models(as_of=as_of_day(day).isoformat())
        assert shop.dump("kept_traits") == expected(shop, landed, as_of_day(day))
        for table in ("kept_traits", "stateless_traits", "profiles", "loyal", "window_shoppers"):
            assert shop.dump(table) == other.dump(table)
    assert shop.last_build("kept_traits")["is_full"] is False
    assert shop.dump("loyal")
    assert shop.dump("window_shoppers")
