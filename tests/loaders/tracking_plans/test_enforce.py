from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.envelopes import ARRIVED, HELD_BACK
from loaders.structure import DocumentTooDeepError
from loaders.tracking_plans.replay import blocked_events, mark_replayed
from tests.loaders.examples import alias, group, identify, page, track
from tests.loaders.tracking_plans.arrivals import URI, Door
from tests.loaders.tracking_plans.plans import ORDER, SHOP, config, message, public, rule
from warehouse.system_tables import utc_now


def order(**properties: Any) -> dict[str, Any]:
    return track("Order Completed", properties=properties)


BREACHES = {
    "missing_required": (order(currency="EUR"), "properties.total"),
    "wrong_type": (order(total="7"), "properties.total"),
    "invalid_value": (order(total=7, currency="GBP"), "properties.currency"),
    "unplanned_property": (order(total=7, colour="red"), "properties.colour"),
    "unplanned_event": (track("Order completed"), "event"),
}
SETTING = {"unplanned_property": "unplanned_properties", "unplanned_event": "unplanned_events"}


@pytest.mark.parametrize("kind", BREACHES)
@pytest.mark.parametrize("action", ["allow", "omit", "block"])
def test_every_kind_and_action(door: Door, kind: str, action: str) -> None:
    door.write_plan(SHOP)
    event, field = BREACHES[kind]
    can_omit = kind not in ("missing_required", "unplanned_event")
    setting = SETTING.get(kind, kind if can_omit else "violations")
    if action == "omit" and kind == "unplanned_event":
        return
    result = door.enforce(event, order(total=5), **{setting: action})
    done = "allow" if action == "omit" and not can_omit else action
    assert door.violations() == [(kind, field, done)]
    assert result.violations == 1
    assert result.blocked == (done == "block")
    assert result.omitted == (done == "omit")
    landing = door.documents("properties")
    assert len(landing) == 2 - result.blocked
    if done == "omit":
        assert field.split(".")[1] not in landing[0]
        omitted = "omitted" if kind == "unplanned_property" else "omitted_on_violation"
        assert door.documents("context")[0] == {"protocols": {omitted: [field.split(".")[1]]}}
    assert landing[-1] == {"total": 5}


def test_everything_is_allowed_by_default_and_still_kept(door: Door) -> None:
    door.write_plan(SHOP)
    result = door.enforce(*(event for event, _ in BREACHES.values()))
    assert (result.violations, result.blocked, result.omitted) == (5, 0, 0)
    (row,) = door.warehouse.rows("select * from weft.violations where kind = 'wrong_type'")
    event = BREACHES["wrong_type"][0]
    assert row["event_id"] == event["messageId"]
    assert (row["load_id"], row["source"], row["tracking_plan"]) == (1, "web", "plan.json")
    assert (row["event_type"], row["event_name"]) == ("track", "Order Completed")
    assert row["description"] == '"7" is not of type "number"'


def test_a_blocked_event_is_kept_byte_for_byte(door: Door) -> None:
    door.write_plan(SHOP)
    raw = (
        '{ "type":"track",  "event":"Order Completed", "messageId":"m-1","userId":"u",'
        '"properties":{"total":1.50e0,"total2":"\\u00e9é"}}'
    )
    door.enforce(raw, unplanned_properties="block")
    (row,) = door.warehouse.rows("select * from weft.blocked")
    assert row["payload"] == raw
    assert (row["event_id"], row["uri"], row["line"]) == ("m-1", URI, 1)
    assert row["reason"] == "unplanned_property properties.total2"
    assert blocked_events(door.warehouse, "web").to_pylist() == [
        {"event_id": "m-1", "payload": raw}
    ]


def test_a_blocked_event_is_replayed_once(door: Door) -> None:
    door.write_plan(SHOP)
    event = order(total=1, colour="red")
    door.enforce(event, unplanned_properties="block")
    door.enforce(event, unplanned_properties="block")
    assert blocked_events(door.warehouse, "web").num_rows == 1
    assert mark_replayed(door.warehouse, "web", 1, utc_now()) == 0
    assert mark_replayed(door.warehouse, "web", 2, utc_now()) == 2
    assert blocked_events(door.warehouse, "web").num_rows == 0
    assert blocked_events(door.warehouse, "app").num_rows == 0


