"""Identity on Spark: what the oracle says, and the ids that DuckDB gives, batch after batch."""

import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.dbt_project.identity_world import MODELS, Call, IdentityWorld
from tests.dbt_project.on_postgres import Rows, build_on_postgres, use_output
from tests.dbt_project.on_spark import SparkTables, copy_landed
from tests.dbt_project.oracle import Answer, Rules, solve
from tests.dbt_project.random_graphs import TYPES, Graph, identity_rules, random_graph
from tests.spark import spark_output

pytestmark = [pytest.mark.spark, pytest.mark.slow]

GRAPHS = [random_graph(seed) for seed in range(3000, 3030)]
COUNT_BATCHES = 3
AS_OF = date(2026, 9, 29)
PROFILES = (
    "select profile_id, identifier_type, identifier_value from analytics.profile_identifiers"
    " order by 2, 3"
)
REFUSED = """
    select
        a.identifier_type as a_type, a.identifier_value as a_value,
        b.identifier_type as b_type, b.identifier_value as b_value, reason
    from analytics.refused_links
    inner join analytics.identifiers as a on a.identifier_id = first_identifier_id
    inner join analytics.identifiers as b on b.identifier_id = second_identifier_id
    order by 1, 2, 3, 4
"""


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


class SparkIdentity:
    """Identity on Spark, of what a world on DuckDB has landed."""

    def __init__(self, world: IdentityWorld, folder: Path) -> None:
        self.world = world
        self.folder = folder / world.folder.name
        copytree(world.folder, self.folder, ignore=ignore_patterns("*.duckdb*", "target"))
        output = spark_output(folder)
        use_output(self.folder, output)
        self.tables = SparkTables(output, self.folder)

    def land(self) -> None:
        """Bring over what has landed."""
        copy_landed(self.world.folder / "dev.duckdb", self.tables, ["analytics"])

    def build(self, *options: str, models: Sequence[str] = MODELS) -> None:
        """Build what has landed."""
        self.land()
        build_on_postgres(self.folder, AS_OF, "--select", *models, *options)

    def answer(self) -> Answer:
        """Who is who."""
        profiles: dict[str, set[tuple[str, str]]] = {}
        for profile_id, type_, value in self.tables.execute(PROFILES):
            profiles.setdefault(profile_id, set()).add((type_, value))
        refused = {
            ((a_type, a_value), (b_type, b_value), reason)
            for a_type, a_value, b_type, b_value, reason in self.tables.execute(REFUSED)
        }
        return Answer({frozenset(one) for one in profiles.values()}, refused)

    def rows(self) -> dict[str, Rows]:
        """What is stored, without the builds that wrote it."""
        return {
            table: sorted(self.tables.execute(f"select * except (build) from analytics.{table}"))
            for table in ("identifiers", "profile_identifiers", "refused_links")
        }


class Told:
    """What Spark had after each batch, beside what the oracle says and DuckDB has."""

    def __init__(self, folder: Path, place: Path) -> None:
        world = IdentityWorld(place / "world", identity_rules(GRAPHS))
        self.spark = SparkIdentity(world, folder)
        self.answers: list[tuple[Answer, Answer]] = []
        self.ids: list[tuple[Rows, Rows]] = []
        arrived: list[tuple[Graph, Call]] = []
        for batch in batches():
            arrived += batch
            world.land(call for _, call in batch)
            world.build()
            self.spark.build()
            self.answers.append((self.spark.answer(), expected(arrived)))
            on_duckdb = [tuple(row.values()) for row in world.rows(PROFILES)]
            self.ids.append((self.spark.tables.execute(PROFILES), on_duckdb))


@pytest.fixture(scope="module")
def told(spark_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(spark_folder, tmp_path_factory.mktemp("worlds"))


def test_every_batch_ends_as_the_oracle_says(told: Told) -> None:
    for found, wanted in told.answers:
        assert found.profiles == wanted.profiles
        assert found.refused == wanted.refused


def test_every_batch_gives_the_ids_that_duckdb_gives(told: Told) -> None:
    for spark, duckdb in told.ids:
        assert spark == duckdb


def test_a_full_refresh_is_what_the_batches_came_to(told: Told) -> None:
    builds = "select model_name, build from analytics.identity_builds where is_full order by 1, 2"
    first = {build for _, build in told.spark.tables.execute(builds)}
    before = told.spark.rows()
    told.spark.build("--full-refresh")
    assert first == {1}
    assert told.spark.rows() == before
