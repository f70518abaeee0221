"""The materialization `spanning_forest` against the oracle, on many graphs in one build."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pytest

from cli.scaffold import write_project
from tests.dbt_project.kruskal import solve
from warehouse.dbt import build
from warehouse.engines import Table
from warehouse.project import find_project

GRAPH = Table("graphs", "graph")
FOREST = """
{{ config(materialized='spanning_forest') }}
select node_id, is_anchor, neighbour_id, position
from {{ api.Relation.create(schema='graphs', identifier='graph') }}
"""


@dataclass(frozen=True)
class Graph:
    nodes: list[str]
    anchors: set[str]
    links: list[tuple[str, str]]


def random_graph(seed: int) -> Graph:
    chance = random.Random(seed)
    nodes = [f"g{seed}-{number}" for number in range(chance.randint(1, 40))]
    anchors = {node for node in nodes if chance.random() < chance.choice([0, 0.1, 0.4])}
    count = chance.randint(0, 2 * len(nodes))
    pairs = {tuple(sorted(chance.choices(nodes, k=2))) for _ in range(count)}
    links = [(left, right) for left, right in sorted(pairs) if left != right]
    chance.shuffle(links)
    return Graph(nodes, anchors, links)


def path(name: str, order: list[int]) -> Graph:
    """A path of nodes whose links count in a given order."""
    nodes = [f"{name}-{number:05}" for number in range(len(order) + 1)]
    links = [(nodes[number], nodes[number + 1]) for number in order]
    return Graph(nodes, {nodes[0], nodes[-1]}, links)


def star(leaves: int) -> Graph:
    nodes = [f"star-{number}" for number in range(leaves + 1)]
    return Graph(nodes, {nodes[1], nodes[2]}, [(nodes[0], leaf) for leaf in nodes[1:]])


def shuffled(count: int) -> list[int]:
    order = list(range(count))
    random.Random(1).shuffle(order)
    return order


GRAPHS = [
    *(random_graph(seed) for seed in range(400)),
    path("increasing", list(range(1000))),
    path("decreasing", list(range(1000))[::-1]),
    path("random", shuffled(1000)),
    star(2000),
]


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("forest")
    write_project(folder)
    (folder / "models" / "forest.sql").write_text(FOREST)
    project = find_project(folder)
    with project.open() as warehouse:
        warehouse.execute("create schema graphs")
        warehouse.execute(
            f"create table {GRAPH}"
            " (node_id varchar, is_anchor boolean, neighbour_id varchar, position bigint)"
        )
        warehouse.insert(GRAPH, as_table(GRAPHS))
        options = ["--select", "forest"]
        result = build(project, as_of=date(2026, 9, 29), run_id="test", options=options)
        assert not result.failures
        rows = warehouse.rows("select node_id, root_id from analytics.forest")
    return {row["node_id"]: row["root_id"] for row in rows}


def as_table(graphs: list[Graph]) -> pa.Table:
    rows: list[dict[str, object]] = []
    for graph in graphs:
        rows += [{"node_id": node, "is_anchor": node in graph.anchors} for node in graph.nodes]
    for graph in graphs:
        for left, right in graph.links:
            rows.append(
                {"node_id": left, "is_anchor": False, "neighbour_id": right, "position": len(rows)}
            )
    return pa.Table.from_pylist(
        rows,
        schema=pa.schema(
            {
                "node_id": pa.string(),
                "is_anchor": pa.bool_(),
                "neighbour_id": pa.string(),
                "position": pa.int64(),
            }
        ),
    )


def trees_of(graph: Graph, forest: dict[str, str]) -> set[frozenset[str]]:
    trees = defaultdict(set)
    for node in graph.nodes:
        trees[forest[node]].add(node)
    return {frozenset(members) for members in trees.values()}


def test_every_node_is_in_one_tree(forest: dict[str, str]) -> None:
    assert set(forest) == {node for graph in GRAPHS for node in graph.nodes}


def test_the_trees_are_those_of_sequential_kruskal(forest: dict[str, str]) -> None:
    for graph in GRAPHS:
        assert trees_of(graph, forest) == solve(graph.nodes, graph.anchors, graph.links)


def test_a_tree_with_an_anchor_is_rooted_at_it(forest: dict[str, str]) -> None:
    for graph in GRAPHS:
        for tree in trees_of(graph, forest):
            root = forest[next(iter(tree))]
            assert root in tree
            assert not tree & graph.anchors or root in graph.anchors
