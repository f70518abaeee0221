"""Events of suppressed identifiers: they are rejected, and nothing of them is kept."""

from warehouse.engines import Warehouse, literal
from warehouse.suppressions import hash_of, suppressed_hashes

SUPPRESSED = "suppressed"
"""The reason of such an event in ``weft.rejects``; its text is not stored there."""

_COLUMNS = {
    "user_id": ("user_id", "previous_id"),
    "anonymous_id": ("anonymous_id", "previous_id"),
}
_PLACES = (("traits", "/{}"), ("properties", "/{}"), ("context", "/traits/{}"))


def reject_suppressed(warehouse: Warehouse, arrived: str) -> None:
    """Reject, in the parser's table of arrived events, those of a suppressed identifier.

    Identifiers other than user and anonymous ids are looked for among traits and properties under
    the name of their type. Costs nothing while nothing is suppressed. Raises BlockedError when the
    register cannot be read.
    """
    hashes = suppressed_hashes(warehouse)
    types: list[str] = sorted(set(hashes.column("type").to_pylist()) - {"profile_id"})
    if not types:
        return
    conditions = " or ".join(
        f"coalesce({hash_of(value)} in"
        f" (select value_hash from weft_suppressed where type = {literal(kind)}), false)"
        for kind in types
        for value in _values(kind)
    )
    parser = warehouse.parser
    parser.register("weft_suppressed", hashes)
    try:
        parser.execute(
            f"update {arrived} set reason = {literal(SUPPRESSED)}, raw = null"
            f" where reason is null and ({conditions})"
        )
    finally:
        parser.unregister("weft_suppressed")


def _values(kind: str) -> list[str]:
    if kind in _COLUMNS:
        return list(_COLUMNS[kind])
    return [
        f"json_extract_string({document}, {literal(path.format(kind))})"
        for document, path in _PLACES
    ]
