"""Identity in increments: after every batch it is what the oracle says, and a full build."""

import random
from datetime import datetime
from typing import Any

import pytest

from tests.dbt_project.identity_world import Call, IdentityWorld, observed
from tests.dbt_project.oracle import Answer, Identifier, Rules, solve
from tests.dbt_project.random_graphs import BLOCKED, TYPES, Graph, identity_rules, random_graph

GRAPHS = [random_graph(seed) for seed in range(1000, 1150)]
COUNT_BATCHES = 4


def batches() -> list[list[tuple[Graph, Call]]]:
    """The calls of all graphs, dealt to batches whatever their time."""
    chance = random.Random(7)
    dealt: list[list[tuple[Graph, Call]]] = [[] for _ in range(COUNT_BATCHES)]
    for graph in GRAPHS:
        for call in graph.calls:
            chance.choice(dealt).append((graph, call))
    for batch in dealt:
        chance.shuffle(batch)
    return dealt


def answer_of(arrived: list[tuple[Graph, Call]], blocked: dict[str, tuple[str, ...]]) -> Answer:
    total = Answer()
    for graph in GRAPHS:
        calls = [call for owner, call in arrived if owner is graph]
        rules = Rules(TYPES, graph.never_link, graph.always_link)
        answer = solve(observed(calls, blocked), rules)
        total.profiles |= answer.profiles
        total.refused |= answer.refused
    return total


class Told:
    """What the world was like after each step."""

    def __init__(self, world: IdentityWorld) -> None:
        self.world = world
        self.arrived: list[tuple[Graph, Call]] = []
        self.answers: list[tuple[Answer, Answer]] = []
        self.full: list[dict[str, bool]] = []
        for batch in batches():
            world.land(call for _, call in batch)
            self.arrived += batch
            self.step()

    def step(self, *options: str, blocked: dict[str, tuple[str, ...]] = BLOCKED) -> None:
        """Build, and keep what came of it beside what the oracle says."""
        self.world.build(*options)
        self.answers.append((self.world.answer(), answer_of(self.arrived, blocked)))
        builds = self.world.last_builds()
        self.full.append({name: line["is_full"] for name, line in builds.items()})


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(IdentityWorld(tmp_path_factory.mktemp("batches"), identity_rules(GRAPHS)))


def check(step: tuple[Answer, Answer]) -> None:
    found, expected = step
    assert found.profiles == expected.profiles
    assert found.refused == expected.refused


def test_every_batch_ends_as_the_oracle_says(told: Told) -> None:
    for step in told.answers[:COUNT_BATCHES]:
        check(step)


def test_only_the_first_batch_is_a_full_build(told: Told) -> None:
    assert [any(full.values()) for full in told.full[:COUNT_BATCHES]] == [True, False, False, False]
    assert all(told.full[0].values())


def test_a_build_without_news_and_a_full_refresh_give_nobody_another_id(told: Told) -> None:
    before, ids = told.world.stamps(), told.world.profile_ids()
    told.world.build()
    assert told.world.stamps() == before
    told.world.build("--full-refresh")
    assert told.world.profile_ids() == ids
    assert told.world.stamps()["profile_id_register"] == before["profile_id_register"]
    without_build = {
        table: [{name: row[name] for name in row if name != "build"} for row in rows]
        for table, rows in told.world.stamps().items()
    }
    assert without_build == {
        table: [{name: row[name] for name in row if name != "build"} for row in rows]
        for table, rows in before.items()
    }


def test_a_batch_of_known_links_rewrites_no_row(told: Told) -> None:
    before = told.world.stamps()
    again = [
        Call(f"again-{call.id}", datetime(2026, 9, 28), call.values, datetime(2026, 9, 28))
        for _, call in told.arrived[:200]
        if not call.is_contact
    ]
    told.world.land(again)
    told.world.build()
    assert told.world.stamps() == before
    assert told.world.last_builds()["identifiers"]["is_full"] is False


@pytest.mark.slow
def test_other_rules_and_the_same_again(told: Told) -> None:
    """Blocking values splits, and un-blocking them joins again."""
    rules = identity_rules(GRAPHS)
    told.world.use(rules | {"block": {"patterns": ["^all", "^device-10"]}})
    told.step(blocked=BLOCKED | {"device": ("all", "device-10")})
    check(told.answers[-1])
    assert told.world.last_builds()["identity_trees"]["reason"] == "the rules have changed"
    told.world.use(rules)
    told.step()
    check(told.answers[-1])


def test_a_row_of_a_model_that_is_gone_has_never_been(told: Told) -> None:
    gone = [call.id for _, call in told.arrived if call.is_contact][::2]
    with told.world.project.open() as warehouse:
        warehouse.execute(f"delete from crm.contacts where id in {tuple(gone)}")
    told.arrived = [(graph, call) for graph, call in told.arrived if call.id not in gone]
    told.step()
    check(told.answers[-1])
    assert "model_identifiers" in told.world.last_builds()["identity_links"]["reason"]
    told.step()
    check(told.answers[-1])
    assert not any(told.full[-1].values())


@pytest.mark.slow
def test_landed_rows_that_are_deleted_are_forgotten_when_that_is_said(told: Told) -> None:
    gone = [call.id for _, call in told.arrived if not call.is_contact][::9]
    with told.world.project.open() as warehouse:
        warehouse.execute(f"delete from web.tracks where id in {tuple(gone)}")
        warehouse.execute("delete from web.tracks where starts_with(id, 'again-')")
    told.world.forget("somebody asked")
    told.arrived = [(graph, call) for graph, call in told.arrived if call.id not in gone]
    told.step()
    check(told.answers[-1])
    assert told.world.last_builds()["identity_trees"]["reason"] == "somebody asked"


def test_old_ids_resolve_for_ever(told: Told) -> None:
    told.world.build(models=["profile_merges"])
    register = told.world.rows("select distinct profile_id from analytics.profile_id_register")
    merges = {
        row["profile_id"]: row["merged_into"]
        for row in told.world.rows("select * from analytics.profile_merges")
    }
    living = set(told.world.profile_ids().values())
    known: set[Any] = {row["profile_id"] for row in register}
    assert living <= known
    assert set(merges.values()) <= living
    assert not set(merges) & living


def test_nobody_shares_an_id(told: Told) -> None:
    owners: dict[str, set[Identifier]] = {}
    for identifier, profile_id in told.world.profile_ids().items():
        owners.setdefault(profile_id, set()).add(identifier)
    assert {frozenset(one) for one in owners.values()} == told.answers[-1][1].profiles
