"""Records of Pipedrive: which fields they have, and what an answer says."""

import re
from typing import Any

from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import outcome_of, parsed
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status
from reverse_etl.reading import shown
from reverse_etl.values import as_object, fragments

LABELS = "label_ids"
_BOTH = {"name", "owner_id", "visible_to", LABELS, "add_time"}
FIELDS = {
    "persons": _BOTH | {"email", "phone", "org_id", "marketing_status"},
    "organizations": _BOTH | {"address"},
}
"""The fields of each type of record, without custom ones."""

CUSTOM_FIELD = re.compile(r"[0-9a-f]{40}")
_LISTS = {"email": "emails", "phone": "phones"}


def fields_of(payload: str) -> dict[str, str]:
    """The fields as Pipedrive writes them: addresses and numbers as lists, custom ones apart."""
    own: dict[str, str] = {}
    custom: dict[str, str] = {}
    for name, value in fragments(payload).items():
        if CUSTOM_FIELD.fullmatch(name):
            custom[name] = value
        else:
            own |= in_list(name, value) or {name: value}
    return {**own, "custom_fields": as_object(custom)} if custom else own


def in_list(name: str, value: str) -> dict[str, str]:
    """An address or a number as a list of one; nothing for another field."""
    if name not in _LISTS:
        return {}
    one = "" if value == "null" else f'{{"value":{value},"primary":true}}'
    return {_LISTS[name]: f"[{one}]"}


def outcome_from(response: HttpResponse) -> Outcome:
    """Success where the answer says so and has the id; a 200 may well say no."""
    try:
        answer = parsed(response)
    except Unexpected:
        answer = None
    kind = kind_of_status(response.status)
    if not isinstance(answer, dict):
        answer = {"error": shown(response.body)}
    elif kind is OutcomeKind.SUCCEEDED and answer.get("success") is False:
        kind = OutcomeKind.REJECTED
    if kind is OutcomeKind.SUCCEEDED:
        id_of(answer.get("data"), response)
        return outcome_of(response, kind)
    return outcome_of(response, kind, answer.get("error"), answer.get("code"))


def id_of(record: object, response: HttpResponse) -> str:
    """The id of a record. Raises Unexpected where there is none."""
    found = record.get("id") if isinstance(record, dict) else None
    if not isinstance(found, int):
        raise Unexpected(response)
    return str(found)


def option_of(options: object, label: str) -> str | None:
    """The id of the option of this name, if there is one."""
    for option in listed(options):
        if isinstance(option, dict) and option.get("label") == label:
            return str(option.get("id"))
    return None


def listed(value: object) -> list[Any]:
    """A list, empty where there is none."""
    return value if isinstance(value, list) else []
