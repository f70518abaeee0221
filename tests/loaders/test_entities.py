"""``users`` and ``accounts`` show per column the latest value that is not null."""

from typing import Any

import pytest

from tests.loaders.desk import Desk
from tests.loaders.examples import group, identify


def _at(day: int, user: str = "u1", **traits: Any) -> dict[str, Any]:
    return identify(
        messageId=f"{user}-{day}",
        userId=user,
        traits=traits,
        sentAt=f"2026-03-{day:02}T00:00:00Z",
        context={"ip": f"10.0.0.{day}"},
    )


def test_a_later_identify_changes_only_the_traits_it_carries(desk: Desk) -> None:
    desk.land(_at(1, plan="free", city="Köln"), _at(2, plan="pro"))
    desk.land(_at(3, city="Bonn", plan=None), _at(1, "u2", plan="x"), name="two.ndjson")
    rows = desk.rows("select id, plan, city, context_ip, load_id from web.users order by id")
    assert [tuple(row.values()) for row in rows] == [
        ("u1", "pro", "Bonn", "10.0.0.3", 2),
        ("u2", "x", None, "10.0.0.1", 2),
    ]


def test_users_have_the_columns_of_identifies(desk: Desk) -> None:
    desk.land(_at(1, age=3, since="2026-01-01"))
    users, identifies = desk.types("users"), desk.types("identifies")
    assert users.keys() == identifies.keys() - {"anonymous_id", "user_id", "null_traits"}
    assert users.items() <= identifies.items()


def test_an_identify_without_a_user_is_nobody(desk: Desk) -> None:
    desk.land(identify(userId=None, anonymousId="a"), identify(userId=" ", anonymousId="a"))
    assert desk.values("select count(*) from web.users") == [0]
    assert desk.values("select count(*) from web.identifies") == [2]


def test_only_users_of_the_batch_are_touched(desk: Desk) -> None:
    desk.land(_at(1), _at(1, "u2"))
    desk.land(_at(2), name="two.ndjson")
    rows = desk.rows("select id, load_id from web.users order by id")
    assert rows == [{"id": "u1", "load_id": 2}, {"id": "u2", "load_id": 1}]


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1), (2, 1, 0)])
@pytest.mark.every_engine
def test_files_in_any_order_give_the_same_users(desk: Desk, order: tuple[int, ...]) -> None:
    events = [
        _at(1, plan="free", city="Köln", age=1),
        _at(2, plan="pro", city=None),
        _at(3, city="Bonn"),
    ]
    for number in order:
        desk.land(events[number], name=f"{number}.ndjson")
    rows = desk.rows("select plan, city, age, context_ip from web.users")
    assert [tuple(row.values()) for row in rows] == [("pro", "Bonn", 1, "10.0.0.3")]


def test_accounts_show_the_latest_traits_of_groups(desk: Desk) -> None:
    desk.land(
        group(sentAt="2026-03-01", traits={"seats": 5, "name": "Acme"}, context={"ip": "1"}),
        group(sentAt="2026-03-02", traits={"seats": 6}),
    )
    (row,) = desk.rows("select id, seats, name from web.accounts")
    assert tuple(row.values()) == ("g1", 6, "Acme")
    own = {"id", "received_at", "seats", "name", "load_id", "uuid_ts", "loaded_at"}
    assert desk.types("accounts").keys() == own
