"""Who entered and left, when and why, told as stories over several builds."""

import hashlib
import json
import random
import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.shop import Event, EventShop, event
from tests.dbt_project.trait_shop import TraitShop
from warehouse.engines.duckdb import DuckDBWarehouse

BUYERS = """
select profile_id, user_id from {{ ref('profiles') }}
where {{ weft.performed('Bought', at_least=2, within='3 days') }}
    or {{ weft.performed('Subscribed') }}
"""
MODELS = ("+path:models/audiences", "audience_events", "audience_sizes")
ANYONE = "select profile_id, user_id from {{ ref('profiles') }} where user_id is not null"


def did(at: str, who: str, name: str = "Bought") -> Event:
    return event(at, event=name, userId=who)


def build(shop: EventShop, day: int, *options: str) -> None:
    """Build as of a day of September, without the tests of models: they are others' matter."""
    chosen = ("--exclude-resource-type", "test", "--select", *MODELS)
    shop.build(*chosen, *options, as_of=f"2026-09-{day:02}")


def make_shop(folder: Path, **audiences: str) -> EventShop:
    shop = TraitShop(folder)
    for name, sql in audiences.items():
        (shop.folder / "models" / "audiences" / f"{name}.sql").write_text(sql)
    return shop


def configure(shop: EventShop, audience: str, **settings: Any) -> None:
    """Write `config: meta: audience:` of an audience."""
    entry = {
        "name": audience,
        "description": "One row per profile.",
        "config": {"meta": {"audience": settings}},
    }
    path = shop.folder / "models" / "audiences" / f"{audience}.yml"
    path.write_text(json.dumps({"models": [entry]}), "utf-8")


def changes(
    shop: EventShop, audience: str, day: int, ledger: str = "audience_memberships"
) -> list[tuple[str, str, str]]:
    """Who changed on a day of September, and why; people by their user id."""
    rows = shop.rows(
        "select coalesce(users.identifier_value, ledger.profile_id) as who, change, reason"
        f" from analytics.{ledger} as ledger"
        " left join analytics.profile_identifiers as users"
        "   on users.profile_id = ledger.profile_id and users.identifier_type = 'user_id'"
        f" where audience = '{audience}' and as_of = date '2026-09-{day:02}' order by who, change"
    )
    return [(row["who"], row["change"], row["reason"]) for row in rows]


TWICE = 'performed("Bought", at_least=2, within="3 days")'
SUBSCRIBED = 'performed("Subscribed")'


def linked(at: str, user: str, anonymous: str) -> Event:
    return event(at, "identify", userId=user, anonymousId=anonymous, traits={})


def anonymous(at: str, who: str, name: str) -> Event:
    return event(at, event=name, anonymousId=who)


MEMBERS = """
select profile_id from {{ ref('profiles') }}
where {{ weft.performed('Bought') }} and {{ weft.not_performed('Returned') }}
"""
AFTER = """
-- depends_on: {{ ref('%s') }}
select profile_id from {{ ref('profiles') }} where user_id in ('ann', 'bob', 'cid', 'dan')
"""
CHOSEN = "select profile_id from {{ ref('profiles') }} where user_id in "
CROWD = "select md5(cast(i as text)) as profile_id from range(100000) as numbers (i)"
PAIRS = range(1, 6)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[EventShop, dict[str, str]]:
    """A shop built on the 10th and on the 11th; what changes in between is in the stories."""
    shop = make_shop(
        tmp_path_factory.mktemp("two_days") / "shop",
        buyers=BUYERS,
        members=MEMBERS,
        first=CHOSEN + "('ann', 'bob')",
        second=AFTER % "first",
        kept_back=CHOSEN + "('ann', 'cid')",
        other=AFTER % "kept_back",
        crowd=CROWD,
        # The same people in another order, and with the same salt.
        shuffled=CROWD + " order by md5(profile_id)",
        alone=CROWD,
    )
    configure(shop, "first", priority={"list": "win_back", "position": 1})
    configure(shop, "second", priority={"list": "win_back", "position": 2})
    configure(shop, "kept_back", priority={"list": "care", "position": 1}, holdout={"percent": 100})
    configure(shop, "other", priority={"list": "care", "position": 5})
    configure(shop, "crowd", holdout={"percent": 10, "salt": "autumn"})
    configure(shop, "shuffled", holdout={"percent": 10, "salt": "autumn"})
    configure(shop, "alone", holdout={"percent": 12.5})
    shop.load(
        [
            *(did("08 10:00", "ann"), did("10 11:00", "ann"), did("10 10:00", "bob")),
            *(did("10 10:00", "cid", "Seen"), did("10 10:00", "dan", "Subscribed")),
            # Pairs of a browser and a user; the browser, seen first, keeps the id.
            # The one that stays is a member already.
            *(anonymous("01 10:00", "a1", "Bought"), did("02 10:00", "u1", "Seen")),
            # The one that stays becomes a member by what the other did.
            *(anonymous("01 10:00", "a2", "Seen"), did("02 10:00", "u2")),
            # Both are members.
            *(anonymous("01 10:00", "a3", "Bought"), did("02 10:00", "u3")),
            # The one that stays is a member and, with the other's events, is no more.
            *(anonymous("01 10:00", "a4", "Bought"), did("02 10:00", "u4", "Returned")),
            # The one that goes was a member; the one that stays is none, before and after.
            *(anonymous("01 10:00", "a5", "Returned"), did("02 10:00", "u5")),
        ]
    )
    build(shop, 10)
    first_ids = ids(shop)
    # Cid moves up in the list, Bob moves down.
    (shop.folder / "models" / "audiences" / "first.sql").write_text(CHOSEN + "('ann', 'cid')")
    configure(shop, "crowd", holdout={"percent": 15, "salt": "autumn"})
    shop.load(
        [
            *(did("11 10:00", "bob"), did("11 12:00", "dan")),
            *(linked("11 10:00", f"u{pair}", f"a{pair}") for pair in PAIRS),
        ]
    )
    build(shop, 11)
    return shop, first_ids


