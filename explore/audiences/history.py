"""How large an audience was, over time."""

from dataclasses import dataclass
from datetime import date

from explore.audiences.catalog import require_built
from warehouse.engines import Warehouse
from warehouse.manifest import Manifest, Model


@dataclass(frozen=True)
class AudienceSize:
    """The size of an audience at the end of an as-of date on which anyone entered or left."""

    as_of: date
    entered: int
    exited: int
    size: int
    held_out: int


def audience_history(
    warehouse: Warehouse, manifest: Manifest, audience: Model
) -> list[AudienceSize]:
    """Every date on which the audience changed, oldest first; in between its size was the same."""
    sizes = require_built(warehouse, manifest.table("audience_sizes"))
    rows = warehouse.rows(
        f"select as_of, entered, exited, size, held_out from {sizes}"
        " where audience = ? order by as_of",
        [audience.name],
    )
    return [AudienceSize(**row) for row in rows]
