"""How a profile grows: each identifier comes in by the earliest link that reaches it."""

import random

from explore.profiles.graph import _places
from explore.profiles.tree import grow


def test_two_groups_that_join_late_show_the_link_that_joined_them() -> None:
    # 0-1 and 2-3 early, 1-4 and 3-4 late: the last link is how 3 came in, and 2 with it.
    came_in, order = grow(5, [(0, 1), (2, 3), (1, 4), (4, 3)])
    assert came_in == {1: (0, 0), 4: (1, 2), 3: (4, 3), 2: (3, 1)}
    assert order == [0, 1, 4, 3, 2]


def test_what_hangs_together_already_brings_in_nobody() -> None:
    came_in, _ = grow(3, [(0, 1), (1, 2), (0, 2), (0, 1)])
    assert came_in == {1: (0, 0), 2: (1, 1)}


def test_what_only_a_rule_ties_on_has_no_link() -> None:
    came_in, order = grow(3, [(0, 1)])
    assert came_in == {1: (0, 0)}
    assert order == [0, 1, 2]


def test_long_chains_and_large_stars_are_grown() -> None:
    count = 20_000
    chain = [(number, number + 1) for number in range(count - 1)]
    random.Random(1).shuffle(chain)
    assert grow(count, chain)[1] == list(range(count))
    star = [(0, number) for number in range(1, count)]
    assert grow(count, star)[1] == list(range(count))


def test_no_two_places_of_a_drawing_meet() -> None:
    chance = random.Random(2)
    parents = {0: None} | {place: chance.randrange(place) for place in range(1, 60)}
    places = _places(parents)
    by_column: dict[int, list[float]] = {}
    for column, row in places.values():
        by_column.setdefault(column, []).append(row)
    for rows in by_column.values():
        gaps = [later - row for row, later in zip(sorted(rows), sorted(rows)[1:], strict=False)]
        assert all(gap >= 1 for gap in gaps)
