"""Identity on PostgreSQL: what the oracle says, the ids that DuckDB gives, whole after a crash."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.identity_world import Call, IdentityWorld
from tests.dbt_project.oracle import Answer, Identifier, Rules, solve
from tests.dbt_project.random_graphs import TYPES, Graph, identity_rules, random_graph
from tests.dbt_project.test_identity_crashes import MOMENTS, QUICK, build_and_die, rows
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

GRAPHS = [random_graph(seed) for seed in range(3000, 3120)]
COUNT_BATCHES = 3


def batches() -> list[list[tuple[Graph, Call]]]:
    """The calls of all graphs, dealt to batches whatever their time."""
    chance = random.Random(11)
    dealt: list[list[tuple[Graph, Call]]] = [[] for _ in range(COUNT_BATCHES)]
    for graph in GRAPHS:
        for call in graph.calls:
            chance.choice(dealt).append((graph, call))
    return dealt


def expected(arrived: Sequence[tuple[Graph, Call]]) -> Answer:
    """Who is who, once some calls have arrived."""
    total = Answer()
    for graph in GRAPHS:
        calls = [call for owner, call in arrived if owner is graph]
        answer = solve(
            Graph(calls).observations(), Rules(TYPES, graph.never_link, graph.always_link)
        )
        total.profiles |= answer.profiles
        total.refused |= answer.refused
    return total


class Told:
    """What two worlds, one per engine, were like after each batch."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        # Texts of weft's own tables have another collation then than the database's.
        output = server.new_database("template template0 locale 'C'").output()
        self.postgres = IdentityWorld(folder / "postgres", identity_rules(GRAPHS), output)
        self.duckdb = IdentityWorld(folder / "duckdb", identity_rules(GRAPHS))
        self.answers: list[tuple[Answer, Answer]] = []
        self.ids: list[tuple[dict[Identifier, str], dict[Identifier, str]]] = []
        self.full: list[bool] = []
        arrived: list[tuple[Graph, Call]] = []
        for batch in batches():
            arrived += batch
            for world in (self.postgres, self.duckdb):
                world.land(call for _, call in batch)
                world.build()
            self.answers.append((self.postgres.answer(), expected(arrived)))
            self.ids.append((self.postgres.profile_ids(), self.duckdb.profile_ids()))
            self.full.append(any(one["is_full"] for one in self.postgres.last_builds().values()))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Told:
    return Told(tmp_path_factory.mktemp("engines"), postgres_server)


def test_every_batch_ends_as_the_oracle_says(told: Told) -> None:
    for found, wanted in told.answers:
        assert found.profiles == wanted.profiles
        assert found.refused == wanted.refused


def test_every_batch_gives_the_ids_that_duckdb_gives(told: Told) -> None:
    for postgres, duckdb in told.ids:
        assert postgres == duckdb


def test_only_the_first_batch_is_a_full_build(told: Told) -> None:
    assert told.full == [True, False, False]


def test_a_full_refresh_is_what_the_batches_came_to(told: Told) -> None:
    before, ids = told.postgres.stamps(), told.postgres.profile_ids()
    told.postgres.build()
    assert told.postgres.stamps() == before
    told.postgres.build("--full-refresh")
    assert told.postgres.profile_ids() == ids
    assert rows(told.postgres) == _without_builds(before)


def _without_builds(stamps: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [
            {name: row[name] for name in row if name not in ("build", "run_id")} for row in found
        ]
        for table, found in stamps.items()
    }


@pytest.fixture(scope="module")
def copies(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Callable[[], IdentityWorld]:
    """Makes copies of a world with a batch that is built and one that is not."""
    folder = tmp_path_factory.mktemp("crashes")
    database = postgres_server.new_database()
    world = IdentityWorld(folder / "before", identity_rules(GRAPHS), database.output())
    dealt = batches()
    world.land(call for _, call in dealt[0])
    world.build()
    world.land(call for _, call in dealt[1])
    count = iter(range(100))

    def copy() -> IdentityWorld:
        output = postgres_server.copy(database).output()
        return world.copy(folder / f"copy_{next(count)}", output)

    return copy


@pytest.fixture(scope="module")
def undisturbed(copies: Callable[[], IdentityWorld]) -> dict[str, list[dict[str, Any]]]:
    world = copies()
    world.build()
    return rows(world)


def test_a_killed_build_is_made_good_by_the_next(
    copies: Callable[[], IdentityWorld], undisturbed: dict[str, list[dict[str, Any]]]
) -> None:
    world = copies()
    for model, moment in QUICK:
        build_and_die(world, f"{model} {moment}")
    world.build()
    assert rows(world) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("model", MOMENTS)
def test_a_build_killed_at_every_moment_of_a_model(
    copies: Callable[[], IdentityWorld], undisturbed: dict[str, list[dict[str, Any]]], model: str
) -> None:
    world = copies()
    for moment in MOMENTS[model]:
        build_and_die(world, f"{model} {moment}")
    world.build()
    assert rows(world) == undisturbed
