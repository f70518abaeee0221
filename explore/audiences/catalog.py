"""The audiences of a project: what they are for, how large they are, where they are sent."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from warehouse.engines import Table, Warehouse
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.manifest import Manifest, Model
from warehouse.project import Project

KEYS = ("profile_id", "account_id")
"""The columns that say who a member is."""


@dataclass(frozen=True)
class AudienceEntry:
    """One audience. ``size`` is None before its first build."""

    audience: str
    size: int | None
    held_out: int
    changed: date | None
    owner: str | None
    description: str
    path: str
    syncs: tuple[str, ...]


def list_audiences(
    warehouse: Warehouse, project: Project, manifest: Manifest
) -> list[AudienceEntry]:
    """Every audience of the project, by name."""
    return [_entry(warehouse, project, manifest, audience) for audience in manifest.audiences()]


def find_audience(manifest: Manifest, name: str) -> Model:
    """The audience of a name. Raises UnknownNameError."""
    audiences = {audience.name: audience for audience in manifest.audiences()}
    if name not in audiences:
        raise UnknownNameError("audience", name, audiences)
    return audiences[name]


def settings_of(audience: Model) -> dict[str, Any]:
    """Its ``config.meta.audience``, empty when it has none."""
    given = audience.meta.get("audience")
    return dict(given) if isinstance(given, dict) else {}


def key_of(audience: Model) -> str:
    """The column that says who a member is: profile_id or account_id."""
    return str(settings_of(audience).get("key", "profile_id"))


def syncs_of(project: Project, manifest: Manifest, audience: Model) -> tuple[str, ...]:
    """The syncs that send it, by name."""
    return tuple(
        exposure.name
        for exposure in manifest.exposures(project.name)
        if "sync" in exposure.meta and audience.unique_id in exposure.depends_on
    )


def require_built(warehouse: Warehouse, table: Table) -> Table:
    """The table itself. Raises ConfigurationError when it has not been built."""
    if not warehouse.exists(table):
        raise ConfigurationError(
            f"The warehouse has no table {table.name} yet; make it with: weft build."
        )
    return table


def _entry(
    warehouse: Warehouse, project: Project, manifest: Manifest, audience: Model
) -> AudienceEntry:
    ledger, holdouts = manifest.table("audience_memberships"), manifest.table("audience_holdouts")
    given = settings_of(audience)
    is_built = warehouse.exists(audience.table)
    return AudienceEntry(
        audience=audience.name,
        size=warehouse.value(f"select count(*) from {audience.table}") if is_built else None,
        held_out=_standing(warehouse, holdouts, audience.name) if "holdout" in given else 0,
        changed=_last_change(warehouse, ledger, audience.name),
        owner=str(given["owner"]) if "owner" in given else None,
        description=" ".join(str(given.get("description", audience.description)).split()),
        path=audience.path,
        syncs=syncs_of(project, manifest, audience),
    )


def _standing(warehouse: Warehouse, ledger: Table, audience: str) -> int:
    if not warehouse.exists(ledger):
        return 0
    count = warehouse.value(
        "select coalesce(sum(case change when 'entered' then 1 else -1 end), 0) as n"
        f" from {ledger} where audience = ?",
        [audience],
    )
    return int(count)


def _last_change(warehouse: Warehouse, ledger: Table, audience: str) -> date | None:
    if not warehouse.exists(ledger):
        return None
    changed: date | None = warehouse.value(
        f"select max(as_of) as latest from {ledger} where audience = ?", [audience]
    )
    return changed
