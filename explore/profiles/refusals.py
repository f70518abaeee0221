"""The links of a profile to others that were refused, and why."""

from dataclasses import dataclass
from datetime import datetime

from explore.profiles.events import CarriedBy, carriers
from warehouse.engines import Warehouse
from warehouse.manifest import Manifest

REASONS = {
    "unique": "one profile would have two values of the unique type; an earlier link counts",
    "limit": "the profile has as many earlier values of that type as the rules allow",
    "never_link": "the rules say that these are never one",
}
"""What each reason of a refusal means."""


@dataclass(frozen=True)
class RefusedLink:
    """A link between an identifier of the profile and one of another profile.

    ``other_known_as`` is that profile's identifier of highest priority, as ``type:value``;
    ``reason`` a word of the rules, ``meaning`` what it says.
    """

    identifier_type: str
    identifier_value: str
    other_type: str
    other_value: str
    other_profile_id: str
    other_known_as: str
    reason: str
    meaning: str
    linked_at: datetime | None
    event: CarriedBy


def read_refused(
    warehouse: Warehouse, manifest: Manifest, profile_id: str, *, limit: int
) -> list[RefusedLink]:
    """The refused links of a profile, latest first, at most ``limit``."""
    rows = warehouse.rows(_named_sql(manifest), [profile_id, profile_id, limit])
    events = carriers(warehouse, manifest, rows)
    return [
        RefusedLink(
            **{name: value for name, value in row.items() if name not in ("source", "event_id")},
            meaning=REASONS.get(row["reason"], row["reason"]),
            event=events[row["source"], row["event_id"]],
        )
        for row in rows
    ]


def count_refused(warehouse: Warehouse, manifest: Manifest, profile_id: str) -> int:
    """How many refused links a profile has."""
    count: int = warehouse.value(
        f"select count(*) from ({_refused_sql(manifest)}) as refused", [profile_id, profile_id]
    )
    return count


def _named_sql(manifest: Manifest) -> str:
    """The refused links with the name of the other profile; a third parameter limits them."""
    return f"""
        with

        refused as (

            select * from ({_refused_sql(manifest)}) as every_one
            order by linked_at desc nulls last, 1, 2, 3, 4
            limit ?

        ),

        ranked as (

            select
                members.profile_id,
                identifiers.identifier_type || ':' || identifiers.identifier_value as known_as,
                row_number() over (
                    partition by members.profile_id
                    order by
                        identifiers.priority,
                        identifiers.first_seen_at,
                        identifiers.identifier_value
                ) as place
            from {manifest.table("profile_identifiers")} as members
            inner join {manifest.table("identifiers")} as identifiers
                on identifiers.identifier_id = members.identifier_id
            where members.profile_id in (select other_profile_id from refused)

        )

        select refused.*, ranked.known_as as other_known_as
        from refused
        inner join ranked on ranked.profile_id = refused.other_profile_id and ranked.place = 1
        order by refused.linked_at desc nulls last, 1, 2, 3, 4
    """


def _refused_sql(manifest: Manifest) -> str:
    """The refused links seen from a profile, which two parameters name."""
    sides = (
        ("first_identifier_id", "second_identifier_id"),
        ("second_identifier_id", "first_identifier_id"),
    )
    return " union all ".join(
        f"""
        select
            own.identifier_type,
            own.identifier_value,
            other.identifier_type as other_type,
            other.identifier_value as other_value,
            other.profile_id as other_profile_id,
            refused.reason,
            refused.linked_at,
            refused.source,
            refused.event_id
        from {manifest.table("refused_links")} as refused
        inner join {manifest.table("profile_identifiers")} as own on own.identifier_id = {near}
        inner join {manifest.table("profile_identifiers")} as other on other.identifier_id = {far}
        where own.profile_id = ?
        """
        for near, far in sides
    )
