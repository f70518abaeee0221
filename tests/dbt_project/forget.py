"""What whoever deletes landed rows has to say."""

import contextlib
import json
from pathlib import Path

from warehouse.engines.duckdb import forget_dbt_connections


def forget_rows(project: Path, reason: str) -> None:
    """Say in a project that landed rows were deleted, and why; its identity starts over."""
    from dbt.cli.main import dbtRunner

    # The path of the warehouse is relative, as a person in the project's folder has it.
    with contextlib.chdir(project):
        outcome = dbtRunner().invoke(
            [
                *("--log-level", "none", "run-operation", "weft.forget_identity"),
                *("--args", json.dumps({"reason": reason}), "--profiles-dir", "."),
            ]
        )
    forget_dbt_connections()
    assert outcome.success
