"""Values that could not get their new name, because it was taken: they become discards."""

from loaders.door.admission import COLLISIONS
from loaders.envelopes import ARRIVED, DUPLICATES
from loaders.fresh import CALL_TYPES
from loaders.landing import Load, keep_discards
from loaders.naming import CALL_TABLES
from loaders.structure import literal

REASON = "its new name was taken at the door"
"""The reason of such a discard."""


def discard_collisions(load: Load) -> None:
    """Keep the values of COLLISIONS, of events that land, in ``weft.discards``.

    The column is the new name as the door has it, the table that of the event's type. Needs
    ARRIVED and DUPLICATES.
    """
    tables = " ".join(
        f"when {literal(type_)} then {literal(table)}"
        for type_, table in zip(CALL_TYPES, CALL_TABLES, strict=True)
    )
    keep_discards(
        load,
        (
            f"case type {tables} end",
            "taken.name",
            "json_extract_string(taken.value, '$')",
            "id",
            literal(REASON),
        ),
        f"""
        {COLLISIONS} as taken
        join {ARRIVED} as arrived using (file, line)
        anti join {DUPLICATES} using (number)
        where arrived.reason is null
        """,
    )
