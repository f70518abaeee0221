"""A build on Spark that is killed is made good by the next, though it was no transaction."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dbt_project.identity_world import MODELS, IdentityWorld
from tests.dbt_project.on_postgres import Rows
from tests.dbt_project.random_graphs import identity_rules
from tests.dbt_project.test_spark_identity import GRAPHS, SparkIdentity
from warehouse.engines.spark_session import SessionHold

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ALL = (*MODELS, "stg_events", "events", "identifier_activity", "event_identifiers")
# Written and not recorded; the next table there, the former not dropped; dropped, not renamed.
MOMENTS = (
    "events written",
    "identifier_activity written",
    "identity_links next",
    "identity_trees dropped",
    "profile_id_register written",
)
# dbt tells of every `log()` while it is where the macro is, so the process dies there.
SCRIPT = """
import os, signal, sys
from pathlib import Path
from dbt.cli.main import dbtRunner
from warehouse.engines import dbt_session
from warehouse.project import find_project
folder, moment, *arguments = sys.argv[1:]
def listen(event):
    if event.info.msg.endswith("weft moment: " + moment):
        os.kill(os.getpid(), signal.SIGKILL)
project = find_project(Path(folder))
with dbt_session(project.output, project.folder):
    dbtRunner(callbacks=[listen]).invoke(arguments)
"""
STORED = {
    "events": "source, event_id, identifier_id",
    "identifier_activity": "identifier_id, last_seen_at, count_events",
    "identifiers": "identifier_id, identifier_value, first_seen_at",
    "identity_links": "first_identifier_id, second_identifier_id, linked_at, event_id",
    "profile_identifiers": "profile_id, identifier_type, identifier_value",
    "profile_id_register": "position, identifier_id, profile_id, previous_profile_id, is_seed",
}


def build_and_die(folder: Path, moment: str) -> None:
    """Build in a process of its own, which is killed at the moment."""
    arguments = [
        *("--log-level", "none", "build", "--select", *ALL, "--exclude-resource-type", "test"),
        *("--vars", "{as_of: 2026-09-29}", "--project-dir", str(folder)),
        *("--profiles-dir", str(folder)),
    ]
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), moment, *arguments], cwd=folder, check=False
    )
    assert process.returncode == -signal.SIGKILL


def stored(spark: SparkIdentity) -> dict[str, Rows]:
    """What is there, but for what tells builds apart."""
    return {
        table: sorted(spark.tables.execute(f"select {columns} from analytics.{table}"), key=repr)
        for table, columns in STORED.items()
    }


def world_of_two_batches(folder: Path) -> IdentityWorld:
    """A world with a batch that is landed and one to come."""
    world = IdentityWorld(folder, identity_rules(GRAPHS))
    world.land(call for graph in GRAPHS for call in graph.calls[::2])
    return world


def test_a_build_that_is_killed_is_made_good_by_the_next(
    spark_folder: Path, tmp_path: Path
) -> None:
    world = world_of_two_batches(tmp_path / "world")
    spark = SparkIdentity(world, spark_folder)
    spark.build(models=ALL)
    world.land(call for graph in GRAPHS for call in graph.calls[1::2])
    spark.land()
    SessionHold.end_present()
    for moment in MOMENTS:
        build_and_die(spark.folder, moment)
    spark.build(models=ALL)
    names = spark.tables.names("analytics")
    assert not [name for name in names if "__next" in name or "__arriving" in name]
    killed = stored(spark)
    spark.build("--full-refresh", models=ALL)
    assert stored(spark) == killed
    counts = spark.tables.execute("select sum(count_events) from analytics.identifier_activity")
    assert counts == spark.tables.execute("select count(*) from analytics.event_identifiers")
