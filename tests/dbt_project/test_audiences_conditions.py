"""The helper macros of audiences, against an independent computation over the same events."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.dbt_project.shop import Event, EventShop
from tests.dbt_project.trait_shop import TraitShop

AS_OF = datetime(2026, 9, 29)
END = AS_OF + timedelta(days=1)
PEOPLE = [f"p{number:02}" for number in range(60)]
NAMES = ["Seen", "Added", "Bought"]

Timeline = list[tuple[datetime, str, dict[str, object]]]


@dataclass(frozen=True)
class Case:
    """A condition as an analyst writes it, and who fulfils it."""

    condition: str
    holds: Callable[[Timeline], bool]


def happened(
    timeline: Timeline,
    name: str,
    start: datetime = datetime.min,
    fits: Callable[[dict[str, object]], bool] = lambda properties: True,
) -> int:
    return sum(
        1
        for at, event, properties in timeline
        if event == name and start <= at < END and fits(properties)
    )


def done_at(timeline: Timeline, start: datetime, steps: list[str]) -> datetime | None:
    """When the steps, one strictly after the other from a moment on, are done at the earliest."""
    moment: datetime | None = start
    for step in steps:
        later = [at for at, name, _ in timeline if name == step and moment and moment < at < END]
        moment = min(later, default=None)
        if moment is None:
            return None
    return moment


def funnel(
    timeline: Timeline,
    steps: list[str],
    within: timedelta | None = None,
    started: datetime = datetime.min,
    *,
    completed: bool = True,
) -> bool:
    """Every occurrence of the first step, one by one."""
    for start, name, _ in timeline:
        if name != steps[0] or not started <= start < END:
            continue
        done = done_at(timeline, start, steps[1:])
        in_time = done is not None and (within is None or done <= start + within)
        over = within is None or start + within < END
        if in_time if completed else not in_time and over:
            return True
    return False


def days(number: int) -> datetime:
    """The first moment of a window of days: the as-of day and those before it."""
    return AS_OF - timedelta(days=number - 1)


CASES = {
    "ever": Case("performed('Bought')", lambda t: happened(t, "Bought") >= 1),
    "twice": Case("performed('Bought', at_least=2)", lambda t: happened(t, "Bought") >= 2),
    "at_most": Case("performed('Bought', at_most=2)", lambda t: 1 <= happened(t, "Bought") <= 2),
    "at_most_or_never": Case(
        "performed('Bought', at_least=0, at_most=2)", lambda t: happened(t, "Bought") <= 2
    ),
    "exactly": Case("performed('Bought', exactly=3)", lambda t: happened(t, "Bought") == 3),
    "never": Case("performed('Bought', exactly=0)", lambda t: happened(t, "Bought") == 0),
    "this_week": Case(
        "performed('Seen', within='7 days')", lambda t: happened(t, "Seen", days(7)) >= 1
    ),
    "today": Case("performed('Seen', within='1 day')", lambda t: happened(t, "Seen", days(1)) >= 1),
    "last_hours": Case(
        "performed('Seen', within='12 hours')",
        lambda t: happened(t, "Seen", END - timedelta(hours=12)) >= 1,
    ),
    "in_euro": Case(
        "performed('Bought', where={'currency': 'EUR'})",
        lambda t: happened(t, "Bought", fits=lambda p: p.get("currency") == "EUR") >= 1,
    ),
    "in_some": Case(
        "performed('Bought', where={'currency': ['EUR', 'GBP'], 'price': {'>=': 50}})",
        lambda t: (
            happened(
                t,
                "Bought",
                fits=lambda p: p.get("currency") in ("EUR", "GBP") and float(str(p["price"])) >= 50,
            )
            >= 1
        ),
    ),
    "without_currency": Case(
        "performed('Bought', where={'currency': none})",
        lambda t: happened(t, "Bought", fits=lambda p: "currency" not in p) >= 1,
    ),
    "not_this_week": Case(
        "not_performed('Seen', within='7 days')", lambda t: happened(t, "Seen", days(7)) == 0
    ),
    "nobody_sends_this": Case("not_performed('Nobody Sends This')", lambda t: True),
    "bought_after_adding": Case(
        "funnel(['Added', 'Bought'])", lambda t: funnel(t, ["Added", "Bought"])
    ),
    "bought_in_time": Case(
        "funnel(['Added', 'Bought'], within='6 hours')",
        lambda t: funnel(t, ["Added", "Bought"], timedelta(hours=6)),
    ),
    "three_steps": Case(
        "funnel(['Seen', 'Added', 'Bought'], within='2 days')",
        lambda t: funnel(t, ["Seen", "Added", "Bought"], timedelta(days=2)),
    ),
    "the_same_step_twice": Case(
        "funnel(['Bought', 'Bought'], within='1 day')",
        lambda t: funnel(t, ["Bought", "Bought"], timedelta(days=1)),
    ),
    "started_this_week": Case(
        "funnel(['Added', 'Bought'], within='1 day', started='7 days')",
        lambda t: funnel(t, ["Added", "Bought"], timedelta(days=1), days(7)),
    ),
    "abandoned": Case(
        "funnel(['Added', 'Bought'], completed=false)",
        lambda t: funnel(t, ["Added", "Bought"], completed=False),
    ),
    "abandoned_for_hours": Case(
        "funnel(['Added', 'Bought'], within='6 hours', completed=false)",
        lambda t: funnel(t, ["Added", "Bought"], timedelta(hours=6), completed=False),
    ),
    "step_with_condition": Case(
        "funnel(['Added', {'event': 'Bought', 'where': {'currency': 'EUR'}}])",
        lambda t: funnel([one for one in t if in_euro_or_added(one)], ["Added", "Bought"]),
    ),
    "twice_and_not_lately": Case(
        "performed('Bought', at_least=2) }} and {{ weft.not_performed('Bought', within='3 days')",
        lambda t: happened(t, "Bought") >= 2 and happened(t, "Bought", days(3)) == 0,
    ),
    "in_another": Case("in_audience('twice')", lambda t: happened(t, "Bought") >= 2),
}


def in_euro_or_added(moment: tuple[datetime, str, dict[str, object]]) -> bool:
    return moment[1] == "Added" or moment[2].get("currency") == "EUR"


def timelines() -> dict[str, Timeline]:
    """Few moments, so that equal timestamps, exact limits and window edges occur often."""
    rng = random.Random(5)
    edges = [days(7), days(1), days(3), END, END - timedelta(hours=12)]
    offsets = [timedelta(0), timedelta(hours=6), timedelta(days=1), timedelta(milliseconds=-1)]
    found: dict[str, Timeline] = {}
    for person in PEOPLE:
        moments = [rng.choice(edges) + rng.choice(offsets) for _ in range(3)]
        moments += [days(20) + timedelta(hours=rng.randrange(400)) for _ in range(3)]
        found[person] = [
            (rng.choice(moments), rng.choice(NAMES), properties(rng))
            for _ in range(rng.randrange(1, 14))
        ]
    return found


def properties(rng: random.Random) -> dict[str, object]:
    currency = rng.choice(["EUR", "USD", "GBP", None])
    return {"price": rng.choice([49.99, 50, 51]), **({"currency": currency} if currency else {})}


def as_event(person: str, at: datetime, name: str, given: dict[str, object], number: int) -> Event:
    moment = at.isoformat(timespec="milliseconds") + "Z"
    times = dict.fromkeys(("timestamp", "receivedAt", "sentAt", "originalTimestamp"), moment)
    return {
        "type": "track",
        "event": name,
        "userId": person,
        "properties": given,
        "messageId": f"{person}-{number}",
        **times,
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> EventShop:
    shop = TraitShop(tmp_path_factory.mktemp("conditions") / "shop")
    audiences = shop.folder / "models" / "audiences"
    columns = ",\n".join(
        "({{ weft." + case.condition + " }}) as " + name for name, case in CASES.items()
    )
    (audiences / "tried.sql").write_text(
        f"select profile_id, user_id,\n{columns}\nfrom {{{{ ref('profiles') }}}}"
    )
    for name in ("twice", "twice_and_not_lately"):
        (audiences / f"{name}.sql").write_text(
            "select profile_id, user_id from {{ ref('profiles') }}\nwhere {{ weft."
            + CASES[name].condition
            + " }}"
        )
    (audiences / "first_five.sql").write_text(
        "select people.profile_id, people.user_id from {{ ref('profiles') }} as people\n"
        "where {{ weft.top_n(5, by='user_id', of='people.profile_id', ascending=true) }}"
    )
    (audiences / "last_of_them.sql").write_text(
        "select profile_id, user_id from {{ ref('profiles') }}\n"
        "where {{ weft.top_n(2, by='user_id', among=ref('twice'),"
        " where=weft.performed('Seen')) }}"
    )
    shop.load(
        as_event(person, at, name, given, number)
        for person, timeline in timelines().items()
        for number, (at, name, given) in enumerate(timeline)
    )
    shop.build_models("--select", "+path:models/audiences", as_of=AS_OF.date().isoformat())
    return shop


def members(shop: EventShop, audience: str, condition: str = "true") -> list[str]:
    rows = shop.rows(f"select user_id from analytics.{audience} where {condition} order by user_id")
    return [row["user_id"] for row in rows]


@pytest.mark.parametrize("name", CASES)
def test_a_condition_holds_for_whom_it_says(shop: EventShop, name: str) -> None:
    expected = [person for person, timeline in timelines().items() if CASES[name].holds(timeline)]
    assert members(shop, "tried", name) == sorted(expected)
    assert name == "nobody_sends_this" or 0 < len(expected) < len(PEOPLE), "the case tells nothing"


def test_the_first_few_are_those_that_come_first(shop: EventShop) -> None:
    assert members(shop, "first_five") == PEOPLE[:5]


def test_the_first_few_of_another_audience_that_fulfil_a_condition(shop: EventShop) -> None:
    found = [
        person
        for person, timeline in timelines().items()
        if happened(timeline, "Bought") >= 2 and happened(timeline, "Seen")
    ]
    assert members(shop, "last_of_them") == sorted(found)[-2:]


def test_the_state_of_each_condition_is_kept_where_one_holds(shop: EventShop) -> None:
    rows = shop.rows("select * from analytics.twice_and_not_lately__conditions")
    expected = [
        (happened(timeline, "Bought") >= 2, happened(timeline, "Bought", days(3)) > 0)
        for timeline in timelines().values()
    ]
    columns = [name for name in rows[0] if name != "profile_id"] if rows else []
    assert len(columns) == 2
    assert sorted(tuple(row[name] for name in columns) for row in rows) == sorted(
        bits for bits in expected if any(bits)
    )


def test_a_condition_is_computed_once(shop: EventShop) -> None:
    """What runs reads the conditions from their table, and what is shown is plain SQL."""
    run, compiled = (
        next((shop.folder / "target" / kind).rglob("twice_and_not_lately.sql")).read_text("utf-8")
        for kind in ("run", "compiled")
    )
    assert "as landed" in compiled
    assert "weft:condition performed" in compiled
    assert "as landed" not in run


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("performed('Bought', within='a week')", "must be a number of days or hours"),
        ("performed('Bought', at_least=0)", "holds for everyone"),
        ("performed()", "names no event"),
        ("performed('Bought', where={'price': {'=>': 5}})", "no comparison '=>'"),
        ("performed(calls='pges')", "'pges'"),
        ("funnel(['Bought'])", "at least two steps"),
        ("funnel(['Bought', {'event': 'Seen', 'were': {}}])", "no setting 'were'"),
    ],
)
def test_a_condition_that_cannot_be_one_says_why_and_where(
    shop: EventShop, condition: str, says: str
) -> None:
    path = shop.folder / "models" / "audiences" / "wrong.sql"
    path.write_text(
        "select profile_id from {{ ref('profiles') }} where {{ weft." + condition + " }}"
    )
    try:
        finished = shop.weft("build", "--as-of", "2026-09-29", "--select", "wrong")
    finally:
        path.unlink()
    said = finished.output + finished.errors
    assert finished.exit_code in (1, 2)
    assert says in said
    assert str(Path("models/audiences/wrong.sql")) in said
