"""What the shop sells, and the words its visitors use."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """One article; prices are whole cents so that sums stay exact."""

    product_id: str
    sku: str
    name: str
    category: str
    cents: int


_ARTICLES = (
    ("Scarves", "Lambswool Scarf", 3900),
    ("Scarves", "Silk Carré “Marée”", 8900),
    ("Scarves", "Linen Bandana", 1490),
    ("Scarves", "Alpaca Wrap", 12900),
    ("Socks", "Ribbed Merino Socks", 1650),
    ("Socks", "Cotton Ankle Socks, 3 pairs", 1990),
    ("Socks", "Boot Socks", 1890),
    ("Shirts", "Oxford Shirt", 6900),
    ("Shirts", "Indigo Work Shirt", 9400),
    ("Shirts", "Breton Stripe Top", 4950),
    ("Shirts", "Linen Band-Collar Shirt", 7900),
    ("Knitwear", "Fisherman's Sweater", 13900),
    ("Knitwear", "Cashmere Crew Neck", 18900),
    ("Knitwear", "Merino Cardigan", 11500),
    ("Knitwear", "Cable Vest", 8450),
    ("Trousers", "Selvedge Jeans", 12900),
    ("Trousers", "Corduroy Trousers", 9900),
    ("Trousers", "Linen Drawstring Trousers", 7400),
    ("Coats", "Waxed Jacket", 22900),
    ("Coats", "Wool Overcoat", 34900),
    ("Coats", "Rain Shell", 15900),
    ("Coats", "Quilted Liner", 9900),
    ("Home", "Waffle Towel", 2450),
    ("Home", "Linen Bed Sheet", 11900),
    ("Home", "Mohair Throw", 14900),
    ("Home", "Patchwork Cushion", 4400),
    ("Home", "Handloom Rug", 49999),
    ("Sewing", "Darning Kit", 1290),
    ("Sewing", "Beeswax Thread, 5 spools", 990),
    ("Sewing", "Tailor's Shears", 5600),
    ("Gifts", "Gift Card 50", 5000),
    ("Gifts", "Gift Card 250", 25000),
)

PRODUCTS = tuple(
    Product(f"p-{number:03d}", f"{number * 37:05d}", name, category, cents)
    for number, (category, name, cents) in enumerate(_ARTICLES, start=1)
)
CATEGORIES = tuple(dict.fromkeys(product.category for product in PRODUCTS))
EVERYDAY = tuple(product for product in PRODUCTS if product.cents <= 23000)

COUPONS = ("WELCOME10", "LATE-SUMMER", "FRIENDS10")
SEARCHES = (
    "scarf",
    "merino socks",
    "linen shirt",
    "écharpe en laine",
    "größe 42 jeans",
    "マフラー",
    "raincoat women's",
    "gift under 50",
    "mantón de lana",
    'towel 30" x 60"',
)


@dataclass(frozen=True)
class Campaign:
    """An advertisement that brought a visit."""

    name: str
    source: str
    medium: str


CAMPAIGNS = (
    Campaign("late-summer", "newsletter", "email"),
    Campaign("knitwear-launch", "google", "cpc"),
    Campaign("slow-fashion", "instagram", "social"),
)


def euros(cents: int) -> int | float:
    """The amount as scripts write it: without decimals where there are none."""
    return cents / 100 if cents % 100 else cents // 100


def named(name: str) -> Product:
    """The product of that name."""
    return next(product for product in PRODUCTS if product.name == name)


def slug(text: str) -> str:
    """A path segment: letters and digits, joined by dashes."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text)
    return "-".join(kept.lower().split())
