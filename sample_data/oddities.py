"""The people to whom something odd happens, one function per story."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from sample_data import back_office
from sample_data.catalog import named
from sample_data.days import LAST_DAY, NEXT_DAY, moment, shopping_hour
from sample_data.diary import Diary
from sample_data.errands import Errand, enter, fill_cart, live, run
from sample_data.personas import OLD_APP, Casting, Company, Device, Persona
from sample_data.visits import Visit

TEAM_ADDRESS = "team@example.com"


class Stage:
    """Where the odd stories are told: hands out diaries and keeps them."""

    def __init__(self, casting: Casting, seed: str) -> None:
        self.casting = casting
        self.diaries: list[Diary] = []
        self._seed = seed

    def diary(self, persona: Persona) -> Diary:
        """An empty diary for the persona."""
        diary = Diary(persona, Random(f"{self._seed}/{persona.slug}"))
        self.diaries.append(diary)
        return diary


def live_oddly(casting: Casting, seed: str) -> Iterator[Diary]:
    """Tell every odd story."""
    stage = Stage(casting, seed)
    for story in _STORIES:
        story(stage)
    return iter(stage.diaries)


def two_devices_and_two_addresses(stage: Stage) -> None:
    """Ana types her address in capitals and spaces, and has a phone and a work address."""
    casting = stage.casting
    ana = casting.person(
        casting.device("laptop"),
        casting.device("phone"),
        name=("es-ES", "Ana", "López"),
        opens_account=True,
        second_email=True,
        with_telephone=True,
    )
    ana = replace(ana, typed_email=" Ana.Lopez@Example.com ")
    diary = stage.diary(ana)
    live(
        diary,
        [
            Errand(14),
            Errand(16, signs_in=True),
            Errand(40, "buy"),
            Errand(60, device=1),
            Errand(63, "buy", device=1),
        ],
    )
    back_office.save_account(diary, moment(70, "09:30"))
    typed = next(call for call in diary.calls if call.body.get("email") == ana.typed_email)
    diary.note("email_spelling", typed.message_id)
    diary.note("becomes_known", ana.devices[0].anonymous_id)
    diary.note("two_devices_two_emails", ana.user_id or "", *ana.emails)
    diary.note("two_devices_two_emails", *(device.anonymous_id for device in ana.devices))


def waiting_to_be_joined(stage: Stage) -> None:
    """Two profiles on the first day; the phone signs in on the next."""
    casting = stage.casting
    persona = casting.person(
        casting.device("laptop"), casting.device("phone"), name=("de-DE", "Käthe", "Groß")
    )
    diary = stage.diary(persona)
    live(
        diary,
        [
            Errand(20, signs_in=True),
            Errand(50, "buy"),
            Errand(82, device=1),
            Errand(88, "add", device=1),
            Errand(NEXT_DAY, device=1, signs_in=True),
        ],
    )
    diary.note("merges_next_day", persona.user_id or "", persona.devices[1].anonymous_id)


def guests_with_accounts(stage: Stage) -> None:
    """Bought a lot as guests on one device; on the next day they sign in there."""
    for name, is_rich in (
        (("fr-FR", "Élodie", "Lefèvre"), True),
        (("en-GB", "Siobhan", "O'Brien"), True),
        (("ja-JP", "花子", "佐藤"), True),
        (("el-GR", "Ελένη", "Παπαδάκη"), False),
    ):
        casting = stage.casting
        persona = casting.person(casting.device("desktop"), casting.device("laptop"), name=name)
        diary = stage.diary(persona)
        own = (named("Handloom Rug"), named("Boot Socks")) if is_rich else (named("Boot Socks"),)
        run(diary, Errand(25, signs_in=True))
        run(diary, Errand(45, "buy", products=own))
        _buy_as_guest(diary, device=1, day=74)
        run(diary, Errand(NEXT_DAY, device=1, signs_in=True))
        diary.note("guest_order_merges", persona.devices[1].anonymous_id, persona.user_id or "")


def _buy_as_guest(diary: Diary, *, device: int, day: int) -> None:
    visit = Visit(diary, diary.persona.devices[device], shopping_hour(diary.random, day))
    visit.arrive()
    fill_cart(visit, (named("Gift Card 250"), named("Gift Card 250"), named("Linen Bandana")))
    visit.check_out()
    visit.order()


def joined_by_address(stage: Stage) -> None:
    """Two subscribers who leave, signed out, the address their accounts name on the next day."""
    for name in (("en-GB", "Rhys", "D'Arcy"), ("ar-EG", "ليلى", "حسن")):
        casting = stage.casting
        laptop, desktop = casting.device("laptop"), casting.device("desktop")
        persona = casting.person(laptop, desktop, name=name, second_email=True)
        private, work = persona.emails
        diary = stage.diary(persona)
        run(diary, Errand(30, signs_in=True))
        run(diary, Errand(55, "buy"))
        visit = Visit(diary, desktop, shopping_hour(diary.random, 66))
        visit.arrive()
        visit.subscribe(work)
        saved = back_office.save_account(diary, moment(NEXT_DAY, "10:15"), email=work)
        diary.join(desktop.name, saved.received_at)
        diary.note("merges_by_email", work, private, desktop.anonymous_id)


def subscriber_on_two_devices(stage: Stage) -> None:
    """No account; the same address on two devices makes one person of them."""
    casting = stage.casting
    laptop, phone = casting.device("laptop"), casting.device("phone")
    persona = casting.person(
        laptop, phone, name=("en-US", "Imani", "Tran"), has_account=False, with_telephone=False
    )
    diary = stage.diary(persona)
    diary.join(laptop.name, moment(0, "00:00"))
    run(diary, Errand(33, "subscribe"))
    run(diary, Errand(70, device=1))
    visit = run(diary, Errand(75, "subscribe", device=1))
    diary.join(phone.name, visit.diary.calls[-2].received_at)
    diary.note("one_person_without_account", laptop.anonymous_id, phone.anonymous_id)


def shared_tablet(stage: Stage) -> None:
    """The tablet by the sofa: Martín signs in on it first, his household and a friend later."""
    casting = stage.casting
    tablet = casting.device("tablet")
    owner = casting.person(
        casting.device("laptop"),
        tablet,
        name=("es-ES", "Martín", "Ibáñez"),
        opens_account=False,
        with_telephone=True,
    )
    diary = stage.diary(owner)
    run(diary, Errand(10, signs_in=True))
    _sit_down(diary, tablet, 12, is_shared=False)
    diary.note("shared_tablet", tablet.anonymous_id, owner.user_id or "")
    for name, day in (
        (("es-ES", "Begoña", "Ibáñez"), 31),
        (("es-ES", "Íñigo", "Ibáñez"), 47),
        (("en-GB", "Zainab", "Khan"), 69),
    ):
        other = stage.diary(casting.person(casting.device("phone"), name=name, opens_account=False))
        run(other, Errand(day - 8, signs_in=True))
        _sit_down(other, tablet, day, is_shared=True)
        diary.note("shared_tablet", other.persona.user_id or "")
    visit = Visit(diary, tablet, moment(86, "19:40"))
    visit.arrive()
    fill_cart(visit, (named("Mohair Throw"),))
    diary.note("shared_tablet_signed_out", visit.diary.calls[-1].message_id)


def _sit_down(diary: Diary, tablet: Device, day: int, *, is_shared: bool) -> None:
    visit = Visit(diary, tablet, shopping_hour(diary.random, day), is_shared=is_shared)
    enter(visit, diary.persona.emails[0])
    visit.browse(3)
    fill_cart(visit)
    visit.sign_out()


def team_address(stage: Stage) -> None:
    """Four colleagues give the same address; it stays with the account that had it first."""
    casting = stage.casting
    company = Company("c-100", "Atelier Nord", "Interiors", 14)
    for name, day in (
        (("de-DE", "Friederike", "Brandl"), 18),
        (("de-DE", "Sören", "Kühn"), 36),
        (("de-DE", "Aylin", "Yıldız"), 58),
        (("de-DE", "Moritz", "Łukasik"), NEXT_DAY),
    ):
        persona = casting.person(
            casting.device("desktop"), name=name, opens_account=False, company=company
        )
        diary = stage.diary(persona)
        run(diary, Errand(min(day, LAST_DAY) - 2, signs_in=True))
        back_office.name_company(diary, moment(day, "08:05"), company)
        saved = back_office.save_account(
            diary, moment(day, "09:00"), email=TEAM_ADDRESS, is_own_email=day == 18
        )
        run(diary, Errand(day, "buy", at=moment(day, "11:20")))
        diary.note("shared_email", saved.message_id)


def businesses(stage: Stage) -> None:
    """Companies of two; what they share is an account, not a person."""
    names = ("Maison Bleue", "Hotel Aurora", "Koi & Co", "Studio Ødegård", "Linen Lab", "Kafé Süd")
    for number, name in enumerate(names, start=1):
        company = Company(f"c-{number:03d}", name, "Hospitality", 5 * number)
        for _ in range(2):
            persona = stage.casting.person(
                stage.casting.device("desktop"), company=company, opens_account=True
            )
            diary = stage.diary(persona)
            first = diary.random.randrange(0, 30)
            visit = run(diary, Errand(first, signs_in=True))
            visit.join_company(company)
            back_office.name_company(diary, visit.now + timedelta(minutes=2), company)
            live(diary, [Errand(first + 8 * turn, "buy") for turn in range(1, 6)])


def on_the_threshold(stage: Stage) -> None:
    """One is worth exactly 500.00, one 499.99."""
    casting = stage.casting
    card = named("Gift Card 250")
    for name, products in (
        (("en-US", "Ruth", "Whitfield"), (card, card)),
        (("en-US", "Caleb", "Stokes"), (named("Handloom Rug"),)),
    ):
        persona = casting.person(casting.device("laptop"), name=name, opens_account=True)
        diary = stage.diary(persona)
        live(diary, [Errand(51, signs_in=True), Errand(77, "buy", products=products)])
        diary.note("threshold", persona.user_id or "")


def wrong_clocks(stage: Stage) -> None:
    """Clocks that are off by hours or a year, in browsers and in phones."""
    errors = (
        ("laptop", timedelta(hours=-3)),
        ("laptop", timedelta(hours=5, minutes=30)),
        ("laptop", timedelta(days=365)),
        ("desktop", timedelta(days=-366, hours=2)),
        ("phone", timedelta(hours=7)),
        ("phone", timedelta(days=-365)),
    )
    for name, error in errors:
        casting = stage.casting
        device = casting.device(name, clock_error=error)
        diary = stage.diary(casting.person(device, opens_account=True))
        errands = [Errand(34), Errand(44, signs_in=True), Errand(62, "buy"), Errand(86, "add")]
        live(diary, errands)
        diary.note("wrong_clock", diary.calls[0].message_id, device.anonymous_id)


def phones_without_network(stage: Stage) -> None:
    """Phones that kept their events for days; the next day brings them."""
    casting = stage.casting
    for name, day in (
        (("fr-FR", "Loïc", "Béranger"), 85),
        (("ja-JP", "健太", "高橋"), 86),
        (("en-US", "Joy", "Okafor-Hayes"), 87),
    ):
        persona = casting.person(casting.device("phone"), name=name, opens_account=True)
        diary = stage.diary(persona)
        live(
            diary,
            [
                Errand(40, signs_in=True),
                Errand(56, "buy"),
                Errand(day, "add", held_until=moment(NEXT_DAY, "07:12:30.500")),
            ],
        )
        diary.note("late_cart", persona.user_id or "", diary.calls[-1].message_id)
    persona = casting.person(
        casting.device("phone"), name=("el-GR", "Άρης", "Ιωάννου"), opens_account=True
    )
    diary = stage.diary(persona)
    held = moment(NEXT_DAY, "08:40")
    live(
        diary,
        [
            Errand(38, signs_in=True),
            Errand(87, "add"),
            Errand(88, "buy", products=(named("Handloom Rug"),), held_until=held),
        ],
    )
    diary.note("late_order", persona.user_id or "", diary.calls[-1].message_id)


def queue_stood_still(stage: Stage) -> None:
    """The server's queue stood still on the 27th; its orders arrive on the 30th."""
    casting = stage.casting
    for turn, products in enumerate(
        ((), (named("Handloom Rug"), named("Darning Kit")), (), ()), start=1
    ):
        persona = casting.person(casting.device("laptop"), opens_account=True)
        diary = stage.diary(persona)
        order = Errand(
            87,
            "buy",
            products=products,
            queued_until=moment(NEXT_DAY, f"06:00:0{turn}.125"),
        )
        live(diary, [Errand(48, signs_in=True), Errand(71), order])
        late = next(call for call in diary.calls if call.name == "Order Completed")
        diary.note("late_order", persona.user_id or "", late.message_id)


