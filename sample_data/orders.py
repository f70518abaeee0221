"""Carts and what is paid for them, in whole cents."""

from dataclasses import dataclass, field
from random import Random

from sample_data.catalog import Product, euros
from sample_data.diary import Json
from sample_data.names import Culture

FREE_SHIPPING_FROM = 10_000


@dataclass
class Basket:
    """Products waiting to be paid for."""

    contents: dict[Product, int] = field(default_factory=dict)
    coupon: str | None = None

    def put(self, product: Product, quantity: int) -> None:
        """Add a product."""
        self.contents[product] = self.contents.get(product, 0) + quantity

    def take_out(self, product: Product) -> None:
        """Remove a product altogether."""
        self.contents.pop(product, None)

    @property
    def _goods(self) -> int:
        return sum(product.cents * quantity for product, quantity in self.contents.items())

    @property
    def discount(self) -> int:
        """A tenth with a coupon, nothing without."""
        return self._goods // 10 if self.coupon else 0

    @property
    def revenue(self) -> int:
        """What the goods bring, without shipping and tax."""
        return self._goods - self.discount

    def lines(self) -> list[Json]:
        """One object per product."""
        return [
            {
                "product_id": product.product_id,
                "sku": product.sku,
                "name": product.name,
                "price": euros(product.cents),
                "quantity": quantity,
            }
            for product, quantity in self.contents.items()
        ]

    def order_properties(self, random: Random, culture: Culture) -> Json:
        """The properties of the order that buys this."""
        revenue = self.revenue
        shipping = 0 if revenue >= FREE_SHIPPING_FROM else 490
        tax = revenue * 19 // 100
        return {
            "order_id": f"TW-{random.getrandbits(32):08X}",
            "total": euros(revenue + shipping + tax),
            "revenue": euros(revenue),
            "shipping": euros(shipping),
            "tax": euros(tax),
            "discount": euros(self.discount),
            "currency": "EUR",
            "coupon": self.coupon,
            "products": self.lines(),
            "shipping_address": {
                "city": culture.city,
                "postal_code": culture.postal_code,
                "country": culture.country,
            },
        }
