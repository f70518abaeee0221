"""What other rules would make of who is who, before anything changes."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from explore.identity.partitions import Comparison, compare
from explore.profiles.find import require_build
from warehouse.engines import Table, Warehouse
from warehouse.manifest import Manifest
from warehouse.progress import Progress
from warehouse.project import Project
from warehouse.scratch import build_aside

EXAMPLES = 20
LARGEST = 10


def simulate(
    warehouse: Warehouse,
    project: Project,
    manifest: Manifest,
    rules: Mapping[str, Any],
    *,
    as_of: date,
    progress: Progress,
) -> Comparison:
    """Compare the profiles of the latest build with those that ``rules`` would make.

    Identity is built under the rules from all that has landed, with a register of its own, in a
    schema that is dropped again; what is stored stays as it is. Events that landed after the
    latest build count among the differences.

    Raises ConfigurationError when nothing is built yet or the rules are wrong, WeftError when they
    fail on what has landed.
    """
    require_build(warehouse, manifest)
    with build_aside(
        warehouse,
        project,
        "profile_identifiers",
        variables={"identity": dict(rules)},
        as_of=as_of,
        progress=progress,
    ) as aside:
        after = aside.table("profile_identifiers")
        return compare(
            warehouse,
            manifest.table("profile_identifiers"),
            after,
            overlap=Table(after.schema, "weft_overlap"),
            examples=EXAMPLES,
            largest=LARGEST,
        )