def around_midnight(stage: Stage) -> None:
    """A visit that begins on the first day's last minute, and two orders at a window's edge."""
    casting = stage.casting
    diary = stage.diary(casting.visitor(casting.device("laptop")))
    visit = run(diary, Errand(LAST_DAY, "add", at=moment(LAST_DAY, "23:59:20"), views=3))
    diary.note("across_midnight", visit.device.anonymous_id)
    for day, clock in ((29, "23:58:00"), (30, "00:00:30")):
        persona = casting.person(casting.device("laptop"), opens_account=True)
        diary = stage.diary(persona)
        run(diary, Errand(20, signs_in=True))
        visit = Visit(diary, persona.devices[0], moment(day, clock))
        visit.add(named("Alpaca Wrap"))
        visit.order()
        diary.note("window_edge", persona.user_id or "")


def faulty_app(stage: Stage) -> None:
    """The app once sent placeholders for what it did not know; they must glue nobody together."""
    casting = stage.casting
    for turn in range(6):
        phone = casting.device("phone", app_version=OLD_APP)
        diary = stage.diary(casting.visitor(phone))
        live(diary, [Errand(9 + turn, placeholder="user"), Errand(30 + turn)])
    for turn in range(5):
        phone = casting.device("phone")
        diary = stage.diary(casting.person(phone, opens_account=True))
        errands = [
            Errand(11 + turn, signs_in=True),
            Errand(22 + turn, placeholder="device", views=2),
            Errand(65 + turn, "buy"),
        ]
        live(diary, errands)
    for turn in range(3):
        phone = casting.device("phone", app_version=OLD_APP)
        diary = stage.diary(casting.visitor(phone))
        run(diary, Errand(9 + turn, placeholder="both", views=1))


def trait_taken_back(stage: Stage) -> None:
    """A trait is sent as null to take it back."""
    persona = stage.casting.person(
        stage.casting.device("laptop"), name=("fr-FR", "Anaïs", "Noël"), opens_account=True
    )
    diary = stage.diary(persona)
    live(diary, [Errand(28, signs_in=True), Errand(53, "buy")])
    back_office.save_account(diary, moment(29, "12:00"), loyalty_tier="silk")
    taken_back = back_office.save_account(diary, moment(60, "12:00"), loyalty_tier=None)
    diary.note("trait_taken_back", persona.user_id or "", taken_back.message_id)


_STORIES: tuple[Callable[[Stage], None], ...] = (
    two_devices_and_two_addresses,
    waiting_to_be_joined,
    guests_with_accounts,
    joined_by_address,
    subscriber_on_two_devices,
    shared_tablet,
    team_address,
    businesses,
    on_the_threshold,
    wrong_clocks,
    phones_without_network,
    queue_stood_still,
    around_midnight,
    faulty_app,
    trait_taken_back,
)
