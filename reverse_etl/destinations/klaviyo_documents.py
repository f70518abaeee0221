"""What Klaviyo is told and tells in JSON:API: profiles, events, and errors that point at them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from json import dumps
from typing import Any

from reverse_etl.destinations.kit.events import read_event
from reverse_etl.destinations.kit.messages import HttpResponse, Unexpected
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.replies import accepted, outcome_of, parsed
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import as_object, fragments

OWN_ID = "id"
"""Klaviyo's own identifier, which stands beside the attributes."""

_ATTRIBUTES = frozenset(
    {
        "email",
        "phone_number",
        "external_id",
        "first_name",
        "last_name",
        "organization",
        "locale",
        "title",
        "image",
        "location",
    }
)
_OF_EVENTS = ("value", "value_currency")
_POINTER = re.compile(r"/data/attributes/(?:profiles|events-bulk-create)/data/(\d+)(?:/|$)")


def import_document(batch: Batch, identifier: str) -> str:
    """A job that imports profiles, and puts them on a list where the rows are its members."""
    profiles = ",".join([profile_of(row, identifier) for row in batch.rows])
    lists = ""
    if batch.purpose.kind == "members":
        lists = (
            f',"relationships":{{"lists":{{"data":[{_listed("list", [dumps(batch.list_id)])}]}}}}'
        )
    return (
        '{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":'
        f"[{profiles}]}}}}{lists}}}}}"
    )


def events_document(batch: Batch, identifiers: Mapping[str, str]) -> str:
    """A job that makes events."""
    events = ",".join([event_of(row, batch, identifiers) for row in batch.rows])
    return (
        '{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":'
        f"[{events}]}}}}}}}}"
    )


def members_document(ids: Sequence[str]) -> str:
    """Profiles of a list, by ids that are JSON text."""
    return f'{{"data":[{_listed("profile", ids)}]}}'


def deletion_document(name: str, value: str) -> str:
    """A job that deletes one profile."""
    profile = f'{{"data":{_profile({name: value})}}}'
    return f'{{"data":{{"type":"data-privacy-deletion-job","attributes":{{"profile":{profile}}}}}}}'


def profile_of(row: Row, identifier: str) -> str:
    """A profile: fields that Klaviyo has no place for are its properties."""
    attributes: dict[str, str] = {}
    properties: dict[str, str] = {}
    for name, value in fragments(row.payload).items():
        (attributes if name in _ATTRIBUTES else properties)[name] = value
    if properties:
        attributes["properties"] = as_object(properties)
    return _profile({identifier: row.key_json, **attributes})


def event_of(row: Row, batch: Batch, identifiers: Mapping[str, str]) -> str:
    """An event of one profile, which Klaviyo makes where there is none."""
    event = read_event(row, batch, identifiers)
    properties = dict(event.properties)
    own = {name: properties.pop(name) for name in _OF_EVENTS if name in properties}
    metric = f'{{"data":{{"type":"metric","attributes":{{"name":{event.name}}}}}}}'
    attributes = {
        "metric": metric,
        "time": event.time,
        "unique_id": f'"{row.idempotency_key}"',
        **own,
        "properties": as_object(properties),
    }
    return (
        f'{{"type":"event-bulk-create","attributes":{{"profile":{{"data":'
        f'{_profile(event.identifiers)}}},"events":{{"data":['
        f'{{"type":"event","attributes":{as_object(attributes)}}}]}}}}}}'
    )


def _listed(kind: str, ids: Sequence[str]) -> str:
    return ",".join([f'{{"type":"{kind}","id":{found}}}' for found in ids])


def _profile(attributes: Mapping[str, str]) -> str:
    others = dict(attributes)
    own_id = others.pop(OWN_ID, None)
    beside = "" if own_id is None else f'"id":{own_id},'
    return f'{{"type":"profile",{beside}"attributes":{as_object(others)}}}'


def attributes_of(response: HttpResponse) -> Mapping[str, Any]:
    """The attributes of the resource in an answer. Raises Unexpected where there is none."""
    found = _resource(response).get("attributes")
    if not isinstance(found, dict):
        raise Unexpected(response)
    return found


def id_of(response: HttpResponse) -> str:
    """The id of the resource in an answer. Raises Unexpected where there is none."""
    found = _resource(response).get("id")
    if not isinstance(found, str) or not found:
        raise Unexpected(response)
    return found


def ids_of(response: HttpResponse) -> list[str]:
    """The ids of the resources in an answer. Raises Unexpected where it has no such list."""
    found = objects_in(response, accepted(response), "data", is_needed=True)
    ids = [resource.get("id") for resource in found]
    if not all(isinstance(own_id, str) for own_id in ids):
        raise Unexpected(response)
    return [str(own_id) for own_id in ids]


def next_page(document: Any, address: str) -> str | None:
    """The path of the next page, which lies at the same address."""
    links = document.get("links") if isinstance(document, dict) else None
    link = links.get("next") if isinstance(links, dict) else None
    at_home = isinstance(link, str) and link.startswith(f"{address}/")
    return str(link).removeprefix(address) if at_home else None


def pointed_at(response: HttpResponse, errors: Iterable[Any], rows: int) -> dict[int, Outcome]:
    """The rows that errors point at, with what the first error of each says."""
    failed: dict[int, Outcome] = {}
    for error in errors:
        source = error.get("source") if isinstance(error, dict) else None
        pointer = source.get("pointer") if isinstance(source, dict) else None
        found = _POINTER.match(str(pointer))
        if found and int(found[1]) < rows:
            why = outcome_of(response, OutcomeKind.REJECTED, error.get("detail"), error.get("code"))
            failed.setdefault(int(found[1]), why)
    return failed


def refused_job(response: HttpResponse, batch: Batch) -> Sequence[Outcome]:
    """A job that was refused is applied to nobody.

    Rows that its errors point at are rejected, and the others sent again without them.
    """
    errors = objects_in(response, parsed(response), "errors") if response.status == 400 else []
    failed = pointed_at(response, errors, len(batch.rows))
    if not failed:
        raise Unexpected(response)
    again = outcome_of(response, OutcomeKind.RETRY, "others in the request were refused")
    return [failed.get(place, again) for place in range(len(batch.rows))]


def _resource(response: HttpResponse) -> Mapping[str, Any]:
    document = accepted(response)
    found = document.get("data") if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise Unexpected(response)
    return found
