"""The digest of a plan: what it says and every row it would send, in one short text."""

import hashlib
import json

from warehouse.engines import Warehouse
from warehouse.system_tables import SYNC_PLANS, SYNC_ROWS

_SAID = (
    *("plan_id", "sync", "target", "destination", "account", "mode", "base_version"),
    *("mapping_hash", "added", "changed", "removed", "leaving", "guards", "selection"),
)


def compute_digest(warehouse: Warehouse, plan_id: str) -> str:
    """The digest of a plan as the warehouse holds it now: sha256, in hexadecimal."""
    said = warehouse.rows(
        f"select {', '.join(_SAID)} from {SYNC_PLANS} where plan_id = ?", [plan_id]
    )
    row = "concat(position, ' ', operation, ' ', row_hash, ' ', version, ' ', key)"
    rows = warehouse.value(
        f"select {warehouse.checksum(row)} as checksum from {SYNC_ROWS}"
        " where plan_id = ? and operation <> 'invalid'",
        [plan_id],
    )
    text = json.dumps([said, rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