@pytest.fixture
def two_days(story: tuple[EventShop, dict[str, str]]) -> EventShop:
    return story[0]


@pytest.fixture
def before(story: tuple[EventShop, dict[str, str]]) -> dict[str, str]:
    """Profile ids by identifier, on the 10th."""
    return story[1]


def test_who_entered_and_left_and_why(two_days: EventShop) -> None:
    assert changes(two_days, "buyers", 10) == [
        ("ann", "entered", f"+ {TWICE}"),
        ("dan", "entered", f"+ {SUBSCRIBED}"),
    ]
    # Ann's first purchase is now four days ago. Dan, who bought as well, was in and stays.
    assert changes(two_days, "buyers", 11) == [
        ("ann", "exited", f"- {TWICE}"),
        ("bob", "entered", f"+ {TWICE}"),
    ]
    assert changes(two_days, "first", 10) == [
        ("ann", "entered", "query"),
        ("bob", "entered", "query"),
    ]


def test_a_merge_gives_one_change_per_person(two_days: EventShop, before: dict[str, str]) -> None:
    after = ids(two_days)
    assert all(after[f"u{pair}"] == after[f"a{pair}"] == before[f"a{pair}"] for pair in PAIRS)
    ledger = two_days.rows(
        "select profile_id, change, reason, merged_into from analytics.audience_memberships"
        " where audience = 'members' and as_of = date '2026-09-11'"
    )
    assert {tuple(row.values()) for row in ledger} == {
        (before["a2"], "entered", "merged", None),
        (before["u2"], "exited", "merged", before["a2"]),
        (before["u3"], "exited", "merged", before["a3"]),
        (before["a4"], "exited", '+ performed("Returned")', None),
        (before["u5"], "exited", "merged", before["a5"]),
    } | {(after["dan"], "entered", '+ performed("Bought")', None)}
    events = two_days.rows(
        "select profile_id, change from analytics.audience_events"
        " where audience = 'members' and as_of = date '2026-09-11'"
    )
    assert sorted(tuple(row.values()) for row in events) == sorted(
        [
            (before["a2"], "entered"),
            (before["a4"], "exited"),
            (before["a5"], "exited"),
            (after["dan"], "entered"),
        ]
    )


def test_a_person_is_in_one_audience_of_a_list(two_days: EventShop) -> None:
    assert [who for who, _, _ in changes(two_days, "first", 10)] == ["ann", "bob"]
    assert [who for who, _, _ in changes(two_days, "second", 10)] == ["cid", "dan"]
    # The second hears of it in the same build.
    assert changes(two_days, "second", 11) == [
        ("bob", "entered", "priority"),
        ("cid", "exited", "priority"),
    ]


def test_who_is_held_out_of_the_first_of_a_list_is_not_for_the_others(two_days: EventShop) -> None:
    held_back = changes(two_days, "kept_back", 10, "audience_holdouts")
    assert [who for who, _, _ in held_back] == ["ann", "cid"]
    assert changes(two_days, "kept_back", 10) == []
    assert [who for who, _, _ in changes(two_days, "other", 10)] == ["bob", "dan"]


