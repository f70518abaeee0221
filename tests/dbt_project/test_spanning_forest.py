"""The materialization `spanning_forest` on shapes that are hard for it, all in one build."""

import math
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from scipy.sparse import coo_matrix  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

from tests.dbt_project.identity_world import Call, IdentityWorld
from tests.dbt_project.oracle import Identifier

LENGTH = 10_000
SHARERS = 50_000
RULES: dict[str, Any] = {
    "identifiers": [
        {"type": "user_id", "unique": True, "from": ["user_id"]},
        {"type": "device", "limit": 3, "from": ["device", "other_email"]},
        {"type": "email", "from": ["email"]},
        {"type": "anonymous_id", "from": ["anonymous_id", "phone"]},
    ],
}
START = datetime(2026, 1, 1)
ORDERS = ("increasing", "decreasing", "random")


def moment(number: int) -> datetime:
    return START + timedelta(seconds=number)


def order_of(name: str) -> list[int]:
    """When each link of a chain was seen."""
    numbers = list(range(LENGTH))
    if name == "random":
        random.Random(1).shuffle(numbers)
    return numbers[::-1] if name == "decreasing" else numbers


def chain(name: str) -> list[Call]:
    """Anonymous ids, each seen with the next one, and a user at either end."""
    calls = [
        Call(
            f"{name}-{place}",
            moment(number),
            {"anonymous_id": f"{name}-{place:05}", "phone": f"{name}-{place + 1:05}"},
        )
        for place, number in enumerate(order_of(name))
    ]
    ends = [(f"{name}-left", f"{name}-{0:05}"), (f"{name}-right", f"{name}-{LENGTH:05}")]
    return calls + [
        Call(user, moment(LENGTH), {"user_id": user, "anonymous_id": end}) for user, end in ends
    ]


def devices() -> list[Call]:
    """A chain of devices, of which a profile takes three."""
    return [
        Call(
            f"device-{place}",
            moment(place),
            {"device": f"d-{place:05}", "other_email": f"d-{place + 1:05}"},
        )
        for place in range(LENGTH)
    ]


def shared_email() -> list[Call]:
    return [
        Call(f"sharer-{number}", moment(number), {"user_id": f"s-{number}", "email": "info@b.de"})
        for number in range(SHARERS)
    ]


def cloud() -> list[tuple[int, int]]:
    """Pairs among anonymous ids that fall into one large component and many small ones."""
    chance = random.Random(2)
    return [(chance.randrange(20_000), chance.randrange(20_000)) for _ in range(12_000)]


def cloud_calls() -> list[Call]:
    return [
        Call(
            f"cloud-{number}",
            moment(number % 50),
            {"anonymous_id": f"c-{left}", "phone": f"c-{right}"},
        )
        for number, (left, right) in enumerate(cloud())
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> IdentityWorld:
    world = IdentityWorld(tmp_path_factory.mktemp("forest"), RULES)
    calls = [call for name in ORDERS for call in chain(name)]
    world.land([*calls, *devices(), *shared_email(), *cloud_calls()])
    world.build()
    return world


@pytest.fixture(scope="module")
def profile_ids(world: IdentityWorld) -> dict[Identifier, str]:
    return world.profile_ids()


@pytest.mark.parametrize("name", ORDERS)
def test_a_chain_between_two_users_breaks_at_its_latest_link(
    profile_ids: dict[Identifier, str], name: str
) -> None:
    """The links to the users count last, so that one of them is refused whatever the order."""
    whole = {profile_ids["anonymous_id", f"{name}-{place:05}"] for place in range(LENGTH + 1)}
    ends = [profile_ids["user_id", f"{name}-{side}"] for side in ("left", "right")]
    assert len(whole) == 1
    assert len(set(ends)) == 2
    assert whole <= set(ends)


def test_of_a_chain_of_devices_a_profile_takes_those_that_came_first(
    profile_ids: dict[Identifier, str],
) -> None:
    ids = [profile_ids["device", f"d-{place:05}"] for place in range(LENGTH + 1)]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids)) == LENGTH + 1 - 2


def test_an_address_that_many_share_stays_with_the_first(
    world: IdentityWorld, profile_ids: dict[Identifier, str]
) -> None:
    assert profile_ids["email", "info@b.de"] == profile_ids["user_id", "s-0"]
    assert len({profile_ids["user_id", f"s-{number}"] for number in range(SHARERS)}) == SHARERS
    refused = world.rows("select reason, count(*) as links from analytics.refused_links group by 1")
    # The chains refuse one link each.
    assert {"reason": "unique", "links": SHARERS - 1 + len(ORDERS)} in refused


def test_without_a_unique_type_trees_are_connected_components(
    profile_ids: dict[Identifier, str],
) -> None:
    lefts, rights = zip(*cloud(), strict=True)
    matrix = coo_matrix(([1] * len(lefts), (lefts, rights)), shape=(20_000, 20_000))
    _, labels = connected_components(matrix, directed=False)
    present = sorted({*lefts, *rights})
    pairs = {(int(labels[node]), profile_ids["anonymous_id", f"c-{node}"]) for node in present}
    components = {int(labels[node]) for node in present}
    assert len(pairs) == len(components) == len({profile_id for _, profile_id in pairs})
    assert Counter(int(labels[node]) for node in present).most_common(1)[0][1] > 1000


def test_rounds_grow_with_the_logarithm_of_the_identifiers(
    world: IdentityWorld, profile_ids: dict[Identifier, str]
) -> None:
    rounds = world.last_builds()["identity_trees"]["count_rounds"]
    assert 3 <= rounds <= math.log2(len(profile_ids))
