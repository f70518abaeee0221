"""Declared columns are there before a value was seen; names and limits are a source's own."""

import pytest

from tests.loaders.desk import Desk
from tests.loaders.examples import identify, track
from warehouse.errors import ConfigurationError


def _configure(desk: Desk, settings: str) -> None:
    (desk.folder / "weft.yml").write_text(f"sources:\n  web: {{files: events/*, {settings}}}\n")


DECLARED = (
    "declare: {order_completed: {revenue: number, coupon: string, items: integer, gift: boolean,"
    " at: timestamp}, identifies: {plan: string}, users: {plan: string}}"
)


def test_a_declared_table_is_there_before_any_event(desk: Desk) -> None:
    _configure(desk, DECLARED)
    desk.load()
    desk.load()
    types = desk.types("order_completed")
    declared = {"revenue": "DOUBLE", "coupon": "VARCHAR", "items": "BIGINT", "gift": "BOOLEAN"}
    assert types.items() >= {**declared, "at": "TIMESTAMP", "id": "VARCHAR"}.items()
    assert types.keys() >= {"event", "event_text", "load_id", "uuid_ts", "received_at"}
    assert desk.rows("select revenue, coupon from web.order_completed") == []
    assert desk.types("users").keys() >= {"id", "plan", "timestamp"}
    assert "user_id" not in desk.types("users")


def test_values_land_in_declared_columns(desk: Desk) -> None:
    _configure(desk, DECLARED)
    desk.land(
        track("Order Completed", messageId="1", properties={"revenue": 5, "coupon": 7, "new": 1}),
        track("Order Completed", messageId="2", properties={"revenue": "much", "at": "2026-03-01"}),
        identify(traits={"plan": "pro"}),
    )
    rows = desk.rows("select revenue, coupon, new from web.order_completed order by id")
    assert [tuple(row.values()) for row in rows] == [(5.0, "7", 1), (None, None, None)]
    assert desk.discards() == [("order_completed", "revenue", "much", "does not fit double")]
    assert desk.values("select plan from web.users") == ["pro"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("declare: {Order: {a: string}}", "the table 'Order' is not in snake case"),
        ("declare: {orders: {perMonth: string}}", "'perMonth' is not in snake case: 'per_month'"),
        ("declare: {orders: {user_id: string}}", "'user_id' of 'orders' is there in any case"),
        ("declare: {orders: {a: text}}", "sources.web.declare.orders.a is not valid"),
        ("naming: camel", "sources.web.naming is not valid"),
        ("max_columns: 0", "sources.web.max_columns is not valid"),
    ],
)
def test_a_wrong_declaration_is_refused(desk: Desk, settings: str, message: str) -> None:
    _configure(desk, settings)
    with pytest.raises(ConfigurationError, match=message):
        desk.load()


def test_a_source_may_choose_the_names_of_rudderstack(desk: Desk) -> None:
    _configure(desk, "naming: rudderstack")
    desk.land(
        track("HTTPServer Down", properties={"_timestamp": "x", "abc1def": 1}, context={"aURL": 1}),
        identify(traits={"planURL": None}),
    )
    rows = desk.rows("select event, _timestamp, abc1_def, context_a_url from web.http_server_down")
    assert [tuple(row.values()) for row in rows] == [("http_server_down", "x", 1, 1)]
    assert desk.values("select null_traits from web.identifies") == ['["plan_url"]']


def test_of_too_many_properties_the_excess_is_discarded(desk: Desk) -> None:
    _configure(desk, "max_columns: 3")
    few = track(messageId="1", properties={"e": 1, "f": 2})
    many = track(messageId="2", properties={"a": 1, "b": None, "c": {"x": 2}, "d": [3], "e": 4})
    assert desk.land(few, many).total.landed == 2
    rows = desk.rows("select a, c_x, d, e, f from web.signed_up order by id")
    assert [tuple(row.values()) for row in rows] == [
        (None, None, None, 1, 2),
        (1, 2, "[3]", None, None),
    ]
    assert desk.discards() == [("signed_up", "e", "4", "more than 3 properties")]


def test_an_event_of_two_thousand_properties_lands(desk: Desk) -> None:
    properties = {f"p{number:04}": f"{number:>23}" for number in range(2000)}
    desk.land(track("Wide", properties=properties))
    held = min(1000, desk.warehouse.limits.values)
    landed = desk.rows("select * from web.wide")[0]
    found = {name: value for name, value in landed.items() if name in properties}
    found |= {name: value for _, name, value, _ in desk.discards()}
    assert found == properties
    assert len(desk.discards()) == 2000 - held
    assert f"p{held:04}" not in desk.types("wide")


@pytest.mark.every_engine
def test_a_row_holds_no_more_than_its_engine_allows(desk: Desk) -> None:
    most = desk.warehouse.limits.values
    traits = [f"t{number:03}" for number in range(500)]
    context = {f"c{number:03}": f"{number:>23}" for number in range(350)}
    first, second = ({name: f"{name:>23}" for name in traits[i : i + 250]} for i in (0, 250))
    desk.land(identify(traits=first, context=context))
    desk.land(identify(traits=second), track(context=context), name="two")
    columns = [f"context_{name}" for name in context]
    lost = {("identifies", name) for name in columns[max(most - 250, 0) :]}
    lost |= {(table, name) for table in ("tracks", "signed_up") for name in columns[most:]}
    assert {(table, name) for table, name, _, _ in desk.discards()} == lost
    assert {reason for *_, reason in desk.discards()} <= {f"more than {most} values in a row"}
    (user,) = desk.rows("select * from web.users")
    assert [name for name in traits if user[name]] == traits[:most]


@pytest.mark.every_engine
def test_a_declared_name_is_as_long_as_the_engine_has_names(desk: Desk) -> None:
    name = "a_" * 49 + "name"
    _configure(desk, f"declare: {{{name}: {{{name}: integer}}}}")
    event = name.replace("_", " ").title()
    for number in (1, 2):
        desk.land(track(event, properties={event: number}), name=f"{number}.ndjson")
    place = name[: desk.warehouse.limits.name]
    assert desk.types(place)[place] == "BIGINT"
    assert desk.values(f"select {place} from web.{place} order by 1") == [1, 2]
    assert desk.discards() == []