def test_a_control_group_is_the_same_in_any_order_and_by_any_hand(two_days: EventShop) -> None:
    everyone = {hashlib.md5(str(i).encode()).hexdigest() for i in range(100_000)}
    expected = held_out(10, "autumn")
    assert ids_of(two_days, "select profile_id from analytics.shuffled") == everyone - expected
    assert ids_of(two_days, held_out_sql("shuffled")) == expected
    assert ids_of(two_days, held_out_sql("alone")) == held_out(12.5, "alone")


def test_resizing_a_control_group_moves_only_those_it_must(two_days: EventShop) -> None:
    expected, larger = held_out(10, "autumn"), held_out(15, "autumn")
    assert expected < larger
    assert ids_of(two_days, held_out_sql("crowd", 10)) == expected
    for ledger, change in (("audience_memberships", "exited"), ("audience_holdouts", "entered")):
        rows = two_days.rows(
            f"select profile_id, change, reason from analytics.{ledger}"
            " where audience = 'crowd' and as_of = date '2026-09-11'"
        )
        assert {row["profile_id"] for row in rows} == larger - expected
        assert {(row["change"], row["reason"]) for row in rows} == {(change, "holdout")}


def ids(shop: EventShop) -> dict[str, str]:
    rows = shop.rows("select identifier_value, profile_id from analytics.profile_identifiers")
    return {row["identifier_value"]: row["profile_id"] for row in rows}


def held_out(percent: float, salt: str) -> set[str]:
    """Who is held out, from the promise alone: the first 32 bits of md5(salt:id)."""
    limit = round(percent / 100 * 2**32)
    return {
        profile_id
        for profile_id in (hashlib.md5(str(i).encode()).hexdigest() for i in range(100_000))
        if int(hashlib.md5(f"{salt}:{profile_id}".encode()).hexdigest()[:8], 16) < limit
    }


def ids_of(shop: EventShop, sql: str) -> set[str]:
    rows = shop.rows(sql)
    found = {row["profile_id"] for row in rows}
    assert len(found) == len(rows)
    return found


def held_out_sql(audience: str, day: int = 11) -> str:
    return (
        f"select profile_id from analytics.audience_holdouts where audience = '{audience}'"
        f" and as_of <= date '2026-09-{day}'"
    )


def test_control_groups_are_as_even_as_chance() -> None:
    """Chi-square over a hundred parts of a hundred thousand; two salts choose independently."""
    shares = range(100)
    sizes = Counter(
        int(hashlib.md5(f"autumn:{i}".encode()).hexdigest()[:8], 16) * 100 >> 32
        for i in range(100_000)
    )
    assert chi_square([sizes[share] for share in shares], [1000.0] * 100) < 148.2  # p = 0.001
    both = len(held_out(10, "autumn") & held_out(10, "winter"))
    assert abs(both - 1000) < 100, "two salts choose independently"


def chi_square(observed: list[int], expected: list[float]) -> float:
    return sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True))


def test_what_a_tool_has_been_told_is_never_told_otherwise(
    two_days: EventShop, tmp_path: Path
) -> None:
    """Everybody leaves a day later, those too into whom others were merged."""
    shutil.copyfile(two_days.folder / "dev.duckdb", tmp_path / "dev.duckdb")
    query = (
        "select * from analytics.audience_events where audience = 'members'"
        " and as_of < date '2026-09-12' order by event_id"
    )
    with DuckDBWarehouse(tmp_path / "dev.duckdb") as warehouse:
        told = warehouse.rows(query)
        left = warehouse.execute(
            "insert into analytics.audience_memberships by name"
            " select audience, profile_id, 'exited' as change, 'query' as reason,"
            " 'later' as run_id, date '2026-09-12' as as_of,"
            " max(changed_at) + interval 1 day as changed_at"
            " from analytics.audience_memberships where audience = 'members'"
            " group by audience, profile_id"
            " having sum(case change when 'entered' then 1 else -1 end) > 0"
        )
        assert left
        assert warehouse.rows(query) == told


