"""The views of a source whose tables the warehouse has already."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pyarrow as pa

from loaders.naming import SEGMENT, Naming
from loaders.warehouse_tables.mapping import MappedTable, Place, definition
from warehouse.engines import Table, Warehouse, quote
from warehouse.errors import ConfigurationError
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.system_tables import LOADS, utc_now

FORMAT = "view"
"""The format of a view's line in ``weft.loads``. Its ``load_id`` is not that of the rows."""


@dataclass(frozen=True)
class MappedView:
    """A view of a source, and what a load did to it."""

    source: str
    table: str
    relation: str
    state: Literal["created", "unchanged", "removed"]


def map_tables(
    warehouse: Warehouse,
    project: Project,
    source: str,
    tables: Mapping[str, MappedTable],
    run: Run,
    *,
    naming: Naming = SEGMENT,
) -> list[MappedView]:
    """Make the views of a source that are missing or defined differently; drop those of before.

    ``naming`` is the source's rule for names. Each view has a line in ``weft.loads`` with the
    checksum of its definition.

    Raises UnknownNameError for a table or column that does not exist, ConfigurationError for a
    mapping that lacks something or a name that is taken.
    """
    longest = naming.within(warehouse.limits).longest
    definitions = {
        name[:longest]: definition(warehouse, Place(project, source, name, naming), table)
        for name, table in tables.items()
    }
    relations = {name[:longest]: table.relation for name, table in tables.items()}
    stored = _stored_views(warehouse, source)
    views = [
        _map(warehouse, MappedView(source, name, relations[name], "created"), sql, stored, run)
        for name, sql in definitions.items()
    ]
    for name in stored.keys() - definitions.keys():
        with warehouse.transaction():
            warehouse.execute(f"drop view if exists {Table(source, name)}")
            _close_lines(warehouse, source, name, "removed")
        views.append(MappedView(source, name, "", "removed"))
    return views


def _map(
    warehouse: Warehouse, mapped: MappedView, sql: str, stored: Mapping[str, str], run: Run
) -> MappedView:
    """Make one view, unless it is there as it should be."""
    view, digest = Table(mapped.source, mapped.table), hashlib.sha256(sql.encode()).hexdigest()
    exists = warehouse.exists(view)
    if exists and stored.get(mapped.table) == digest:
        return replace(mapped, state="unchanged")
    if exists and mapped.table not in stored:
        raise ConfigurationError(
            f"Source {mapped.source!r} has landed {view} from files; "
            "give the tables of the warehouse a source of their own."
        )
    with warehouse.transaction():
        warehouse.execute(f"create schema if not exists {quote(mapped.source)}")
        warehouse.execute(f"create or replace view {view} as {sql}")
        _close_lines(warehouse, mapped.source, mapped.table, "replaced")
        _record(warehouse, mapped, digest, run)
    return mapped


def _stored_views(warehouse: Warehouse, source: str) -> dict[str, str]:
    """The checksums of a source's views by name, as the ledger has them."""
    rows = warehouse.rows(
        f"select uri, checksum from {LOADS} where source = ? and format = ? and state = 'landed'",
        [source, FORMAT],
    )
    return {row["uri"].rpartition(" as ")[2]: row["checksum"] for row in rows}


def _close_lines(warehouse: Warehouse, source: str, name: str, state: str) -> None:
    warehouse.execute(
        f"update {LOADS} set state = ? where source = ? and format = ? and state = 'landed'"
        " and ends_with(uri, ?)",
        [state, source, FORMAT, f" as {name}"],
    )


def _record(warehouse: Warehouse, mapped: MappedView, digest: str, run: Run) -> None:
    counts = ("size", "byte_offset", "read", "landed", "duplicate", "rejected", "blocked")
    line = {
        "load_id": (warehouse.value(f"select max(load_id) from {LOADS}") or 0) + 1,
        "run_id": run.run_id,
        "source": mapped.source,
        "uri": f"{mapped.relation} as {mapped.table}",
        "checksum": digest,
        "format": FORMAT,
        "state": "landed",
        "loaded_at": utc_now(),
        **dict.fromkeys(counts, 0),
    }
    warehouse.insert(LOADS, pa.Table.from_pylist([line]))