def test_rejects_and_duplicates_are_not_judged(door: Door) -> None:
    door.write_plan(SHOP)
    result = door.enforce("{", order(), unplanned_events="block", violations="block")
    assert (result.violations, result.blocked) == (1, 1)


def test_an_integer_may_be_written_with_a_point(door: Door) -> None:
    door.write_plan(SHOP)
    door.enforce(*(order(total=1, quantity=value) for value in (5, 5.0, -3, 10**30)))
    assert door.violations() == []
    door.enforce(*(order(total=1, quantity=value) for value in (5.5, "5", True, None)))
    assert door.violations() == [("wrong_type", "properties.quantity", "allow")] * 4


def test_versions(door: Door) -> None:
    newer = message({"total": {"type": "string"}})
    door.write_plan(public(rule("A", ORDER), rule("A", newer, version=2)))
    context = {"protocols": {"event_version": 2}}
    door.enforce(
        track("A", properties={"total": 1}),
        track("A", properties={"total": "1"}, context=context),
        track("A", properties={"total": 1}, context={"protocols": {"event_version": 7}}),
    )
    assert door.violations() == []
    door.enforce(track("A", properties={"total": 1}, context=context))
    assert door.violations() == [("wrong_type", "properties.total", "allow")]


def test_common_rules_hold_for_every_call(door: Door) -> None:
    common = {
        "properties": {
            "context": {"required": ["app"], "properties": {"app": {"type": "object"}}},
            "userId": {"type": "string", "pattern": "^u"},
            "properties": {"properties": {"plan": {"enum": ["pro"]}}},
        },
        "required": ["userId", "context"],
    }
    door.write_plan(public(rule(None, common, "COMMON"), rule("Order Completed", ORDER)))
    good: dict[str, Any] = {"context": {"app": {}}}
    door.enforce(
        order(total=1, plan="pro") | good, identify(**good), page(userId="u", **good), alias(**good)
    )
    assert door.violations() == []
    result = door.enforce(
        order(total=1, plan="free") | good,
        group(context={"app": 1}),
        alias(userId="x", previousId="y"),
        page(**good),
        common_violations="block",
    )
    assert door.violations() == [
        ("invalid_value", "properties.plan", "block"),
        ("invalid_value", "userId", "block"),
        ("missing_required", "context", "block"),
        ("missing_required", "userId", "block"),
        ("wrong_type", "context.app", "block"),
    ]
    assert result.blocked == 4


def test_traits_of_identify_and_group(door: Door) -> None:
    traits = message({"email": {"type": "string", "format": "email"}}, "email", part="traits")
    door.write_plan(config(identify_traits=traits, group_traits=traits))
    door.enforce(
        identify(traits={"email": "a@example.com"}),
        identify(traits={"email": "nobody", "age": 3}, context={"traits": {"age": 3}}),
        group(),
        violations="omit",
        unplanned_properties="omit",
    )
    assert door.violations() == [
        ("invalid_value", "traits.email", "omit"),
        ("missing_required", "traits.email", "allow"),
        ("unplanned_property", "traits.age", "omit"),
    ]
    assert door.documents("traits") == [{"email": "a@example.com"}, {}, None]
    assert door.documents("context")[1]["traits"] == {}


def test_arrays_nested_objects_and_combinations(door: Door) -> None:
    schema = message(
        {
            "products": {
                "type": "array",
                "items": {"type": "object", "required": ["sku"]},
                "maxItems": 2,
            },
            "address": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
            "either": {"anyOf": [{"type": "string"}, {"type": "number", "minimum": 5}]},
        }
    )
    schema["properties"]["properties"]["dependencies"] = {"either": ["address"]}
    door.write_plan(public(rule("A", schema)))
    fine = {"products": [{"sku": 1}], "address": {"city": "X"}, "either": 6}
    door.enforce(track("A", properties=fine))
    assert door.violations() == []
    door.enforce(
        track("A", properties=fine | {"products": [{"sku": 1}, {}]}),
        track("A", properties=fine | {"address": {"city": 5, "zip": 1}}),
        track("A", properties=fine | {"address": {}}),
        track("A", properties=fine | {"either": 4}),
        track("A", properties={"either": "x"}),
        violations="omit",
        unplanned_properties="omit",
    )
    assert door.violations() == [
        ("invalid_value", "properties.either", "omit"),
        ("missing_required", "properties.address", "allow"),
        ("missing_required", "properties.address.city", "allow"),
        ("missing_required", "properties.products.sku", "allow"),
        ("unplanned_property", "properties.address.zip", "omit"),
        ("wrong_type", "properties.address.city", "omit"),
    ]
    assert door.documents("properties")[1]["address"] == {}


