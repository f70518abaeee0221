"""What the dbt project computes against the oracle, on many random graphs in one build."""

import pytest

from tests.dbt_project.identity_world import IdentityWorld
from tests.dbt_project.oracle import Answer
from tests.dbt_project.random_graphs import Graph, identity_rules, random_graph

GRAPHS = [random_graph(seed) for seed in range(600)]


def expected(graphs: list[Graph]) -> Answer:
    total = Answer()
    for graph in graphs:
        answer = graph.answer()
        total.profiles |= answer.profiles
        total.refused |= answer.refused
    return total


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> IdentityWorld:
    world = IdentityWorld(tmp_path_factory.mktemp("oracle"), identity_rules(GRAPHS))
    world.land(call for graph in GRAPHS for call in graph.calls)
    world.build()
    return world


def test_the_graphs_try_everything() -> None:
    reasons = [reason for *_, reason in expected(GRAPHS).refused]
    assert all(reasons.count(reason) > 20 for reason in ("unique", "limit", "never_link"))
    assert sum(bool(graph.always_link) for graph in GRAPHS) > 50


def test_the_profiles_are_those_of_the_oracle(world: IdentityWorld) -> None:
    assert world.answer().profiles == expected(GRAPHS).profiles


def test_the_refused_links_and_their_reasons_are_those_of_the_oracle(world: IdentityWorld) -> None:
    assert world.answer().refused == expected(GRAPHS).refused
