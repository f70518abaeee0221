"""The ordinary people of the shop, by the kind of life they lead there."""

from collections.abc import Callable, Iterator
from random import Random

from sample_data.catalog import named
from sample_data.days import LAST_DAY, NEXT_DAY
from sample_data.diary import Diary
from sample_data.errands import Errand, live
from sample_data.personas import OLD_APP, Casting, Persona

# With a window of 60 days, an order of day 29 lapses on the first day, one of day 30 on the next.
LAST_LAPSED_DAY = 29
# With a window of 7 days, a cart of day 83 counts on the first day and no longer on the next.
OLDEST_CART_DAY = 83

Role = Callable[[Random], list[Errand]]


def live_everyday(casting: Casting, seed: str) -> Iterator[Diary]:
    """Cast every role and let the people live."""
    for role, number, kind in _ROLES:
        for turn in range(number):
            random = Random(f"{seed}/{role.__name__}/{turn}")
            diary = Diary(kind(casting, random), random)
            live(diary, role(random))
            yield diary


def _customer(casting: Casting, random: Random) -> Persona:
    """Two devices, so that a role may use either."""
    first = random.choice(("laptop", "laptop", "desktop", "phone"))
    is_old_app = first == "phone" and random.random() < 0.3
    device = casting.device(first, app_version=OLD_APP) if is_old_app else casting.device(first)
    others = {"phone": ("phone-2",), "laptop": ("phone", "desktop"), "desktop": ("phone", "laptop")}
    second = casting.device(random.choice(others[first]))
    return casting.person(device, second, second_email=random.random() < 0.08)


def _visitor(casting: Casting, random: Random) -> Persona:
    return casting.visitor()


def _reader(casting: Casting, random: Random) -> Persona:
    return casting.person(has_account=False, with_telephone=False)


def _days(random: Random, number: int, first: int, last: int) -> list[int]:
    return sorted(random.randrange(first, last + 1) for _ in range(number))


def _start(random: Random, first: int, last: int) -> list[Errand]:
    """The visit that signs in, often after one that does not."""
    day = random.randrange(first, last + 1)
    earlier = [Errand(max(0, day - random.randrange(1, 6)))] if random.random() < 0.6 else []
    return [*earlier, Errand(day, signs_in=True)]


def _strolls(random: Random, number: int, first: int, last: int) -> list[Errand]:
    return [Errand(day) for day in _days(random, number, first, last)]


def _second_device(random: Random, first: int, last: int) -> list[Errand]:
    """Look around on the phone first, and sign in there another day."""
    if random.random() < 0.5:
        return []
    looks = random.randrange(first, last)
    return [Errand(looks, device=1), Errand(last, device=1, signs_in=True)]


def loyal(random: Random) -> list[Errand]:
    """Buys often enough to be worth a lot."""
    orders = [Errand(day, "buy") for day in _days(random, random.randrange(4, 7), 12, LAST_DAY)]
    return [
        *_start(random, 3, 11),
        *orders,
        *_strolls(random, 2, 12, LAST_DAY),
        *_second_device(random, 20, 80),
    ]


def occasional(random: Random) -> list[Errand]:
    """Buys once or twice, never long ago."""
    orders = [Errand(day, "buy") for day in _days(random, random.randrange(1, 3), 45, LAST_DAY)]
    return [
        *_start(random, 5, 44),
        *orders,
        *_strolls(random, random.randrange(1, 4), 45, LAST_DAY),
        *_second_device(random, 46, 88),
    ]


def lapsed(random: Random) -> list[Errand]:
    """Bought in July and not since."""
    number = random.randrange(1, 3)
    orders = [Errand(day, "buy") for day in _days(random, number, 4, LAST_LAPSED_DAY)]
    return [*_start(random, 0, 3), *orders, *_strolls(random, random.randrange(3), 35, 80)]


def lapsing(random: Random) -> list[Errand]:
    """Bought last on the day that leaves the window overnight."""
    return [*_start(random, 2, 12), Errand(LAST_LAPSED_DAY + 1, "buy")]


def returning(random: Random) -> list[Errand]:
    """Had lapsed, and comes back on the next day."""
    return [*lapsed(random), Errand(NEXT_DAY, "buy")]


def abandoning(random: Random) -> list[Errand]:
    """Left a full cart within the last days."""
    orders = [Errand(day, "buy") for day in _days(random, random.randrange(2), 40, 70)]
    cart = Errand(random.randrange(OLDEST_CART_DAY + 1, LAST_DAY + 1), "add")
    return [*_start(random, 20, 60), *orders, *_strolls(random, 2, 60, 80), cart]


