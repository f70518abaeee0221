"""Values that could not get their new name, because it was taken: they become discards."""

from loaders.door.admission import COLLISIONS
from loaders.envelopes import ARRIVED, DUPLICATES
from loaders.fresh import CALL_TYPES
from loaders.landing import Load
from loaders.naming import CALL_TABLES
from loaders.structure import literal
from warehouse.system_tables import DISCARDS

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
    values = {
        "load_id": load.load_id,
        "source": literal(load.source),
        "table_name": f"case type {tables} end",
        "column_name": "taken.name",
        "column_value": "json_extract_string(taken.value, '$')",
        "row_id": "id",
        "reason": literal(REASON),
        "discarded_at": load.load_time,
    }
    load.discards += load.warehouse.insert_parsed(
        DISCARDS,
        list(values),
        f"""
        select {", ".join(values.values())}
        from {COLLISIONS} as taken
        join {ARRIVED} as arrived using (file, line)
        anti join {DUPLICATES} using (number)
        where arrived.reason is null
        """,
    )
