"""Taking contacts back from ActiveCampaign, which does not know them by their address."""

from urllib.parse import quote

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.messages import Conversation, Unexpected
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.replies import accepted, done, outcome_of
from reverse_etl.destinations.kit.rows import Batch
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import plain

_GONE = frozenset({404})


def remove(api: ApiDestination, batch: Batch, name: str, value: str) -> Conversation[Outcome]:
    """The contact is looked up; then it is deleted, or loses the tag. Who is not there has gone."""
    del name
    address = plain(value) or ""
    path = f"/api/3/contacts?email={quote(address, safe='')}"
    found = yield api.json_request("GET", path, None, batch.session, reads=True)
    document = accepted(found)
    if not isinstance(document, dict) or "contacts" not in document:
        raise Unexpected(found)
    outcome = outcome_of(found, OutcomeKind.SUCCEEDED)
    for contact in objects_in(found, document, "contacts"):
        path = f"/api/3/contacts/{quote(str(contact.get('id')), safe='')}"
        if batch.purpose.kind == "members":
            path = yield from _tag_of(api, batch, path)
        if path:
            outcome = done(
                (yield api.json_request("DELETE", path, None, batch.session, expected=_GONE)), _GONE
            )
    return outcome


def _tag_of(api: ApiDestination, batch: Batch, contact: str) -> Conversation[str]:
    """Where a contact's tag of this audience is, nowhere when it has lost it."""
    path = f"{contact}/contactTags"
    found = yield api.json_request("GET", path, None, batch.session, reads=True, expected=_GONE)
    if found.status in _GONE:
        return ""
    for tag in objects_in(found, accepted(found), "contactTags"):
        if str(tag.get("tag")) == batch.list_id:
            return f"/api/3/contactTags/{quote(str(tag.get('id')), safe='')}"
    return ""
