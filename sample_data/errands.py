"""How an ordinary life at the shop goes: a list of errands, each one visit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sample_data import back_office
from sample_data.catalog import COUPONS, EVERYDAY, Product
from sample_data.days import shopping_hour
from sample_data.diary import Call, Diary
from sample_data.visits import Placeholder, Visit

Intent = Literal["browse", "add", "buy", "subscribe"]


@dataclass(frozen=True)
class Errand:
    """One visit to come. `device` counts the persona's devices from 0.

    Without `products` the visitor takes what pleases. Buying signs in whoever has an account.
    """

    day: int
    intent: Intent = "browse"
    device: int = 0
    signs_in: bool = False
    products: tuple[Product, ...] = ()
    at: datetime | None = None
    held_until: datetime | None = None
    queued_until: datetime | None = None
    placeholder: Placeholder | None = None
    views: int | None = None


def live(diary: Diary, errands: Sequence[Errand]) -> None:
    """Run the errands in the order of their times."""
    timed = [(errand.at or shopping_hour(diary.random, errand.day), errand) for errand in errands]
    for at, errand in sorted(timed, key=lambda pair: pair[0]):
        run(diary, replace(errand, at=at))


def run(diary: Diary, errand: Errand) -> Visit:
    """One visit, from the home page to the end of its errand."""
    persona = diary.persona
    visit = Visit(
        diary,
        persona.devices[errand.device],
        errand.at or shopping_hour(diary.random, errand.day),
        held_until=errand.held_until,
        placeholder=errand.placeholder,
    )
    visit.arrive()
    views = errand.views or diary.random.choices((1, 2, 3), (6, 3, 1))[0]
    visit.browse(views)
    may_sign_in = persona.user_id is not None and not visit.is_signed_in
    if may_sign_in and (errand.signs_in or errand.intent == "buy"):
        enter(visit, persona.emails[min(errand.device, len(persona.emails) - 1)])
    if errand.intent in ("add", "buy"):
        fill_cart(visit, errand.products)
    if errand.intent == "buy":
        # Chosen products stand for a chosen sum, which a coupon would spoil.
        coupon = "" if errand.products else None
        order = pay(visit, errand.queued_until, coupon=coupon)
        _regret(diary, order)
    if errand.intent == "subscribe":
        visit.subscribe(persona.emails[0])
    return visit


def enter(visit: Visit, email: str) -> None:
    """Sign in; the server saves a new account, and one it has not been asked about before."""
    diary = visit.diary
    visit.sign_in(email)
    is_first_time = not any(call.source == "server" for call in diary.calls)
    if is_first_time and diary.random.random() < 0.8:
        saved_at = visit.now + timedelta(milliseconds=diary.random.randrange(200, 1800))
        back_office.save_account(diary, saved_at)


def fill_cart(visit: Visit, products: Sequence[Product] = ()) -> None:
    """Put products in the cart, and now and then one out again."""
    random = visit.random
    chosen = products or random.sample(EVERYDAY, random.choices((1, 2, 3), (5, 3, 1))[0])
    for product in chosen:
        if random.random() < 0.5:
            visit.view(product)
        visit.add(product, 1 if products or random.random() < 0.85 else 2)
    if not products and len(chosen) > 1 and random.random() < 0.3:
        visit.remove(chosen[0])
    if random.random() < 0.6:
        visit.open_cart()


def pay(visit: Visit, queued_until: datetime | None = None, *, coupon: str | None = None) -> Call:
    """From the cart to the order."""
    if coupon is None and visit.random.random() < 0.12:
        coupon = visit.random.choice(COUPONS)
    if coupon:
        visit.apply_coupon(coupon)
    visit.check_out()
    return visit.order(queued_until=queued_until)


def _regret(diary: Diary, order: Call) -> None:
    if order.user_id is not None and diary.random.random() < 0.06:
        days = diary.random.randrange(3, 12)
        minutes = diary.random.randrange(600)
        back_office.refund(diary, order, order.occurred_at + timedelta(days=days, minutes=minutes))
