"""The truth about the sample shop, told from the diaries: who is who, and what they did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sample_data import FIRST_AS_OF, NEXT_AS_OF
from sample_data.batches import File
from sample_data.days import NEXT_DAY_BEGINS, STORY_ENDS, zulu
from sample_data.diary import Deed, Diary, Identifier, Json

HIGH_VALUE_CENTS = 50_000
LAPSED_AFTER_DAYS = 60
CART_DAYS = 7

DAYS = {
    "first_day": (FIRST_AS_OF, NEXT_DAY_BEGINS),
    "next_day": (NEXT_AS_OF, STORY_ENDS),
}


@dataclass(frozen=True)
class Known:
    """What the shop knows of one person, or takes for one, at the end of a batch."""

    name: str
    identifiers: tuple[Identifier, ...]
    deeds: tuple[Deed, ...]

    @property
    def user_id(self) -> str | None:
        """The account, if there is one."""
        return next((value for kind, value in self.identifiers if kind == "user_id"), None)

    @property
    def handle(self) -> Identifier:
        """The identifier to name this person by."""
        for wanted in ("user_id", "anonymous_id"):
            found = sorted(pair for pair in self.identifiers if pair[0] == wanted)
            if found:
                return found[0]
        raise LookupError(f"{self.name} has neither an account nor a device")

    def times(self, kind: str) -> list[datetime]:
        """When the deeds of that kind were done."""
        return [deed.occurred_at for deed in self.deeds if deed.kind == kind]

    @property
    def revenue(self) -> int:
        """All orders together, in cents."""
        return sum(deed.cents for deed in self.deeds)


def known_people(diaries: Iterable[Diary], until: datetime) -> list[Known]:
    """Everybody the shop has heard of before `until`, apart where it cannot know better."""
    return sorted(
        (known for diary in diaries for known in _faces(diary, until)),
        key=lambda known: known.name,
    )


def _faces(diary: Diary, until: datetime) -> list[Known]:
    """The persona as one, and each device apart that is not known to be the persona's."""

    def face_of(device: str | None) -> str | None:
        is_joined = device in diary.joined and diary.joined[device] < until
        return None if device is None or is_joined else device

    identifiers: dict[str | None, set[Identifier]] = {}
    for (identifier, device), received_at in diary.disclosures.items():
        if received_at < until:
            identifiers.setdefault(face_of(device), set()).add(identifier)
    devices = [device.name for device in diary.persona.devices]
    faces = [face for face in (None, *devices) if face in identifiers]
    return [
        Known(
            name=diary.persona.slug if face == faces[0] else f"{diary.persona.slug}/{face}",
            identifiers=tuple(sorted(identifiers[face])),
            deeds=tuple(
                deed
                for deed in diary.deeds
                if deed.received_at < until and face_of(deed.device) == face
            ),
        )
        for face in faces
    ]


def is_high_value(known: Known, as_of: date) -> bool:
    """Has bought for 500.00 or more."""
    return known.revenue >= HIGH_VALUE_CENTS


def is_lapsed(known: Known, as_of: date) -> bool:
    """Has bought, but not within the window."""
    orders = known.times("order")
    return bool(orders) and max(orders).date() <= as_of - timedelta(days=LAPSED_AFTER_DAYS)


def is_abandoner(known: Known, as_of: date) -> bool:
    """Has put something in a cart within the window and not bought since."""
    additions = known.times("addition")
    if not additions or max(additions).date() <= as_of - timedelta(days=CART_DAYS):
        return False
    return all(ordered_at < max(additions) for ordered_at in known.times("order"))


AUDIENCES = {
    "high_value_customers": is_high_value,
    "lapsed_customers": is_lapsed,
    "cart_abandoners": is_abandoner,
}


def tell(
    diaries: Sequence[Diary],
    files: dict[str, dict[str, File]],
    chosen: Sequence[str],
    peculiarities: dict[str, list[str]],
) -> Json:
    """Everything a test may want to know; `chosen` are the user ids whose traits are told."""
    people = {day: known_people(diaries, until) for day, (_, until) in DAYS.items()}
    return {
        "as_of": {day: as_of.isoformat() for day, (as_of, _) in DAYS.items()},
        "counts": {
            day: {source: file.counts for source, file in sources.items()}
            for day, sources in files.items()
        },
        "rows": {
            day: {source: dict(sorted(file.rows.items())) for source, file in sources.items()}
            for day, sources in files.items()
        },
        "peculiarities": peculiarities,
        "traits": {day: _traits(known, chosen) for day, known in people.items()},
        "audiences": {
            day: {
                audience: sorted(known.handle for known in people[day] if is_member(known, as_of))
                for audience, is_member in AUDIENCES.items()
            }
            for day, (as_of, _) in DAYS.items()
        },
        "people": {
            day: [{"persona": one.name, "identifiers": one.identifiers} for one in known]
            for day, known in people.items()
        },
    }


def _traits(people: Sequence[Known], chosen: Sequence[str]) -> Json:
    of_account = {known.user_id: known for known in people if known.user_id}
    traits: Json = {}
    for user_id in chosen:
        known = of_account.get(user_id)
        if known is not None and known.times("order"):
            traits[user_id] = {
                "orders_count": len(known.times("order")),
                "lifetime_revenue": f"{known.revenue // 100}.{known.revenue % 100:02d}",
                "last_order_at": zulu(max(known.times("order"))),
            }
    return traits