def forgetting(random: Random) -> list[Errand]:
    """Left a cart so long ago that it stops counting overnight."""
    return [*_start(random, 20, 60), Errand(OLDEST_CART_DAY, "add")]


def deciding(random: Random) -> list[Errand]:
    """Left a cart, and buys on the next day."""
    return [*abandoning(random), Errand(NEXT_DAY, "buy")]


def hesitating(random: Random) -> list[Errand]:
    """Leaves a cart on the next day."""
    return [*_start(random, 20, 60), *_strolls(random, 2, 60, 88), Errand(NEXT_DAY, "add")]


def rising(random: Random) -> list[Errand]:
    """Is worth a little under the threshold, and crosses it on the next day."""
    coat, throw = named("Wool Overcoat"), named("Mohair Throw")
    return [
        *_start(random, 20, 40),
        Errand(random.randrange(50, 80), "buy", products=(coat,)),
        Errand(NEXT_DAY, "buy", products=(throw, named("Boot Socks"))),
    ]


def window_shopping(random: Random) -> list[Errand]:
    """Has an account and never buys."""
    return [*_start(random, 0, 70), *_strolls(random, random.randrange(1, 4), 70, LAST_DAY)]


def merging(random: Random) -> list[Errand]:
    """A customer who is also an unknown visitor, until the next day, on another device."""
    unknown = [Errand(day, device=1) for day in _days(random, 2, 55, 80)]
    cart = Errand(random.randrange(85, 90), "add", device=1)
    return [
        *_start(random, 5, 40),
        Errand(random.randrange(41, 89), "buy"),
        *unknown,
        cart,
        Errand(NEXT_DAY, device=1, signs_in=True),
    ]


def joining(random: Random) -> list[Errand]:
    """A visitor who opens an account on the next day."""
    return [*_strolls(random, 2, 70, LAST_DAY), Errand(NEXT_DAY, "add", signs_in=True)]


def arriving(random: Random) -> list[Errand]:
    """Unheard of before the next day."""
    return [Errand(NEXT_DAY, random.choice(("buy", "browse")), signs_in=True)]


def passing_by(random: Random) -> list[Errand]:
    """A visitor who stays unknown."""
    return _strolls(random, random.choices((1, 2, 3), (6, 3, 1))[0], 0, LAST_DAY)


def passing_by_with_cart(random: Random) -> list[Errand]:
    """A visitor who stays unknown and leaves a cart some day."""
    day = random.randrange(0, LAST_DAY + 1)
    return [*_strolls(random, 1, 0, day), Errand(day, "add")]


def passing_by_with_fresh_cart(random: Random) -> list[Errand]:
    """A visitor who stays unknown and left a cart within the last days."""
    return [Errand(random.randrange(OLDEST_CART_DAY, LAST_DAY + 1), "add")]


def passing_by_tomorrow(random: Random) -> list[Errand]:
    """A visitor of the next day."""
    return [Errand(NEXT_DAY, random.choice(("browse", "browse", "add")))]


def reading(random: Random) -> list[Errand]:
    """Leaves an address for the newsletter and no more."""
    day = random.randrange(0, 85)
    return [Errand(day, "subscribe"), *_strolls(random, 1, day + 1, LAST_DAY)]


def guest(random: Random) -> list[Errand]:
    """Buys without an account."""
    day = random.randrange(5, LAST_DAY + 1)
    return [*_strolls(random, 1, 0, day), Errand(day, "buy")]


_ROLES: tuple[tuple[Role, int, Callable[[Casting, Random], Persona]], ...] = (
    (loyal, 74, _customer),
    (occasional, 95, _customer),
    (lapsed, 52, _customer),
    (lapsing, 8, _customer),
    (returning, 7, _customer),
    (abandoning, 34, _customer),
    (forgetting, 8, _customer),
    (deciding, 9, _customer),
    (hesitating, 9, _customer),
    (rising, 8, _customer),
    (window_shopping, 50, _customer),
    (merging, 8, _customer),
    (joining, 6, _customer),
    (arriving, 6, _customer),
    (passing_by, 425, _visitor),
    (passing_by_with_cart, 120, _visitor),
    (passing_by_with_fresh_cart, 30, _visitor),
    (passing_by_tomorrow, 24, _visitor),
    (reading, 40, _reader),
    (guest, 28, _visitor),
)
