"""Who is to be forgotten: every identifier, profile id and event of one person."""

from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.engines import Table, Warehouse, quote
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.manifest import Manifest

PERSON = quote("weft_person")
"""A temporary table of what stands for the person: ``kind`` and ``value``.

Kinds: ``value`` (an identifier's value, in lower case, ``type`` beside it), ``id`` (a profile id or
the id of an identifier, which no one else bears) and ``event`` (the id of an event, its source as
``type``).
"""


@dataclass(frozen=True)
class Person:
    """The identifiers (type, value) of a person, and the profile ids they have borne."""

    identifiers: tuple[tuple[str, str], ...]
    profiles: tuple[str, ...]


def find_person(
    warehouse: Warehouse, manifest: Manifest, identifier: str, kind: str | None
) -> Person:
    """The person an identifier belongs to, and the temporary table of what stands for them.

    An identifier that no profile has is a person of its own; its type must then be given.

    Raises UnknownNameError or ConfigurationError when it is not clear who is meant.
    """
    warehouse.execute(
        f"create or replace temporary table {PERSON} (kind varchar, type varchar, value varchar)"
    )
    known = stored_table(warehouse, manifest, "profile_identifiers")
    found = _profiles(warehouse, known, identifier, kind) if known else {}
    if not found:
        given = (_given_kind(warehouse, known, identifier, kind), identifier)
        person = Person((given,), ())
    else:
        person = _whole_person(warehouse, manifest, known, found)
    _remember(warehouse, manifest, person)
    return person


def stored_table(warehouse: Warehouse, manifest: Manifest, name: str) -> Table | None:
    """The table of a model, None where the project has no such model or has not built it."""
    try:
        table = manifest.table(name)
    except UnknownNameError:
        return None
    return table if warehouse.exists(table) else None


def _profiles(
    warehouse: Warehouse, known: Table, identifier: str, kind: str | None
) -> Mapping[str, str]:
    """Profile id to type, for the one profile that has the identifier."""
    rows = warehouse.rows(
        f"""
        select distinct profile_id, identifier_type from {known}
        where lower(trim(identifier_value)) = lower(trim(cast(? as varchar)))
            and (identifier_type = ? or cast(? as varchar) is null)
        order by identifier_type, profile_id
        """,
        [identifier, kind, kind],
    )
    types = sorted({row["identifier_type"] for row in rows})
    if len({row["profile_id"] for row in rows}) > 1:
        raise ConfigurationError(
            f"Several people have the identifier {identifier!r}; say which with --type: "
            f"{', '.join(types)}."
        )
    return {row["profile_id"]: row["identifier_type"] for row in rows}


def _given_kind(
    warehouse: Warehouse, known: Table | None, identifier: str, kind: str | None
) -> str:
    if kind is not None:
        return kind
    types = []
    if known:
        rows = warehouse.rows(f"select distinct identifier_type as kind from {known} order by 1")
        types = [row["kind"] for row in rows]
    shown = f" ({', '.join(types)})" if types else ""
    raise ConfigurationError(
        f"No profile has the identifier {identifier!r}; to forget and suppress it all the same, "
        f"say its type{shown} with --type."
    )


def _whole_person(
    warehouse: Warehouse, manifest: Manifest, known: Table | None, found: Mapping[str, str]
) -> Person:
    profiles = dict.fromkeys(found)
    merges = stored_table(warehouse, manifest, "profile_merges")
    waiting = list(profiles)
    while merges and waiting:
        rows = warehouse.rows(
            f"select distinct profile_id from {merges} where merged_into = ? order by profile_id",
            [waiting.pop()],
        )
        new = [row["profile_id"] for row in rows if row["profile_id"] not in profiles]
        profiles |= dict.fromkeys(new)
        waiting += new
    marks = ", ".join("?" for _ in profiles)
    rows = warehouse.rows(
        f"select distinct identifier_type, identifier_value from {known}"
        f" where profile_id in ({marks}) order by identifier_type, identifier_value",
        list(profiles),
    )
    identifiers = tuple((row["identifier_type"], row["identifier_value"]) for row in rows)
    return Person(identifiers, tuple(profiles))


def _remember(warehouse: Warehouse, manifest: Manifest, person: Person) -> None:
    for kind, value in person.identifiers:
        warehouse.execute(
            f"insert into {PERSON} values ('value', ?, lower(trim(cast(? as varchar))))",
            [kind, value],
        )
    for profile in person.profiles:
        warehouse.execute(f"insert into {PERSON} values ('id', 'profile_id', ?)", [profile])
    known = stored_table(warehouse, manifest, "profile_identifiers")
    if known and person.profiles:
        warehouse.execute(
            f"insert into {PERSON} select distinct 'id', 'identifier_id',"
            f" cast(identifier_id as varchar) from {known}"
            f" where profile_id in (select value from {PERSON} where type = 'profile_id')"
        )
    events = stored_table(warehouse, manifest, "event_identifiers")
    if events:
        warehouse.execute(
            f"insert into {PERSON} select distinct 'event', source, event_id from {events}"
            f" where cast(identifier_id as varchar) in"
            f" (select value from {PERSON} where type = 'identifier_id')"
        )
