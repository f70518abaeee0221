"""How the identifiers of a profile hang together: the links that brought each of them in.

Links count in the order in which they happened, and one between identifiers that hang together
already brings in nobody: the links that remain are a tree. Seen from the profile's earliest
identifier each other one has exactly one link by which it came in.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.engines import Warehouse
from warehouse.manifest import Manifest

if TYPE_CHECKING:
    import pyarrow as pa

Pair = tuple[int, int]


@dataclass(frozen=True)
class Tree:
    """The identifiers of one profile, numbered from its earliest, 0, and their links in order.

    ``identifiers`` has a row per number: identifier_type, identifier_value, priority,
    first_seen_at, last_seen_at, events. ``links`` has a row per link, earliest first: near, far
    (numbers), linked_at, source, event_id. ``came_in`` names for each identifier the identifier
    and the link (row of ``links``) by which it came in; the earliest has none, and neither has
    one that only a rule (``always_link``) ties to the others. ``order`` lists the numbers so that
    each stands after the one it came in by.
    """

    identifiers: "pa.Table"
    links: "pa.Table"
    came_in: dict[int, Pair]
    order: list[int]


def read_tree(warehouse: Warehouse, manifest: Manifest, profile_id: str) -> Tree:
    """The tree of a profile."""
    identifiers = warehouse.arrow(_identifiers_sql(manifest), [profile_id])
    links = warehouse.arrow(_links_sql(manifest), [profile_id])
    pairs = list(zip(links["near"].to_pylist(), links["far"].to_pylist(), strict=True))
    came_in, order = grow(identifiers.num_rows, pairs)
    return Tree(identifiers, links, came_in, order)


def rows_at(table: "pa.Table", positions: Sequence[int]) -> list[dict[str, Any]]:
    """Some rows of a table, in the order of their positions."""
    import pyarrow as pa

    # An empty list has no type of its own.
    rows: list[dict[str, Any]] = table.take(pa.array(positions, pa.int64())).to_pylist()
    return rows


def grow(count: int, links: Sequence[Pair]) -> tuple[dict[int, Pair], list[int]]:
    """The links by which 0 .. ``count`` - 1 come in, and an order in which they do.

    ``links`` are pairs of numbers, those that count first coming first. See ``Tree``.
    """
    branches: list[list[Pair]] = [[] for _ in range(count)]
    for position in _spanning(count, links):
        near, far = links[position]
        branches[near].append((far, position))
        branches[far].append((near, position))
    came_in: dict[int, Pair] = {}
    order: list[int] = []
    reached = [False] * count
    for root in range(count):
        if reached[root]:
            continue
        reached[root] = True
        waiting = deque([root])
        while waiting:
            number = waiting.popleft()
            order.append(number)
            for other, position in branches[number]:
                if not reached[other]:
                    reached[other] = True
                    came_in[other] = (number, position)
                    waiting.append(other)
    return came_in, order


def _spanning(count: int, links: Sequence[Pair]) -> list[int]:
    """The positions of links that join what was apart before them."""
    parents = list(range(count))

    def root_of(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    spanning = []
    for position, (near, far) in enumerate(links):
        near_root, far_root = root_of(near), root_of(far)
        if near_root != far_root:
            parents[far_root] = near_root
            spanning.append(position)
    return spanning


def _numbered_sql(manifest: Manifest) -> str:
    return f"""
        select
            identifiers.identifier_id,
            identifiers.identifier_type,
            identifiers.identifier_value,
            identifiers.priority,
            identifiers.first_seen_at,
            row_number() over (
                order by
                    identifiers.first_seen_at,
                    identifiers.priority,
                    identifiers.identifier_value
            ) - 1 as number
        from {manifest.table("profile_identifiers")} as own
        inner join {manifest.table("identifiers")} as identifiers
            on identifiers.identifier_id = own.identifier_id
        where own.profile_id = ?
    """


def _identifiers_sql(manifest: Manifest) -> str:
    return f"""
        select
            own.identifier_type,
            own.identifier_value,
            own.priority,
            own.first_seen_at,
            activity.last_seen_at,
            activity.count_events as events
        from ({_numbered_sql(manifest)}) as own
        left join {manifest.table("identifier_activity")} as activity
            on activity.identifier_id = own.identifier_id
        order by own.number
    """


def _links_sql(manifest: Manifest) -> str:
    return f"""
        with own as ({_numbered_sql(manifest)})
        select
            near.number as near,
            far.number as far,
            links.linked_at,
            links.source,
            links.event_id
        from {manifest.table("identity_links")} as links
        inner join own as near on near.identifier_id = links.first_identifier_id
        inner join own as far on far.identifier_id = links.second_identifier_id
        order by
            links.linked_at nulls last,
            md5(links.source || ':' || links.event_id),
            far.priority,
            far.identifier_value,
            near.number
    """
