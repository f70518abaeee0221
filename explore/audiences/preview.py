"""Who would be in an audience, before it is built."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from explore.audiences.catalog import key_of, require_built, syncs_of
from explore.audiences.compiled import CompiledAudience
from warehouse.engines import Table, Warehouse, quote
from warehouse.manifest import Manifest
from warehouse.project import Project

_NAME = "weft_preview"
_PREVIEW = quote(_NAME)


@dataclass(frozen=True)
class IdentifierShare:
    """How many members have an identifier of a type, and which percentage that is."""

    type: str
    members: int
    percent: float


@dataclass(frozen=True)
class Overlap:
    """How many members another audience shares, and which percentage of this one that is."""

    audience: str
    size: int
    shared: int
    percent: float


@dataclass(frozen=True)
class Preview:
    """An audience as its SQL stands now, on the tables that are built.

    ``size`` counts what the query returns, before holdout and priority. ``entering`` and
    ``leaving`` are against the table that is built, None where there is none.
    """

    audience: str
    as_of: date
    size: int
    entering: int | None
    leaving: int | None
    identifiers: list[IdentifierShare]
    overlaps: list[Overlap]
    syncs: tuple[str, ...]
    sample: list[dict[str, Any]]


def preview_audience(
    warehouse: Warehouse,
    project: Project,
    manifest: Manifest,
    audience: CompiledAudience,
    *,
    sample: int = 10,
) -> Preview:
    """Run an audience's query into a temporary table and look at it; nothing is kept.

    ``sample`` members are chosen by the md5 of their id, the same ones every time.
    """
    with _temporary_table(warehouse, audience.sql):
        size = int(warehouse.value(f"select count(*) as n from {_PREVIEW}"))
        entering, leaving = _changes(warehouse, audience)
        return Preview(
            audience=audience.name,
            as_of=audience.as_of,
            size=size,
            entering=entering,
            leaving=leaving,
            identifiers=_identifiers(warehouse, manifest, audience, size),
            overlaps=_overlaps(warehouse, manifest, audience, size),
            syncs=syncs_of(project, manifest, audience.model) if audience.model else (),
            sample=warehouse.rows(
                f"select * from {_PREVIEW} order by md5({quote(audience.key)}) limit ?", [sample]
            ),
        )


@contextmanager
def _temporary_table(warehouse: Warehouse, sql: str) -> Iterator[None]:
    warehouse.create_temporary(_NAME, sql)
    try:
        yield
    finally:
        warehouse.execute(f"drop table {_PREVIEW}")


def _changes(warehouse: Warehouse, audience: CompiledAudience) -> tuple[int | None, int | None]:
    if audience.model is None or not warehouse.exists(audience.model.table):
        return None, None
    table, key = audience.model.table, quote(audience.key)
    row = warehouse.rows(
        f"select count(case when built.{key} is null then 1 end) as entering,"
        f" count(case when preview.{key} is null then 1 end) as leaving"
        f" from {_PREVIEW} as preview full outer join {table} as built"
        f" on built.{key} = preview.{key}"
    )[0]
    return row["entering"], row["leaving"]


def _identifiers(
    warehouse: Warehouse, manifest: Manifest, audience: CompiledAudience, size: int
) -> list[IdentifierShare]:
    if audience.key != "profile_id":
        return []
    identifiers = require_built(warehouse, manifest.table("profile_identifiers"))
    rows = warehouse.rows(
        "select identifiers.identifier_type as type,"
        " count(distinct preview.profile_id) as members"
        f" from {identifiers} as identifiers"
        f" left join {_PREVIEW} as preview on preview.profile_id = identifiers.profile_id"
        " group by identifiers.identifier_type order by members desc, type"
    )
    return [
        IdentifierShare(row["type"], row["members"], _percent(row["members"], size)) for row in rows
    ]


def _overlaps(
    warehouse: Warehouse, manifest: Manifest, audience: CompiledAudience, size: int
) -> list[Overlap]:
    others = [
        other
        for other in manifest.audiences()
        if other.name != audience.name
        and key_of(other) == audience.key
        and warehouse.exists(other.table)
    ]
    found = [
        _overlap(warehouse, other.name, other.table, quote(audience.key), size) for other in others
    ]
    return sorted(found, key=lambda overlap: (-overlap.shared, overlap.audience))


def _overlap(warehouse: Warehouse, name: str, table: Table, key: str, size: int) -> Overlap:
    row = warehouse.rows(
        f"select count(*) as size, count(preview.{key}) as shared from {table} as other"
        f" left join {_PREVIEW} as preview on preview.{key} = other.{key}"
    )[0]
    return Overlap(name, row["size"], row["shared"], _percent(row["shared"], size))


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
