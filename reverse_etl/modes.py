"""What each mode makes of a key that is new, has changed, or is gone, as SQL."""

from reverse_etl.destinations.kit.purpose import Mode
from reverse_etl.selection import Selection

_REMOVING = ("mirror", "audience")
# What a key of the source becomes, by mode: when it is new, when its values differ.
_OPERATIONS: dict[Mode, tuple[str, str | None]] = {
    "upsert": ("add", "change"),
    "mirror": ("add", "change"),
    "update": ("change", "change"),
    "create": ("add", None),
    "audience": ("add", None),
    "append": ("add", None),
}


def operation_of(mode: Mode, selection: Selection) -> str:
    """SQL for the operation of a key: add, change, remove, leave or invalid; null for none.

    It reads copies, source_hash, acknowledged, acknowledged_hash, tombstone and open_operation.
    """
    new, differing = _OPERATIONS[mode]
    change = f"'{differing}'" if differing else "null"
    # What a reset has forgotten is sent again, what was removed is not.
    returner = (
        f"case when acknowledged_hash is null then '{new}' end" if mode == "append" else f"'{new}'"
    )
    removes = mode in _REMOVING
    leaver = "'remove'" if removes else "null" if mode == "append" else "'leave'"
    unconfirmed = "'remove'" if removes else "null"
    unchanged = f"'{differing or new}'" if selection.resync else "null"
    if selection.withdraws:
        return "case when acknowledged or open_operation is not null then 'remove' end"
    return f"""
        case
            when copies > 1 or (copies = 1 and source_hash is null) then 'invalid'
            when copies = 1 and tombstone then {returner}
            when copies = 1 and not acknowledged then '{new}'
            -- a removal that may have been applied is taken back
            when copies = 1 and open_operation = 'remove' then '{new}'
            when copies = 1 and source_hash <> acknowledged_hash
                then {unchanged if selection.resync else change}
            -- other values may have been applied since
            when copies = 1 and open_operation is not null
                then {unchanged if selection.resync else change}
            when copies = 1 then {unchanged}
            when acknowledged then {leaver}
            when open_operation is not null then {unconfirmed}
        end
    """
