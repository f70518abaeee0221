"""A build of identity that dies at any named moment is made good by a plain re-run."""

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.identity_world import MODELS, IdentityWorld
from tests.dbt_project.random_graphs import identity_rules, random_graph

ROOT = Path(__file__).parent.parent.parent
GRAPHS = [random_graph(seed) for seed in range(2000, 2060)]
MOMENTS = {
    "identity_trees": ("started", "solved", "cut", "written", "recorded", "committed"),
    **dict.fromkeys(
        [model for model in MODELS if model not in ("contacts", "identity_trees")],
        ("written", "recorded", "committed"),
    ),
}
QUICK = [
    ("identity_links", "recorded"),
    ("identity_trees", "committed"),
]
# dbt tells of every `log()` while it is where the macro is, so the process dies there.
SCRIPT = """
import os, signal, sys
from dbt.cli.main import dbtRunner
moment, *arguments = sys.argv[1:]
def listen(event):
    if event.info.msg.endswith("weft moment: " + moment):
        os.kill(os.getpid(), signal.SIGKILL)
dbtRunner(callbacks=[listen]).invoke(arguments)
"""


def build_and_die(world: IdentityWorld, moment: str, *options: str) -> None:
    """Build in a process of its own, which is killed at the moment."""
    arguments = [
        *("--log-level", "none", "build", *options, "--select", *MODELS),
        *("--exclude-resource-type", "test", "--vars", "{as_of: 2026-09-29}", "--threads", "2"),
        *("--project-dir", str(world.folder), "--profiles-dir", str(world.folder)),
    ]
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, moment, *arguments], cwd=world.folder, check=False
    )
    assert process.returncode == -signal.SIGKILL


def land(world: IdentityWorld, batch: int) -> None:
    """The calls with a certain remainder."""
    world.land(
        call for graph in GRAPHS for number, call in enumerate(graph.calls) if number % 2 == batch
    )


def rows(world: IdentityWorld) -> dict[str, list[dict[str, Any]]]:
    """All rows, without what tells runs and builds apart."""
    return {
        table: [
            {name: row[name] for name in row if name not in ("build", "run_id")} for row in found
        ]
        for table, found in world.stamps().items()
    }


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> IdentityWorld:
    """A world with a batch that is built and one that is not."""
    world = IdentityWorld(tmp_path_factory.mktemp("crashes") / "world", identity_rules(GRAPHS))
    land(world, 0)
    world.build()
    land(world, 1)
    return world


@pytest.fixture(scope="module")
def undisturbed(
    before: IdentityWorld, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    world = before.copy(tmp_path_factory.mktemp("undisturbed") / "world")
    world.build()
    return rows(world)


def test_the_moments_are_those_of_the_macros() -> None:
    macros = ROOT / "dbt_project" / "macros" / "identity"
    named = {
        name
        for path in macros.glob("*.sql")
        for name in re.findall(r"weft\.moment\('(\w+)'\)", path.read_text("utf-8"))
    }
    assert named == {moment for moments in MOMENTS.values() for moment in moments}


def check(
    world: IdentityWorld,
    undisturbed: dict[str, list[dict[str, Any]]],
    moments: Sequence[tuple[str, str]],
) -> None:
    for model, moment in moments:
        build_and_die(world, f"{model} {moment}")
    world.build()
    assert rows(world) == undisturbed


def test_a_killed_build_is_made_good_by_the_next(
    before: IdentityWorld, undisturbed: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    check(before.copy(tmp_path / "world"), undisturbed, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("model", MOMENTS)
def test_a_build_killed_at_every_moment_of_a_model(
    before: IdentityWorld,
    undisturbed: dict[str, list[dict[str, Any]]],
    tmp_path: Path,
    model: str,
) -> None:
    moments = [(model, moment) for moment in MOMENTS[model]]
    check(before.copy(tmp_path / "world"), undisturbed, moments)


@pytest.mark.slow
@pytest.mark.parametrize("model", MOMENTS)
def test_a_first_build_killed_at_every_moment_of_a_model(tmp_path: Path, model: str) -> None:
    worlds = [
        IdentityWorld(tmp_path / name, identity_rules(GRAPHS)) for name in ("killed", "undisturbed")
    ]
    for world in worlds:
        land(world, 0)
    for moment in MOMENTS[model]:
        build_and_die(worlds[0], f"{model} {moment}")
    for world in worlds:
        world.build()
    assert rows(worlds[0]) == rows(worlds[1])
