"""All that is known of one profile, and why: identifiers, refusals, traits, audiences, events."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from explore.profiles.events import CarriedBy, carriers
from explore.profiles.refusals import RefusedLink, count_refused, read_refused
from explore.profiles.tree import Tree, read_tree, rows_at
from warehouse.engines import Warehouse
from warehouse.manifest import Manifest


@dataclass(frozen=True)
class CameIn:
    """How an identifier came into its profile: the identifier it was seen with, and the event."""

    identifier_type: str
    identifier_value: str
    linked_at: datetime | None
    event: CarriedBy


@dataclass(frozen=True)
class Identifier:
    """An identifier of the profile. ``came_in`` is None for the one that was there first."""

    identifier_type: str
    identifier_value: str
    first_seen_at: datetime
    last_seen_at: datetime
    events: int
    came_in: CameIn | None


@dataclass(frozen=True)
class FormerId:
    """A profile id that was merged into this profile, and the run in which that happened."""

    profile_id: str
    run_id: str
    as_of: date


@dataclass(frozen=True)
class Membership:
    """An audience the profile is in, and since when: the time and as-of date of a run."""

    audience: str
    since: datetime
    as_of: date


@dataclass(frozen=True)
class Event:
    """An event of the profile; ``event_name`` is None for calls other than track."""

    occurred_at: datetime
    call_type: str
    event_name: str | None
    source: str
    event_id: str


@dataclass(frozen=True)
class Profile:
    """One profile. Lists are cut at the limit that was asked for; ``totals`` has their lengths."""

    profile_id: str
    former_ids: list[FormerId]
    first_seen_at: datetime
    last_seen_at: datetime
    identifiers: list[Identifier]
    refused_links: list[RefusedLink]
    traits: dict[str, Any]
    audiences: list[Membership]
    events: list[Event]
    totals: dict[str, int]


def show_profile(
    warehouse: Warehouse, manifest: Manifest, profile_id: str, *, limit: int
) -> tuple[Profile, Tree]:
    """A profile that exists, with at most ``limit`` rows in each list, and its whole tree.

    Identifiers come earliest first, refused links and events latest first, audiences by name.
    """
    tree = read_tree(warehouse, manifest, profile_id)
    former = _former_ids(warehouse, manifest, profile_id)
    audiences = _memberships(warehouse, manifest, profile_id)
    events = manifest.table("profile_events")
    profile = Profile(
        profile_id=profile_id,
        former_ids=former[:limit],
        first_seen_at=min(tree.identifiers["first_seen_at"].to_pylist()),
        last_seen_at=max(tree.identifiers["last_seen_at"].to_pylist()),
        identifiers=_identifiers(warehouse, manifest, tree, limit),
        refused_links=read_refused(warehouse, manifest, profile_id, limit=limit),
        traits=_traits(warehouse, manifest, profile_id),
        audiences=audiences,
        events=_events(warehouse, manifest, profile_id, limit),
        totals={
            "former_ids": len(former),
            "identifiers": tree.identifiers.num_rows,
            "refused_links": count_refused(warehouse, manifest, profile_id),
            "audiences": len(audiences),
            "events": warehouse.value(
                f"select count(*) from {events} where profile_id = ?", [profile_id]
            ),
        },
    )
    return profile, tree


def _identifiers(
    warehouse: Warehouse, manifest: Manifest, tree: Tree, limit: int
) -> list[Identifier]:
    rows = tree.identifiers.slice(0, limit).to_pylist()
    positions = [tree.came_in[number][1] for number in range(len(rows)) if number in tree.came_in]
    links = dict(zip(positions, rows_at(tree.links, positions), strict=True))
    names = carriers(warehouse, manifest, links.values())
    identifiers = []
    for number, row in enumerate(rows):
        came_in = None
        if number in tree.came_in:
            other, position = tree.came_in[number]
            link = links[position]
            [seen_with] = rows_at(tree.identifiers, [other])
            came_in = CameIn(
                seen_with["identifier_type"],
                seen_with["identifier_value"],
                link["linked_at"],
                names[link["source"], link["event_id"]],
            )
        row.pop("priority")
        identifiers.append(Identifier(**row, came_in=came_in))
    return identifiers


def _former_ids(warehouse: Warehouse, manifest: Manifest, profile_id: str) -> list[FormerId]:
    rows = warehouse.rows(
        f"select profile_id, run_id, as_of from {manifest.table('profile_merges')}"
        " where merged_into = ? order by as_of, run_id, profile_id",
        [profile_id],
    )
    return [FormerId(**row) for row in rows]


def _traits(warehouse: Warehouse, manifest: Manifest, profile_id: str) -> dict[str, Any]:
    """The columns of ``profiles`` that are no identifiers; empty while it is not built."""
    table = manifest.table("profiles")
    columns = warehouse.columns(table)
    # An identifier type has two columns: its value seen last, and the list of all its values.
    types = {name for name in columns if columns.get(f"{name}_all", "").endswith("[]")}
    own = {"profile_id", "first_seen_at", *types, *(f"{name}_all" for name in types)}
    rows = warehouse.rows(f"select * from {table} where profile_id = ?", [profile_id])
    return {name: value for row in rows for name, value in row.items() if name not in own}


def _memberships(warehouse: Warehouse, manifest: Manifest, profile_id: str) -> list[Membership]:
    rows = warehouse.rows(
        f"""
        with

        changes as (

            select
                audience,
                changed_at,
                as_of,
                sum(case when change = 'entered' then 1 else -1 end)
                    over (partition by audience) as memberships,
                row_number() over (
                    partition by audience, change order by changed_at desc
                ) as recency,
                change
            from {manifest.table("audience_memberships")}
            where profile_id = ?

        )

        select audience, changed_at as since, as_of
        from changes
        where memberships > 0 and change = 'entered' and recency = 1
        order by audience
        """,
        [profile_id],
    )
    # The ledger outlives an audience whose model is gone.
    audiences = {audience.name for audience in manifest.audiences()}
    return [Membership(**row) for row in rows if row["audience"] in audiences]


def _events(warehouse: Warehouse, manifest: Manifest, profile_id: str, limit: int) -> list[Event]:
    rows = warehouse.rows(
        "select occurred_at, call_type, event_name, source, event_id"
        f" from {manifest.table('profile_events')} where profile_id = ?"
        " order by occurred_at desc, received_at desc, source, event_id limit ?",
        [profile_id, limit],
    )
    return [Event(**row) for row in rows]