@pytest.mark.slow
def test_a_week_of_an_audience(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", buyers=BUYERS, anyone=ANYONE)
    shop.load([did("10 10:00", "ann"), did("10 11:00", "ann"), did("10 10:00", "bob")])
    build(shop, 10)
    assert changes(shop, "buyers", 10) == [("ann", "entered", f"+ {TWICE}")]
    assert changes(shop, "anyone", 10) == [
        ("ann", "entered", "query"),
        ("bob", "entered", "query"),
    ]

    # Bob buys again; Ann's second purchase is three days ago and she subscribes: she stays.
    shop.load([did("11 10:00", "bob"), did("11 12:00", "ann", "Subscribed")])
    build(shop, 11)
    assert changes(shop, "buyers", 11) == [("bob", "entered", f"+ {TWICE}")]

    # Windows close: Bob leaves, Ann is a subscriber. Nothing has landed.
    build(shop, 13)
    assert changes(shop, "buyers", 13) == [("bob", "exited", f"- {TWICE}")]

    # Nothing changes, so nothing is written.
    written = shop.rows("select count(*) as n from analytics.audience_memberships")
    build(shop, 13)
    assert shop.rows("select count(*) as n from analytics.audience_memberships") == written

    # Bob is in by both conditions at once.
    shop.load(
        [did("14 10:00", "bob", "Subscribed"), did("14 10:01", "bob"), did("14 11:00", "bob")]
    )
    build(shop, 14)
    assert changes(shop, "buyers", 14) == [("bob", "entered", f"+ {TWICE}; + {SUBSCRIBED}")]

    # Between two builds Cid came to fulfil it and, by then, does no more: no trace of him.
    shop.load([did("15 10:00", "cid"), did("15 11:00", "cid")])
    build(shop, 20)
    assert changes(shop, "buyers", 20) == []

    # The query is edited: what it asked before explains nothing.
    path = shop.folder / "models" / "audiences" / "buyers.sql"
    path.write_text(ANYONE.replace("is not null", "= 'cid'"))
    build(shop, 21)
    assert changes(shop, "buyers", 21) == [
        ("ann", "exited", "query"),
        ("bob", "exited", "query"),
        ("cid", "entered", "query"),
    ]
    assert not shop.rows(
        "select 1 as one from duckdb_tables() where table_name like 'buyers\\_\\_%' escape '\\'"
    )

    sizes = shop.rows(
        "select extract(day from as_of) as day, entered, exited, size from analytics.audience_sizes"
        " where audience = 'buyers' order by as_of"
    )
    assert [tuple(row.values()) for row in sizes] == [
        (10, 1, 0, 1),
        (11, 1, 0, 2),
        (13, 0, 1, 1),
        (14, 1, 0, 2),
        (21, 1, 2, 1),
    ]


@pytest.mark.slow
def test_full_refresh_and_rebuild_equal_the_ordinary_build(tmp_path: Path) -> None:
    """The same batches, once built day by day, once at the end, once again with a full refresh."""
    rng = random.Random(11)
    people = [f"p{number}" for number in range(12)]
    batches = [
        [
            did(f"{day:02} {rng.randrange(10, 23)}:{number:02}", rng.choice(people), name)
            for number, name in enumerate(rng.choices(["Bought", "Subscribed", "Seen"], k=9))
        ]
        + [linked(f"{day:02} 09:00", rng.choice(people), f"a{rng.randrange(6)}")]
        for day in (10, 11, 12)
    ]
    daily, late = (
        make_shop(tmp_path / name, buyers=BUYERS, members=MEMBERS) for name in ("daily", "late")
    )
    for batch, day in zip(batches, (10, 11, 12), strict=True):
        daily.load(batch)
        build(daily, day)
        late.load(batch)
    build(late, 12)
    for audience in ("buyers", "members"):
        standing = {user(daily, one) for one in ids_of(daily, members_sql(audience))}
        assert standing == {user(late, one) for one in ids_of(late, members_sql(audience))}
        assert ids_of(daily, members_sql(audience)) == ids_of(
            daily, f"select profile_id from analytics.{audience}"
        )

    contents = tables(daily)
    build(daily, 12, "--full-refresh")
    assert tables(daily) == contents


def members_sql(audience: str) -> str:
    return (
        "select profile_id from analytics.audience_memberships"
        f" where audience = '{audience}' group by profile_id"
        " having sum(case change when 'entered' then 1 else -1 end) > 0"
    )


def user(shop: EventShop, profile_id: str) -> frozenset[str]:
    return frozenset(name for name, one in ids(shop).items() if one == profile_id)


def tables(shop: EventShop) -> dict[str, str]:
    """Every table of audiences as text, in the order of its rows."""
    names = ("buyers", "members", "buyers__conditions", "members__conditions")
    found = {
        name: json.dumps(shop.rows(f"select * from analytics.{name} order by profile_id"))
        for name in names
    }
    found["ledger"] = json.dumps(
        shop.rows("select * from analytics.audience_memberships"), default=_day
    )
    return found


def _day(value: object) -> str:
    assert isinstance(value, date)
    return value.isoformat()
