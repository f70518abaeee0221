"""Users of Zendesk that are there: found, then tagged or deleted."""

import json
from collections.abc import Mapping
from urllib.parse import quote

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.erasing import Person
from reverse_etl.destinations.kit.messages import Conversation, HttpResponse, Unexpected
from reverse_etl.destinations.kit.replies import is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.destinations.kit.singly import GONE, NOT_FOUND, record_of, records_of, whom
from reverse_etl.destinations.zendesk_records import outcome_from
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import plain

USERS = "/api/v2/users"
EXTERNAL_ID = "external_id"

User = dict[str, object]
"""A user as a look-up answers it; it has an id."""


def known_users(api: ApiDestination, batch: Batch) -> Conversation[Mapping[str, User]]:
    """The users of the external ids in a batch, by the id in small letters."""
    people = [whom(row, batch, api.identifiers) for row in batch.rows]
    ids = [plain(who[1]) or "" for who in people if who and who[0] == EXTERNAL_ID]
    if not ids:
        return {}
    together = ",".join(quote(one, safe="") for one in dict.fromkeys(ids))
    path = f"{USERS}/show_many?external_ids={together}"
    response = yield api.json_request("GET", path, None, batch.session, reads=True)
    return {str(user.get(EXTERNAL_ID)).casefold(): user for user in _users(response)}


def find_user(
    api: ApiDestination, person: Person, batch: Batch, known: Mapping[str, User]
) -> Conversation[User | None]:
    """The user of an external id, among those known; that of an address is searched for."""
    identifier, value = person[0], (plain(person[1]) or "").casefold()
    if identifier == EXTERNAL_ID:
        return known.get(value)
    query = quote(f'email:"{plain(person[1])}"', safe="")
    path = f"{USERS}/search?query={query}"
    response = yield api.json_request("GET", path, None, batch.session, reads=True)
    found = [user for user in _users(response) if str(user.get("email")).casefold() == value]
    return found[0] if found else None


def tag_user(api: ApiDestination, user: User, batch: Batch) -> Conversation[Outcome]:
    """Add the tag of an audience, or take it away; the answer lists the tags there are then."""
    tag, method = batch.purpose.list_title, "DELETE" if batch.removes else "PUT"
    body = f'{{"tags":[{json.dumps(tag, ensure_ascii=False)}]}}'
    path = f"{USERS}/{user['id']}/tags"
    response = yield api.json_request(method, path, body, batch.session, expected=NOT_FOUND)
    if batch.removes and response.status in NOT_FOUND:
        return GONE
    if not is_success(response):
        return outcome_from(response)
    tags = record_of(response).get("tags")
    is_done = isinstance(tags, list) and (tag in tags) is not batch.removes
    return outcome_of(response, OutcomeKind.SUCCEEDED if is_done else OutcomeKind.UNKNOWN)


def delete_user(api: ApiDestination, user: User, batch: Batch) -> Conversation[Outcome]:
    """Delete a user softly, and for good who is to be forgotten."""
    outcome = GONE
    if user.get("active") is not False:
        outcome = yield from _delete(api, f"{USERS}/{user['id']}", "user", batch)
    if batch.purpose.kind == "erasure" and outcome.kind is OutcomeKind.SUCCEEDED:
        path = f"/api/v2/deleted_users/{user['id']}"
        outcome = yield from _delete(api, path, "deleted_user", batch)
    return outcome


def _delete(api: ApiDestination, path: str, record: str, batch: Batch) -> Conversation[Outcome]:
    response = yield api.json_request("DELETE", path, None, batch.session, expected=NOT_FOUND)
    return GONE if response.status in NOT_FOUND else outcome_from(response, record)


def _users(response: HttpResponse) -> list[User]:
    users = records_of(response, "users")
    if not all(isinstance(user.get("id"), int) for user in users):
        raise Unexpected(response)
    return users
