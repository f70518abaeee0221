"""What kind of event carried a link."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.engines import Warehouse
from warehouse.manifest import Manifest


@dataclass(frozen=True)
class CarriedBy:
    """An event by its source and message id.

    ``call_type`` is None where the link comes from a model, ``event_name`` for calls that are not
    track.
    """

    source: str | None
    event_id: str | None
    call_type: str | None
    event_name: str | None


Carriers = Mapping[tuple[str | None, str | None], CarriedBy]


def carriers(
    warehouse: Warehouse, manifest: Manifest, links: Iterable[Mapping[str, Any]]
) -> Carriers:
    """The events of links (rows with ``source`` and ``event_id``), by both."""
    keys = sorted({(link["source"], link["event_id"]) for link in links}, key=str)
    found = {key: CarriedBy(*key, None, None) for key in keys}
    ids = [event_id for _, event_id in keys if event_id is not None]
    if ids:
        marks = ", ".join("?" for _ in ids)
        rows = warehouse.rows(
            f"select source, event_id, call_type, event_name from {manifest.table('events')}"
            f" where event_id in ({marks})",
            ids,
        )
        found |= {
            key: CarriedBy(**row)
            for row in rows
            if (key := (row["source"], row["event_id"])) in found
        }
    return found
