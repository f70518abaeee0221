"""What the shop's own servers report beside orders: accounts, companies, refunds."""

from datetime import datetime, timedelta

from sample_data.days import STORY_ENDS, zulu
from sample_data.diary import Call, CallType, Diary, Json
from sample_data.names import spaced
from sample_data.personas import Company, identifier


def save_account(
    diary: Diary,
    at: datetime,
    *,
    email: str | None = None,
    is_own_email: bool = True,
    **changes: object,
) -> Call:
    """The account was saved: identify with every trait the shop holds.

    An address that somebody else gave first is sent all the same, and tells nothing.
    """
    persona = diary.persona
    email = email or persona.emails[0]
    traits: Json = {
        "email": email,
        "first_name": persona.given,
        "last_name": persona.family,
        "address": {"city": persona.culture.city, "country": persona.culture.country},
        "loyalty_tier": diary.random.choice(("linen", "wool", "silk")),
    }
    if not any(call.type == "identify" and call.source == "server" for call in diary.calls):
        opened_at = at if persona.opens_account else at - timedelta(days=400)
        traits["created_at"] = zulu(opened_at.replace(microsecond=0))
    if persona.telephone:
        is_spaced = diary.random.random() < 0.3
        traits["phone"] = spaced(persona.telephone) if is_spaced else persona.telephone
    call = _record(diary, "identify", at, None, {**traits, **changes})
    if is_own_email:
        diary.disclose("email", email, None, call.received_at)
    if persona.telephone:
        diary.disclose("phone", persona.telephone, None, call.received_at)
    return call


def name_company(diary: Diary, at: datetime, company: Company) -> Call:
    """The account belongs to a company."""
    traits: Json = {
        "name": company.name,
        "industry": company.industry,
        "employees": company.employees,
    }
    return _record(diary, "group", at, None, traits, group_id=company.group_id)


def refund(diary: Diary, order: Call, at: datetime) -> Call | None:
    """Money back for an order; refunds after the end of the story are not told."""
    if at >= STORY_ENDS - timedelta(hours=1):
        return None
    properties: Json = {
        "order_id": order.body["order_id"],
        "total": order.body["total"],
        "currency": "EUR",
        "reason": diary.random.choice(("size", "colour", "arrived late")),
    }
    return _record(diary, "track", at, "Order Refunded", properties)


def _record(
    diary: Diary,
    type: CallType,
    at: datetime,
    name: str | None,
    body: Json,
    *,
    group_id: str | None = None,
) -> Call:
    user_id = diary.persona.user_id
    assert user_id is not None
    call = Call(
        source="server",
        type=type,
        occurred_at=at,
        received_at=at + timedelta(milliseconds=diary.random.randrange(40, 900)),
        message_id=identifier(diary.random),
        persona=diary.persona,
        user_id=user_id,
        name=name,
        body=body,
        group_id=group_id,
    )
    diary.calls.append(call)
    diary.disclose("user_id", user_id, None, call.received_at)
    return call
