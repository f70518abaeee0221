"""Models built aside: the same project with other variables, in a schema that is dropped again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from warehouse.dbt import build, parse
from warehouse.documents import read_document
from warehouse.engines import Warehouse, quote
from warehouse.errors import ConfigurationError, WeftError
from warehouse.manifest import Manifest, Model
from warehouse.progress import Progress
from warehouse.project import Project

SCRATCH = "weft_scratch"
"""The schema that takes the place of the target's own. A project that adds to the target's schema
(``+schema: marts``) gets several, all beginning so."""


@contextmanager
def build_aside(
    warehouse: Warehouse,
    project: Project,
    model: str,
    *,
    variables: Mapping[str, Any],
    as_of: date,
    progress: Progress,
) -> Iterator[Manifest]:
    """A model and all it is made from, built from what has landed with some variables replaced.

    The manifest says where its tables lie while the context lasts; nothing stored is read but the
    landed tables, and nothing stored is written. What a killed process left behind is dropped too.

    Raises ConfigurationError when the project does not parse so, or would build elsewhere than in
    the scratch schema; WeftError when a model fails.
    """
    with scratch_project(project, SCRATCH) as (aside, apart):
        options = [*apart, "--vars", json.dumps(dict(variables))]
        parse(aside, options)
        manifest = Manifest(aside.profiles_dir / "target" / "manifest.json")
        schemas = scratch_schemas(manifest.upstream(model), SCRATCH)
        drop_schemas(warehouse, schemas)
        options += ["--select", f"+{model}", "--resource-type", "model"]
        try:
            result = build(aside, as_of=as_of, run_id=SCRATCH, options=options, progress=progress)
            for node in result.failures:
                raise WeftError(f"{node.name} could not be built aside: {node.message}")
            yield manifest
        finally:
            drop_schemas(warehouse, schemas)


def drop_scratch(warehouse: Warehouse) -> None:
    """Drop what a process that was killed while it built aside has left behind."""
    drop_schemas(warehouse, schemas_beginning(warehouse, SCRATCH))


def schemas_beginning(warehouse: Warehouse, start: str) -> list[str]:
    """The names of the warehouse's schemas that begin so, sorted."""
    found = warehouse.rows(
        "select distinct schema_name as name from information_schema.schemata"
        " where catalog_name = current_database() and starts_with(schema_name, ?)"
        " order by schema_name",
        [start],
    )
    return [row["name"] for row in found]


@contextmanager
def scratch_project(project: Project, schema: str) -> Iterator[tuple[Project, list[str]]]:
    """The project with another schema as its target's, and the options that keep dbt's files apart.

    What dbt writes lies below ``profiles_dir`` of that project, in ``target``, while the context
    lasts.
    """
    with TemporaryDirectory() as folder:
        _write_profile(project, schema, Path(folder) / "profiles.yml")
        options = [
            *("--target-path", str(Path(folder) / "target")),
            *("--log-path", str(Path(folder) / "logs")),
        ]
        yield replace(project, profiles_dir=Path(folder)), options


def _write_profile(project: Project, schema: str, path: Path) -> None:
    """The project's profile, its target alone, with the scratch schema.

    It is written as it stands, with its ``env_var`` calls: no secret lies in a file.
    """
    name = str(read_document(project.folder / "dbt_project.yml").values["profile"])
    profiles = read_document(project.profiles_dir / "profiles.yml")
    output = {**profiles.values[name]["outputs"][project.target], "schema": schema}
    profile = {name: {"target": project.target, "outputs": {project.target: output}}}
    path.write_text(yaml.safe_dump(profile), encoding="utf-8")


def scratch_schemas(models: Sequence[Model], schema: str) -> list[str]:
    """The schemas that models will be built in, the scratch schema and those that add to it.

    Raises ConfigurationError for one that is not scratch.
    """
    for one in models:
        if not one.table.schema.startswith(schema):
            raise ConfigurationError(
                f"{one.name} would be built in schema {one.table.schema!r}, where it may be in use:"
                " let the macro generate_schema_name begin with target.schema on this target, or"
                " choose a target with --target where it does."
            )
    return sorted({schema, *(one.table.schema for one in models)})


def drop_schemas(warehouse: Warehouse, schemas: Sequence[str]) -> None:
    """Drop schemas with all that is in them, where they are there."""
    for schema in schemas:
        warehouse.execute(f"drop schema if exists {quote(schema)} cascade")
