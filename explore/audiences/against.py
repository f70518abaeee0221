"""An audience as it stands in the folder against how it stood at a git reference.

Both are built in schemas of their own, which are dropped afterwards: the models that differ, up to
the audience; whatever is the same is read from the tables that are there. The ledgers and the
table of the audience itself are not touched.
"""

import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from explore.audiences.catalog import find_audience, key_of
from explore.audiences.compiled import last_as_of
from explore.audiences.diff import AudienceDiff, compare
from warehouse.dbt import build, load_manifest, select_models
from warehouse.documents import read_document
from warehouse.engines import Table, Warehouse
from warehouse.errors import ConfigurationError, WeftError
from warehouse.manifest import Manifest
from warehouse.project import Project


@dataclass(frozen=True)
class AgainstReference:
    """What differs, and which models had to be built to know it (none when nothing differs)."""

    reference: str
    as_of: date
    models: list[str]
    difference: AudienceDiff


@dataclass(frozen=True)
class _Side:
    """One of the two states of the project, with the schema it is built in."""

    project: Project
    manifest: Manifest
    schema: str
    workspace: Path

    @property
    def options(self) -> list[str]:
        return ["--target-path", str(self.workspace / self.schema)]


def compare_with_reference(
    warehouse: Warehouse,
    project: Project,
    name: str,
    reference: str,
    *,
    as_of: date | None = None,
    sample: int = 10,
) -> AgainstReference:
    """Build both states of an audience and compare them.

    Raises ConfigurationError when the folder is no git repository or the reference does not exist,
    UnknownNameError when there is no such audience, WeftError when a model does not build.
    """
    manifest = load_manifest(project)
    audience = find_audience(manifest, name)
    as_of = as_of or last_as_of(warehouse, project)
    with (
        tempfile.TemporaryDirectory(prefix="weft-") as folder,
        _worktree(project, reference, Path(folder) / "tree") as old_folder,
        _schemas(warehouse) as (schema_before, schema_after),
    ):
        workspace = Path(folder)
        live = replace(_with_schema(project, workspace, None), folder=old_folder)
        before = _Side(live, load_manifest(live), schema_before, workspace)
        after = _Side(project, manifest, schema_after, workspace)
        built_before = _build_side(before, after, project, name, as_of)
        built_after = _build_side(after, before, project, name, as_of)
        difference = compare(
            warehouse,
            (f"{name} at {reference}", name),
            (
                _table(warehouse, before, name, built_before),
                _table(warehouse, after, name, built_after),
            ),
            key=key_of(audience),
            sample=sample,
        )
    return AgainstReference(reference, as_of, sorted({*built_before, *built_after}), difference)


def _build_side(side: _Side, other: _Side, project: Project, name: str, as_of: date) -> list[str]:
    """Build what differs from the other side up to the audience; the names of these models."""
    if name not in {audience.name for audience in side.manifest.audiences()}:
        return []
    scratch = replace(
        _with_schema(project, side.workspace, side.schema), folder=side.project.folder
    )
    chosen = [
        *("--select", f"+{name},state:modified+"),
        *("--state", str(other.project.target_path)),
        *side.options,
    ]
    models = select_models(scratch, chosen)
    if models:
        # Books are kept of what is built, and those of the real tables are not for this.
        chosen[2:2] = ["config.materialized:ledger"]
        deferred = ["--defer", "--favor-state", "--exclude-resource-type", "test"]
        result = build(scratch, as_of=as_of, run_id="", options=[*chosen, *deferred])
        if result.failures:
            failed = result.failures[0]
            raise WeftError(f"{failed.name} cannot be built to compare: {failed.message}")
    return models


def _table(warehouse: Warehouse, side: _Side, name: str, built: list[str]) -> Table | None:
    audiences = {audience.name: audience.table for audience in side.manifest.audiences()}
    if name not in audiences:
        return None
    if name in built:
        return Table(side.schema, audiences[name].name)
    return audiences[name] if warehouse.exists(audiences[name]) else None


def _with_schema(project: Project, workspace: Path, schema: str | None) -> Project:
    """The project with a profile of its own, for the same warehouse and another schema."""
    profiles = read_document(project.profiles_dir / "profiles.yml")
    dbt_project = read_document(project.folder / "dbt_project.yml")
    profile = str(dbt_project.values.get("profile"))
    output: dict[str, Any] = dict(profiles.values[profile]["outputs"][project.target])
    if isinstance(output.get("path"), str):
        output["path"] = str(project.folder / str(project.output["path"]))
    if schema is not None:
        output["schema"] = schema
    folder = workspace / f"profiles_{schema or 'live'}"
    folder.mkdir(exist_ok=True)
    written = {profile: {"target": project.target, "outputs": {project.target: output}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(written), encoding="utf-8")
    return replace(project, profiles_dir=folder)


@contextmanager
def _schemas(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    mark = uuid.uuid4().hex[:12]
    names = (f"weft_before_{mark}", f"weft_after_{mark}")
    try:
        yield names
    finally:
        for name in names:
            warehouse.execute(f"drop schema if exists {name} cascade")


@contextmanager
def _worktree(project: Project, reference: str, place: Path) -> Iterator[Path]:
    """The project's folder as it was at a reference, in a temporary git worktree."""
    root = Path(_git(project.folder, "rev-parse", "--show-toplevel"))
    commit = _git(project.folder, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    _git(root, "worktree", "add", "--detach", "--quiet", str(place), commit)
    try:
        folder = place / project.folder.relative_to(root.resolve())
        if not (folder / "dbt_project.yml").exists():
            raise ConfigurationError(f"At {reference} there is no dbt project in {project.folder}.")
        yield folder
    finally:
        _git(root, "worktree", "remove", "--force", str(place))


def _git(folder: Path, *arguments: str) -> str:
    try:
        finished = subprocess.run(
            ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise ConfigurationError("--against needs git, which is not installed.") from None
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.split())
        if not reason:
            reason = f"there is no {arguments[-1].removesuffix('^{commit}')!r} in {folder}"
        raise ConfigurationError(f"git: {reason.rstrip('.')}.") from None
    return finished.stdout.strip()
