"""Where the identifiers of a profile stand when they are drawn: a tree that grows to the right.

Every leaf has a row of its own and every parent stands in the middle of its children, so that no
two boxes touch and the same profile is always drawn the same way.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from explore.profiles.events import Carriers, carriers
from explore.profiles.refusals import read_refused
from explore.profiles.tree import Tree, rows_at
from warehouse.engines import Warehouse
from warehouse.manifest import Manifest

DRAWN = 50
"""How many identifiers a drawing shows: the first to come in."""
REFUSED = 20
"""How many refused links of these it shows: the latest."""


@dataclass(frozen=True)
class Box:
    """An identifier at a column and row. ``owner`` is another profile's name, None for the own."""

    identifier_type: str
    identifier_value: str
    column: int
    row: float
    owner: str | None = None


@dataclass(frozen=True)
class Line:
    """A link between two boxes: ``kind`` is came_in, also (seen together as well) or refused.

    ``label`` is what carried it or why it was refused, ``when`` its day.
    """

    near: int
    far: int
    kind: str
    label: str = ""
    when: str = ""


@dataclass(frozen=True)
class Graph:
    """A profile to draw: boxes, lines between them by number, and what was left out."""

    profile_id: str
    boxes: list[Box]
    lines: list[Line]
    identifiers: int
    drawn: int


def draw(warehouse: Warehouse, manifest: Manifest, profile_id: str, tree: Tree) -> Graph:
    """Place the first identifiers of a profile, in the order they came in, and their links."""
    numbers = {number: place for place, number in enumerate(tree.order[:DRAWN])}
    rows = rows_at(tree.identifiers, list(numbers))
    parents = {
        place: numbers[tree.came_in[number][0]] if number in tree.came_in else None
        for number, place in numbers.items()
    }
    own = {(row["identifier_type"], row["identifier_value"]): i for i, row in enumerate(rows)}
    refused = [
        link
        for link in read_refused(warehouse, manifest, profile_id, limit=REFUSED)
        if (link.identifier_type, link.identifier_value) in own
    ]
    strangers = dict(enumerate(refused, start=len(rows)))
    for place, link in strangers.items():
        parents[place] = own[link.identifier_type, link.identifier_value]
    places = _places(parents)
    boxes = [
        Box(row["identifier_type"], row["identifier_value"], *places[place])
        for place, row in enumerate(rows)
    ] + [
        Box(link.other_type, link.other_value, *places[place], owner=link.other_known_as)
        for place, link in strangers.items()
    ]
    lines = _own_lines(tree, numbers, _names(warehouse, manifest, tree, numbers)) + [
        Line(
            own[link.identifier_type, link.identifier_value],
            place,
            "refused",
            link.reason,
            _day(link.linked_at),
        )
        for place, link in strangers.items()
    ]
    return Graph(profile_id, boxes, lines, tree.identifiers.num_rows, len(rows))


def _names(
    warehouse: Warehouse, manifest: Manifest, tree: Tree, numbers: Iterable[int]
) -> Carriers:
    """The events of the links by which the drawn identifiers came in."""
    positions = [tree.came_in[number][1] for number in numbers if number in tree.came_in]
    return carriers(warehouse, manifest, rows_at(tree.links, positions))


def _own_lines(tree: Tree, numbers: dict[int, int], names: Carriers) -> list[Line]:
    lines = []
    by_link = {position: number for number, (_, position) in tree.came_in.items()}
    pairs = zip(tree.links["near"].to_pylist(), tree.links["far"].to_pylist(), strict=True)
    for position, (near, far) in enumerate(pairs):
        if near not in numbers or far not in numbers:
            continue
        number = by_link.get(position)
        if number is None:
            lines.append(Line(numbers[near], numbers[far], "also"))
            continue
        [link] = rows_at(tree.links, [position])
        event = names[link["source"], link["event_id"]]
        label = event.event_name or event.call_type or event.source or ""
        parent = numbers[tree.came_in[number][0]]
        lines.append(Line(parent, numbers[number], "came_in", label, _day(link["linked_at"])))
    return lines


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


def _places(parents: dict[int, int | None]) -> dict[int, tuple[int, float]]:
    """The column and row of each place. A parent comes before its children in number."""
    children: dict[int | None, list[int]] = defaultdict(list)
    columns: dict[int, int] = {}
    for place, parent in parents.items():
        children[parent].append(place)
        columns[place] = 0 if parent is None else columns[parent] + 1
    rows: dict[int, float] = {}
    leaves = 0
    # Each place is met twice: before its children, and when they have their rows.
    waiting = [(place, False) for place in reversed(children[None])]
    while waiting:
        place, is_done = waiting.pop()
        below = children[place]
        if not below:
            rows[place] = leaves
            leaves += 1
        elif is_done:
            rows[place] = (rows[below[0]] + rows[below[-1]]) / 2
        else:
            waiting.append((place, True))
            waiting.extend((child, False) for child in reversed(below))
    return {place: (columns[place], rows[place]) for place in parents}
