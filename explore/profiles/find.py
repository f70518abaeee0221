"""Which profile somebody means by an identifier, or by a profile id old or new."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from warehouse.engines import Warehouse
from warehouse.errors import ConfigurationError
from warehouse.manifest import Manifest

LISTED = 10
"""How many profiles an ambiguous value names before it says how many more there are."""


@dataclass(frozen=True, order=True)
class Match:
    """What a value may mean: an identifier, as ``type:value``, or a profile id, and its profile."""

    meaning: str
    profile_id: str


def find_profile(warehouse: Warehouse, manifest: Manifest, asked: str) -> str:
    """The profile id of ``type:value``, of a bare value of any type, or of a former profile id.

    A value is taken as it is written, else as rules normalise: trimmed, in small letters, or as a
    phone number without what stands between its digits.

    Raises ConfigurationError when nothing is built, when there is no such identifier, and when a
    bare value means several profiles.
    """
    require_build(warehouse, manifest)
    types = _known_types(warehouse, manifest)
    identifier_type, value = _split(asked, types)
    for spelling in _spellings(value):
        matches = _matching_identifiers(warehouse, manifest, identifier_type, spelling)
        if identifier_type is None:
            matches += _matching_profile_ids(warehouse, manifest, spelling)
        if matches:
            return _only_profile(asked, matches)
    raise ConfigurationError(_not_found(asked, types))


def require_build(warehouse: Warehouse, manifest: Manifest) -> None:
    """Raises ConfigurationError when profiles were never built on this target."""
    if not warehouse.exists(manifest.table("profile_identifiers")):
        raise ConfigurationError("No profiles are built yet; build them with: weft build.")


def _known_types(warehouse: Warehouse, manifest: Manifest) -> list[str]:
    rows = warehouse.rows(
        "select identifier_type, min(priority) as priority"
        f" from {manifest.table('identifiers')} group by identifier_type order by 2, 1"
    )
    return [row["identifier_type"] for row in rows]


def _split(asked: str, types: list[str]) -> tuple[str | None, str]:
    identifier_type, colon, value = asked.partition(":")
    # A value may hold a colon itself: only a known type before it counts.
    return (identifier_type, value) if colon and identifier_type in types else (None, asked)


def _spellings(value: str) -> list[str]:
    digits = re.sub(r"\D", "", value)
    spellings = [value, value.strip(), value.strip().lower()]
    if digits and re.fullmatch(r"[\d\s()/.+-]+", value):
        spellings.append("+" + digits.removeprefix("00"))
    return list(dict.fromkeys(spellings))


def _matching_identifiers(
    warehouse: Warehouse, manifest: Manifest, identifier_type: str | None, value: str
) -> list[Match]:
    of_type = "" if identifier_type is None else "and identifier_type = ?"
    rows = warehouse.rows(
        "select identifier_type || ':' || identifier_value as meaning, profile_id"
        f" from {manifest.table('profile_identifiers')}"
        f" where identifier_value = ? {of_type} order by 1",
        [value] if identifier_type is None else [value, identifier_type],
    )
    return [Match(**row) for row in rows]


def _matching_profile_ids(warehouse: Warehouse, manifest: Manifest, profile_id: str) -> list[Match]:
    rows = warehouse.rows(
        f"""
        select distinct 'the profile id ' || profile_id as meaning, profile_id
        from {manifest.table("profile_identifiers")}
        where profile_id = ?
        union all
        select 'the former profile id ' || profile_id as meaning, merged_into as profile_id
        from {manifest.table("profile_merges")}
        where profile_id = ?
        """,
        [profile_id, profile_id],
    )
    return [Match(**row) for row in rows]


def _only_profile(asked: str, matches: list[Match]) -> str:
    profiles = {match.profile_id for match in matches}
    if len(profiles) == 1:
        return profiles.pop()
    listed = "; ".join(
        f"{match.meaning} (profile {match.profile_id})" for match in sorted(matches)[:LISTED]
    )
    more = f"; and {len(matches) - LISTED:,} more" if len(matches) > LISTED else ""
    raise ConfigurationError(
        f"{asked!r} means {len(profiles):,} profiles, name one of them with its type:"
        f" {listed}{more}."
    )


def _not_found(asked: str, types: list[str]) -> str:
    if not types:
        return f"There is no identifier {asked!r}; no event with an identifier is built yet."
    identifier_type, colon, value = asked.partition(":")
    nearest = get_close_matches(identifier_type, types, n=1) if colon else []
    if nearest and nearest[0] != identifier_type:
        return f"There is no identifier {asked!r}; did you mean '{nearest[0]}:{value}'?"
    return (
        f"There is no identifier {asked!r} and no profile id of that name; name one as type:value,"
        f" with one of the types {', '.join(types)}, spelt as the events have it."
    )
