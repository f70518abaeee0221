"""dbt's run_results.json: what became of each node in the last build, whoever ran it."""

import json
from collections.abc import Mapping
from typing import Any

from warehouse.project import Project

_SUCCEEDED = frozenset({"success", "pass", "warn", "no-op"})
_TARGET = "WEFT_TARGET"


def failed_nodes(project: Project) -> Mapping[str, str]:
    """The nodes of the last dbt run on the project's target that did not succeed, with the status.

    Skipped nodes are among them: their tables are those of an earlier build. Empty when nothing
    is known, because dbt has not run here or ran last on another target.
    """
    try:
        text = (project.target_path / "run_results.json").read_text(encoding="utf-8")
        results: dict[str, Any] = json.loads(text)
        statuses = {result["unique_id"]: str(result["status"]) for result in results["results"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if _target(results) not in (None, project.target):
        return {}
    return {name: status for name, status in statuses.items() if status not in _SUCCEEDED}


def _target(results: Mapping[str, Any]) -> str | None:
    """The target of the run: weft leaves it in the environment, dbt among its arguments."""
    marked = results.get("metadata", {}).get("env", {}).get(_TARGET)
    named = results.get("args", {}).get("target")
    return str(marked or named) if marked or named else None