def test_references_are_judged_in_full(door: Door) -> None:
    schema = {
        "definitions": {"money": {"type": "number"}},
        "properties": {"properties": {"properties": {"total": {"$ref": "#/definitions/money"}}}},
    }
    door.write_plan(public(rule("A", schema)))
    door.enforce(track("A", properties={"total": 1}), track("A", properties={"total": "1"}))
    assert door.violations() == [("wrong_type", "properties.total", "allow")]


def test_hostile_values(door: Door) -> None:
    door.write_plan(SHOP)
    start = '{"type":"track","event":"Order Completed","messageId":"m","userId":"u"'
    huge = "9" * 5000
    door.enforce(
        f'{start},"properties":{{"total":{huge},"quantity":{huge},"currency":"{huge}"}}}}',
        f'{start},"properties":{{"total":1,"total":"x","quantity":1e400}}}}',
        f'{start},"properties":"none"}}',
        f'{start},"properties":{{"total":1e2,"currency":"\\ud83d\\ude00"}}}}',
    )
    assert ("missing_required", "properties.total", "allow") in door.violations()
    deep = "[" * 300 + "]" * 300
    with pytest.raises(DocumentTooDeepError):
        door.enforce(f'{start},"properties":{{"total":{deep}}}}}')


def test_a_property_of_any_name_can_be_left_out(door: Door) -> None:
    door.write_plan(SHOP)
    names = {"a/b": 1, "c~d": 2, "e.f": 3, 'g"h': 4, "i'j": 5, "k{l}": 6, "Größe": 7}
    door.enforce(order(total=1, **names), unplanned_properties="omit")
    assert door.documents("properties") == [{"total": 1}]
    assert len(door.violations()) == len(names)


values: st.SearchStrategy[Any] = st.sampled_from([1, -1, 1.5, "1", "EUR", None, True, [], {}])
names = st.sampled_from(["total", "currency", "quantity", "colour"])
orders = st.builds(
    lambda event, properties: track(event, properties=properties),
    st.sampled_from(["Order Completed", "Other"]),
    st.dictionaries(names, values),
)
actions = st.sampled_from(["allow", "omit", "block"])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=st.lists(st.one_of(orders, st.just("{")), min_size=1, max_size=12),
    violations=actions,
    unplanned=actions,
    names=st.sampled_from(["allow", "block"]),
)
def test_counts_add_up(
    door: Door, events: list[Any], violations: str, unplanned: str, names: str
) -> None:
    door.write_plan(SHOP)
    door.warehouse.execute("delete from weft.violations")
    door.warehouse.execute("delete from weft.blocked")
    result = door.enforce(
        *events, violations=violations, unplanned_properties=unplanned, unplanned_events=names
    )
    rejected = events.count("{")
    landing = door.documents("properties")
    assert len(landing) + rejected + result.blocked == len(events)
    assert door.warehouse.value("select count(*) from weft.violations") == result.violations
    assert door.warehouse.value("select count(*) from weft.blocked") == result.blocked
    payloads = door.warehouse.arrow("select payload from weft.blocked")["payload"].to_pylist()
    held_back = door.warehouse.parser.execute(
        f"select raw from {ARRIVED} semi join {HELD_BACK} using (number)"
    ).fetchall()
    assert sorted(payloads) == sorted(raw for (raw,) in held_back)
    if violations == unplanned == "omit":
        # What remains breaches nothing that could be left out.
        kept = zip(door.documents("event"), landing, strict=True)
        left = [track(event, properties=properties) for event, properties in kept]
        again = door.enforce(*left, violations="omit", unplanned_properties="omit")
        assert again.omitted == 0
