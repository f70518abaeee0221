"""An earlier as-of date: the warehouse as it stood, built aside from what had landed by then.

State only moves forward. What was known on an earlier day is therefore built anew, in a schema of
its own: from landed rows with ``loaded_at`` up to the end of that day, and with the ledgers as
they were written up to then, so that profiles bear the ids they bore.
"""

from collections.abc import Sequence
from datetime import date

from warehouse.dbt import DbtResult, build, parse
from warehouse.engines import Table, Warehouse, quote
from warehouse.manifest import Manifest
from warehouse.progress import Progress
from warehouse.project import Project
from warehouse.scratch import (
    drop_schemas,
    schemas_beginning,
    scratch_project,
    scratch_schemas,
)

_LEDGERS = ("profile_id_register", "audience_memberships", "audience_holdouts")
"""Append-only models that later builds go by, with the ``as_of`` of each row."""


_EARLIER = "weft_as_of_"


def schema_of(as_of: date) -> str:
    """The schema that holds what was known on a day."""
    return f"{_EARLIER}{as_of:%Y_%m_%d}"


def drop_earlier(warehouse: Warehouse) -> None:
    """Drop what was built of earlier days; the same command builds any of them again."""
    drop_schemas(warehouse, schemas_beginning(warehouse, _EARLIER))


def build_earlier(
    warehouse: Warehouse,
    project: Project,
    manifest: Manifest,
    *,
    as_of: date,
    run_id: str,
    options: Sequence[str] = (),
    progress: Progress | None = None,
) -> tuple[DbtResult, Manifest]:
    """``dbt build`` of what was known on a day, into ``schema_of(as_of)``, which is kept.

    ``manifest`` is that of the project as it stands. The result, and the manifest that says where
    its tables lie. Tables of the project's own schemas are read where they are ledgers, and none is
    written. A table of the warehouse that is not weft's has no past: it is read as it is now.

    Raises ConfigurationError when the project does not parse, or would build elsewhere.
    """
    schema = schema_of(as_of)
    with scratch_project(project, schema) as (aside, apart):
        parse(aside, apart)
        earlier = Manifest(aside.profiles_dir / "target" / "manifest.json")
        drop_schemas(warehouse, scratch_schemas(list(earlier.models()), schema))
        for name in _LEDGERS:
            _copy_ledger(warehouse, manifest.table(name), earlier.table(name), as_of)
        result = build(
            aside,
            as_of=as_of,
            run_id=run_id,
            options=[*apart, *options],
            progress=progress,
            landed_until=as_of,
        )
    return result, earlier


def _copy_ledger(warehouse: Warehouse, source: Table, target: Table, as_of: date) -> None:
    if warehouse.exists(source):
        warehouse.execute(f"create schema if not exists {quote(target.schema)}")
        warehouse.execute(f"create table {target} as select * from {source} where false")
        warehouse.execute(f"insert into {target} select * from {source} where as_of <= ?", [as_of])
