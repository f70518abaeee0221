"""Properties of people where a vendor has one operation that sets and another that clears."""

import json

from reverse_etl.values import as_object, fragments


def set_and_cleared(payload: str) -> tuple[str, list[str]]:
    """What a payload sets, as a JSON object, and the names of the fields that are null, as JSON."""
    if "null" not in payload:
        return payload, []
    found = fragments(payload)
    kept = {name: value for name, value in found.items() if value != "null"}
    cleared = [name for name, value in found.items() if value == "null"]
    return as_object(kept), [json.dumps(name, ensure_ascii=False) for name in cleared]
