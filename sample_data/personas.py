"""Who visits the shop: people, their accounts, addresses and devices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Literal
from uuid import UUID

from sample_data.names import CULTURES, Culture, telephone_numbers

OLD_APP = "1.8.2"
NEW_APP = "2.4.0"

DeviceSource = Literal["web", "mobile"]


@dataclass(frozen=True)
class Device:
    """A browser or a phone: one anonymous id, one clock."""

    name: str
    source: DeviceSource
    anonymous_id: str
    model: str
    ip: str
    latency: timedelta
    clock_error: timedelta = timedelta()
    app_version: str = NEW_APP

    @property
    def is_apple(self) -> bool:
        """Apple's library writes ids in capitals."""
        return self.source == "mobile" and self.model.startswith("iPhone")


@dataclass(frozen=True)
class Company:
    """A business customer."""

    group_id: str
    name: str
    industry: str
    employees: int


@dataclass(frozen=True)
class Persona:
    """Somebody with a story. Who has no `user_id` never opens an account."""

    slug: str
    given: str
    family: str
    culture: Culture
    devices: tuple[Device, ...]
    user_id: str | None = None
    opens_account: bool = False
    emails: tuple[str, ...] = ()
    typed_email: str | None = None
    telephone: str | None = None
    company: Company | None = None


def identifier(random: Random) -> str:
    """A random UUID, drawn from the story's own dice."""
    return str(UUID(int=random.getrandbits(128), version=4))


_BROWSERS = ("chrome-windows", "chrome-mac", "safari-mac", "firefox-linux")
_PHONES = ("iPhone16,1", "iPhone15,4", "Pixel 9", "SM-S921B")


class Casting:
    """Hands out personas; no name, number or id is given twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._names = self._shuffled_names()
        self._telephones = {culture.country: telephone_numbers(culture) for culture in CULTURES}
        self._people = 0
        self._visitors = 0
        self._taken: set[str] = set()

    def _shuffled_names(self) -> Iterator[tuple[Culture, str, str]]:
        names = [
            (culture, given, family)
            for culture in CULTURES
            for given in culture.given
            for family in culture.family
        ]
        self._random.shuffle(names)
        return iter(names)

    def device(
        self,
        name: str = "laptop",
        *,
        clock_error: timedelta = timedelta(),
        app_version: str = NEW_APP,
    ) -> Device:
        """A new device; everything called phone runs the app, the rest are browsers."""
        source: DeviceSource = "mobile" if name.startswith("phone") else "web"
        models = ("safari-ipad",) if name == "tablet" else _BROWSERS
        model = self._random.choice(_PHONES if source == "mobile" else models)
        anonymous_id = identifier(self._random)
        return Device(
            name=name,
            source=source,
            anonymous_id=anonymous_id.upper() if model.startswith("iPhone") else anonymous_id,
            model=model,
            ip=f"{self._random.choice(('192.0.2', '198.51.100', '203.0.113'))}."
            f"{self._random.randrange(1, 255)}",
            latency=timedelta(milliseconds=self._random.randrange(20, 180)),
            clock_error=clock_error,
            app_version=app_version,
        )

    def person(
        self,
        *devices: Device,
        name: tuple[str, str, str] | None = None,
        opens_account: bool | None = None,
        has_account: bool = True,
        second_email: bool = False,
        with_telephone: bool | None = None,
        company: Company | None = None,
    ) -> Persona:
        """Somebody with a name: the given one (locale, given, family) or the next free one."""
        culture, given, family = self._named(name) if name else self._next_name()
        spelling = (culture.given[given], culture.family[family])
        slug = "-".join(spelling)
        self._taken.add(slug)
        self._people += 1
        if opens_account is None:
            opens_account = self._random.random() < 0.5
        if with_telephone is None:
            with_telephone = self._random.random() < 0.45
        private = ".".join(spelling) + "@example.com"
        work = ".".join(spelling) + ".work@example.com"
        return Persona(
            slug=slug,
            given=given,
            family=family,
            culture=culture,
            devices=devices or (self.device(self._random.choice(("laptop", "laptop", "phone"))),),
            user_id=f"u-{10_000 + 7 * self._people}" if has_account else None,
            opens_account=opens_account,
            emails=(private, work) if second_email else (private,),
            telephone=next(self._telephones[culture.country]) if with_telephone else None,
            company=company,
        )

    def visitor(self, *devices: Device) -> Persona:
        """Somebody who is never asked for a name."""
        self._visitors += 1
        return Persona(
            slug=f"visitor-{self._visitors:03d}",
            given="",
            family="",
            culture=self._random.choice(CULTURES),
            devices=devices
            or (self.device(self._random.choice(("laptop", "laptop", "laptop", "phone"))),),
        )

    def _named(self, name: tuple[str, str, str]) -> tuple[Culture, str, str]:
        locale, given, family = name
        culture = next(culture for culture in CULTURES if culture.locale == locale)
        return culture, given, family

    def _next_name(self) -> tuple[Culture, str, str]:
        for culture, given, family in self._names:
            if f"{culture.given[given]}-{culture.family[family]}" not in self._taken:
                return culture, given, family
        raise LookupError("more people than names")
