"""A visit to the shop: what one person does on one device in one sitting."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from sample_data.catalog import (
    CAMPAIGNS,
    CATEGORIES,
    EVERYDAY,
    SEARCHES,
    Campaign,
    Product,
    euros,
    slug,
)
from sample_data.days import HISTORY_BEGINS, NEXT_DAY_BEGINS, epoch_milliseconds
from sample_data.diary import NO_DEVICE, Call, CallType, Deed, Diary, Json
from sample_data.orders import Basket
from sample_data.personas import OLD_APP, Company, Device, identifier

Placeholder = Literal["user", "device", "both"]

OLD_SIGN_UP_PAGE_UNTIL = HISTORY_BEGINS + timedelta(days=12)
MOBILE_FLUSH = timedelta(seconds=30)


class Visit:
    """Writes one sitting into a diary, in order.

    `held_until` is when a phone without network at last sent what it had kept. `is_shared` says
    that the device is not this persona's, so that nothing done on it identifies them.
    `placeholder` is what the faulty app release sent instead of a user, a device, or both.
    """

    def __init__(
        self,
        diary: Diary,
        device: Device,
        begins_at: datetime,
        *,
        held_until: datetime | None = None,
        is_shared: bool = False,
        placeholder: Placeholder | None = None,
        campaign: Campaign | None = None,
    ) -> None:
        self.diary = diary
        self.device = device
        self.begins_at = begins_at
        self.now = begins_at
        self.basket = Basket()
        self._held_until = held_until
        self._is_shared = is_shared
        self._placeholder = placeholder
        self._campaign = campaign
        self._page = ("Home", "/")

    @property
    def random(self) -> Random:
        """The dice of this persona."""
        return self.diary.random

    @property
    def is_signed_in(self) -> bool:
        """Whether the persona is signed in on this device."""
        return self.device.name in self.diary.signed_in

    def look(self, name: str, path: str, category: str = "Storefront") -> Call:
        """Open a page, or a screen of the app."""
        self._page = (name, path)
        kind: CallType = "page" if self.device.source == "web" else "screen"
        return self._record(kind, name, {}, category=category)

    def arrive(self) -> None:
        """Open the home page, now and then by way of an advertisement."""
        if self._campaign is None and self.device.source == "web" and self.random.random() < 0.12:
            self._campaign = self.random.choice(CAMPAIGNS)
        self.look("Home", "/")

    def search(self) -> Call:
        """Look for something by words."""
        return self.track("Products Searched", {"query": self.random.choice(SEARCHES)})

    def browse(self, views: int) -> None:
        """Wander through a category or two and look at that many products."""
        category = self.random.choice(CATEGORIES)
        if self.random.random() < 0.25:
            self.search()
        self.look(category, f"/c/{slug(category)}", "Category")
        shelf = [product for product in EVERYDAY if product.category == category] or list(EVERYDAY)
        if self.random.random() < 0.4:
            self.show_list(category, shelf)
        for _ in range(views):
            self.view(self.random.choice(shelf if self.random.random() < 0.6 else EVERYDAY))

    def show_list(self, category: str, shelf: list[Product]) -> Call:
        """See the products of a category side by side."""
        shown = [
            {"product_id": product.product_id, "position": position}
            for position, product in enumerate(shelf[:4], start=1)
        ]
        filters = [{"type": "in stock", "value": "yes"}] if self.random.random() < 0.3 else []
        return self.track(
            "Product List Viewed",
            {
                "list_id": slug(category),
                "category": category,
                "products": shown,
                "filters": filters,
            },
        )

    def view(self, product: Product) -> Call:
        """Look at one product."""
        self._page = (product.name, f"/p/{slug(product.name)}")
        position: object = self.random.randrange(1, 25)
        is_featured = self.begins_at >= NEXT_DAY_BEGINS and self.random.random() < 0.15
        if is_featured and self.device.source == "web":
            position = "featured"
        call = self.track("Product Viewed", {**_described(product), "position": position})
        if position == "featured":
            self.diary.note("property_changes_type", call.message_id)
        return call

    def add(self, product: Product, quantity: int = 1) -> Call:
        """Put a product in the cart."""
        self.basket.put(product, quantity)
        properties: Json = {**_described(product), "quantity": quantity}
        if self.begins_at >= NEXT_DAY_BEGINS:
            properties["gift_wrap"] = self.random.random() < 0.2
        call = self.track("Product Added", properties)
        if "gift_wrap" in properties:
            self.diary.note("property_only_next_day", call.message_id)
        self._deed("addition", call)
        return call

    def remove(self, product: Product) -> Call:
        """Take a product out again."""
        self.basket.take_out(product)
        return self.track("Product Removed", {**_described(product), "quantity": 1})

    def open_cart(self) -> Call:
        """Look at the cart."""
        self._page = ("Cart", "/cart")
        return self.track("Cart Viewed", {"products": self.basket.lines()})

    def apply_coupon(self, code: str) -> Call:
        """Enter a coupon."""
        self.basket.coupon = code
        discount = euros(self.basket.discount)
        return self.track("Coupon Applied", {"coupon_id": code, "discount": discount})

    def check_out(self) -> Call:
        """Start to pay."""
        self._page = ("Checkout", "/checkout")
        value = euros(self.basket.revenue)
        properties: Json = {"value": value, "currency": "EUR", "products": self.basket.lines()}
        return self.track("Checkout Started", properties)

    def order(self, *, queued_until: datetime | None = None) -> Call:
        """Buy what is in the cart. The app reports its own orders, for browsers the server does.

        `queued_until` is when a server whose queue stood still at last sent the order.
        """
        self._step(4, 40)
        properties = self.basket.order_properties(self.random, self.diary.persona.culture)
        call = (
            self.track("Order Completed", properties)
            if self.device.source == "mobile"
            else self._server_order(properties, queued_until)
        )
        self._deed("order", call, self.basket.revenue)
        self.basket = Basket()
        return call

    def subscribe(self, email: str) -> Call:
        """Leave an address for the newsletter."""
        call = self._record("identify", None, {"email": email, "newsletter": True})
        self._tell("email", email, call)
        self.track("Newsletter Subscribed", {"list_id": "weekly", "topics": ["new", "sale"]})
        return call

    def sign_in(self, email: str) -> Call:
        """Sign in to the account the persona has, or opens now, and tell the shop an address."""
        persona = self.diary.persona
        assert persona.user_id is not None
        is_new = persona.opens_account and (("user_id", persona.user_id), None) not in (
            self.diary.disclosures
        )
        self.look("Sign up" if is_new else "Sign in", "/account", "Account")
        if self._is_old_app or (is_new and self.begins_at < OLD_SIGN_UP_PAGE_UNTIL):
            self._alias(persona.user_id)
        self.diary.signed_in.add(self.device.name)
        call = self._identify(email)
        self.track("Signed Up" if is_new else "Signed In", {"method": "email"})
        return call

    def sign_out(self) -> None:
        """Leave the account on this device; its anonymous id stays."""
        self.diary.signed_in.discard(self.device.name)

    def join_company(self, company: Company) -> Call:
        """The browser says which company the account belongs to."""
        return self._record("group", None, {"name": company.name}, group_id=company.group_id)

    def track(self, event: str, properties: Json) -> Call:
        """Something done."""
        return self._record("track", event, properties)

    def _identify(self, email: str) -> Call:
        persona = self.diary.persona
        is_typed = persona.typed_email is not None and email == persona.emails[0]
        traits: Json = {
            "email": persona.typed_email if is_typed else email,
            "first_name": persona.given,
            "last_name": persona.family,
        }
        if persona.telephone and self.device.source == "mobile":
            traits["phone"] = persona.telephone
        call = self._record("identify", None, traits)
        self._tell("email", email, call)
        if "phone" in traits and persona.telephone:
            self._tell("phone", persona.telephone, call)
        if not self._is_shared:
            self.diary.join(self.device.name, call.received_at)
        return call

    def _alias(self, user_id: str) -> None:
        self._step(1, 2)
        call = replace(
            self._call("alias", None, {}, None),
            user_id=user_id,
            previous_id=self.device.anonymous_id,
        )
        if self._is_old_app:
            # From here on the old app names the account only: the alias is all that joins the two.
            call = replace(call, anonymous_id=None)
            self.diary.note("alias_from_old_app", call.message_id)
        self.diary.calls.append(call)
        self.diary.disclose("user_id", user_id, None, call.received_at)
        self.diary.join(self.device.name, call.received_at)

    def _server_order(self, properties: Json, queued_until: datetime | None) -> Call:
        persona = self.diary.persona
        received_at = queued_until or self.now + timedelta(milliseconds=self._roll(150, 900))
        is_guest = not self.is_signed_in
        passes_device = is_guest or (not self._is_shared and self.random.random() < 0.1)
        call = Call(
            source="server",
            type="track",
            occurred_at=self.now,
            received_at=received_at,
            message_id=identifier(self.random),
            persona=persona,
            anonymous_id=self.device.anonymous_id if passes_device else None,
            user_id=None if is_guest else persona.user_id,
            name="Order Completed",
            body=properties,
            email=persona.emails[0] if not is_guest and self.random.random() < 0.3 else None,
        )
        self.diary.calls.append(call)
        return call

    def _record(
        self,
        type: CallType,
        name: str | None,
        body: Json,
        *,
        category: str | None = None,
        group_id: str | None = None,
    ) -> Call:
        self._step(2, 45)
        call = replace(self._call(type, name, body, category), group_id=group_id)
        self.diary.calls.append(call)
        self._tell_ids(call)
        return call

    def _call(self, type: CallType, name: str | None, body: Json, category: str | None) -> Call:
        page_name, path = self._page
        return Call(
            source=self.device.source,
            type=type,
            occurred_at=self.now,
            received_at=self._received_at(),
            message_id=self._message_id(),
            persona=self.diary.persona,
            device=self.device,
            anonymous_id=self._anonymous_id(),
            user_id=self._user_id(),
            name=name,
            category=category,
            path=path,
            query=_utm(self._campaign) if page_name == "Home" else "",
            body=body,
        )

    def _anonymous_id(self) -> str | None:
        if self._placeholder in ("device", "both"):
            return NO_DEVICE
        return None if self._is_old_app and self.is_signed_in else self.device.anonymous_id

    @property
    def _is_old_app(self) -> bool:
        return self.device.source == "mobile" and self.device.app_version == OLD_APP

    def _user_id(self) -> str | None:
        if self._placeholder in ("user", "both"):
            return "null"
        return self.diary.persona.user_id if self.is_signed_in else None

    def _tell_ids(self, call: Call) -> None:
        if call.anonymous_id == self.device.anonymous_id and not self._is_shared:
            self.diary.disclose(
                "anonymous_id", call.anonymous_id, self.device.name, call.received_at
            )
        if call.user_id is not None and call.user_id == self.diary.persona.user_id:
            self.diary.disclose("user_id", call.user_id, None, call.received_at)
        if self._placeholder is not None:
            self.diary.note(f"placeholder_{self._placeholder}", call.message_id)

    def _tell(self, kind: str, value: str, call: Call) -> None:
        device = None if self.is_signed_in else self.device.name
        self.diary.disclose(kind, value, device, call.received_at)

    def _deed(self, kind: Literal["addition", "order"], call: Call, cents: int = 0) -> None:
        device = None if self.is_signed_in else self.device.name
        self.diary.deeds.append(Deed(kind, call.occurred_at, call.received_at, device, cents))

    def _message_id(self) -> str:
        unique = identifier(self.random)
        if self.device.source == "mobile":
            return unique.upper() if self.device.is_apple else unique
        clock = self.now - self.device.latency + self.device.clock_error
        return f"ajs-next-{epoch_milliseconds(clock)}-{unique}"

    def _received_at(self) -> datetime:
        if self._held_until is not None:
            return self._held_until
        if self.device.source == "web":
            return self.now + timedelta(milliseconds=self._roll(1, 12))
        flushes = -((self.begins_at - self.now) // MOBILE_FLUSH)
        return self.begins_at + flushes * MOBILE_FLUSH

    def _step(self, shortest: int, longest: int) -> None:
        self.now += timedelta(milliseconds=self._roll(shortest * 1000, longest * 1000))

    def _roll(self, lowest: int, highest: int) -> int:
        return self.random.randrange(lowest, highest + 1)


def _described(product: Product) -> Json:
    return {
        "product_id": product.product_id,
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "price": euros(product.cents),
    }


def _utm(campaign: Campaign | None) -> str:
    if campaign is None:
        return ""
    return (
        f"?utm_source={campaign.source}&utm_medium={campaign.medium}&utm_campaign={campaign.name}"
    )
