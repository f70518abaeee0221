"""What the warehouse holds now: events, profiles, audiences and what destinations have."""

from dataclasses import dataclass

from warehouse.engines import Table, Warehouse
from warehouse.manifest import Manifest
from warehouse.system_tables import LOADS, SYNC_SNAPSHOT


@dataclass(frozen=True)
class SourceSummary:
    """One source: how many events of it have landed, in how many files, and of which days."""

    source: str
    files: int
    events: int
    rejected: int


@dataclass(frozen=True)
class ProfileSummary:
    """How many identifiers make how many profiles, and how often profiles were merged.

    ``known`` profiles have an identifier beside anonymous ids; ``merged`` counts the profile ids
    that ended in a merge during one run.
    """

    profiles: int
    known: int
    identifiers: int
    merged: int
    refused_links: int


@dataclass(frozen=True)
class AudienceSummary:
    """One audience: its size, and who entered and left in one run."""

    audience: str
    size: int
    entered: int
    left: int


@dataclass(frozen=True)
class Rebuild:
    """A model of profiles or traits that one run built in full, and why it had to."""

    model: str
    reason: str


@dataclass(frozen=True)
class SyncSummary:
    """One sync: how many keys its destination has acknowledged."""

    sync: str
    keys: int


def summarize_sources(warehouse: Warehouse) -> list[SourceSummary]:
    """Every source that has landed anything, by name."""
    rows = warehouse.rows(
        "select source, count(*) as files, cast(sum(landed) as bigint) as events,"
        f" cast(sum(rejected) as bigint) as rejected from {LOADS}"
        " where state = 'landed' and format not in ('view', 'replay')"
        " group by source order by source"
    )
    return [SourceSummary(**row) for row in rows]


def summarize_profiles(
    warehouse: Warehouse, manifest: Manifest, run_id: str
) -> ProfileSummary | None:
    """The profiles and what became of them in one run, None before they were built whole."""
    names = ("profile_identifiers", "profile_merges", "refused_links")
    identifiers, merges, refused = (manifest.table(name) for name in names)
    if not all(map(warehouse.exists, (identifiers, merges, refused))):
        return None
    row = warehouse.rows(
        f"""
        select
            count(distinct profile_id) as profiles,
            count(distinct case when identifier_type <> 'anonymous_id' then profile_id end)
                as known,
            count(*) as identifiers,
            (select count(*) from {merges} where run_id = ?) as merged,
            (select count(*) from {refused}) as refused_links
        from {identifiers}
        """,
        [run_id],
    )[0]
    return ProfileSummary(**row)


def summarize_audiences(
    warehouse: Warehouse, manifest: Manifest, run_id: str
) -> list[AudienceSummary]:
    """Every audience that is built, with its changes in one run, by name."""
    ledger = manifest.table("audience_memberships")
    return [
        _summarize_audience(warehouse, audience.name, audience.table, ledger, run_id)
        for audience in manifest.audiences()
        if warehouse.exists(audience.table)
    ]


def _summarize_audience(
    warehouse: Warehouse, name: str, table: Table, ledger: Table, run_id: str
) -> AudienceSummary:
    row = warehouse.rows(
        f"""
        select
            (select count(*) from {table}) as size,
            count(case when change = 'entered' then 1 end) as entered,
            count(case when change = 'exited' then 1 end) as "left"
        from {ledger}
        where audience = ? and run_id = ?
        """,
        [name, run_id],
    )[0]
    return AudienceSummary(audience=name, **row)


def summarize_rebuilds(warehouse: Warehouse, manifest: Manifest, run_id: str) -> list[Rebuild]:
    """What one run could not go on from, by model; first builds and those asked for left out."""
    ledger = manifest.table("trait_builds")
    if not warehouse.exists(ledger):
        return []
    rows = warehouse.rows(
        f"select model_name as model, reason from {ledger}"
        " where run_id = ? and is_full and reason not in ('first build', 'full refresh')"
        " order by model_name, build",
        [run_id],
    )
    return [Rebuild(**row) for row in rows]


def summarize_syncs(warehouse: Warehouse) -> list[SyncSummary]:
    """Every sync whose destination has acknowledged anything, by name."""
    rows = warehouse.rows(
        f"select sync, count(*) as keys from {SYNC_SNAPSHOT}"
        " where not removed group by sync order by sync"
    )
    return [SyncSummary(**row) for row in rows]
