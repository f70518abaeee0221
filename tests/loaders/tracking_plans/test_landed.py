"""infer and check: plans from landed tables, and plans tried on them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from loaders.naming import RUDDERSTACK
from loaders.tracking_plans.check import Finding, check
from loaders.tracking_plans.infer import infer
from loaders.tracking_plans.settings import TrackingPlanSettings
from loaders.tracking_plans.source import open_plan
from tests.loaders.desk import Desk
from tests.loaders.examples import alias, group, identify, page, track
from tests.loaders.tracking_plans.plans import ORDER, SHOP, message, public, rule
from warehouse.errors import ConfigurationError


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    desk = Desk(tmp_path / "shop")
    yield desk
    desk.warehouse.close()


def try_plan(desk: Desk, plan: dict[str, Any]) -> list[Finding]:
    (desk.folder / "plan.yml").write_text(yaml.safe_dump(plan))
    settings = TrackingPlanSettings(file="plan.yml")
    return list(check(desk.warehouse, "web", open_plan(desk.folder, settings)).findings)


def land_shop(desk: Desk) -> None:
    desk.land(
        track("Order Completed", properties={"orderId": "1", "total": 1, "address": {"city": "X"}}),
        track("Order Completed", properties={"orderId": "2", "total": 2.5, "items": [1, 2]}),
        track("Signed Up", properties={"at": "2026-03-01", "vip": True, "mixed": 5}),
        track("Signed Up", properties={"at": "2026-03-02T10:00:00Z", "vip": False, "mixed": "x"}),
        identify(traits={"email": "a@example.com", "age": 30}),
        group(traits={"name": "Acme"}),
        page(name="Home", properties={"path": "/", "name": "Home"}),
        alias(),
    )


def test_an_inferred_plan_is_satisfied_by_what_it_came_from(desk: Desk) -> None:
    land_shop(desk)
    plan = infer(desk.warehouse, "web")
    assert plan == infer(desk.warehouse, "web")
    assert [event["name"] for event in plan["rules"]["events"]] == [
        "Order Completed",
        "Signed Up",
        "Page Viewed",
    ]
    order = plan["rules"]["events"][0]["rules"]["properties"]["properties"]
    assert order["required"] == ["order_id", "total"]
    assert order["properties"] == {
        "address_city": {"type": "string"},
        "items": {"type": "array"},
        "order_id": {"type": "string"},
        "total": {"type": "number"},
    }
    assert plan["rules"]["identify_traits"]["properties"]["traits"]["required"] == ["age", "email"]
    assert try_plan(desk, plan) == []


def test_nothing_to_infer_from(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="Nothing of the source 'web' has landed yet"):
        infer(desk.warehouse, "web")


def test_a_plan_tried_on_what_has_landed(desk: Desk) -> None:
    desk.land(
        track("Order Completed", messageId="a", properties={"total": "x", "currency": "GBP"}),
        track("Order Completed", messageId="b", properties={"total": "y", "colour": "red"}),
        track("Order Completed", messageId="c", properties={"quantity": 2}),
        track("Order completed", messageId="d"),
    )
    found = [
        (one.event_name, one.kind, one.field, one.events, list(one.samples))
        for one in try_plan(desk, SHOP)
    ]
    assert found == [
        ("Order Completed", "invalid_value", "properties.currency", 1, ["a"]),
        ("Order Completed", "missing_required", "properties.total", 1, ["c"]),
        ("Order Completed", "unplanned_property", "properties.colour", 1, ["b"]),
        ("Order Completed", "wrong_type", "properties.total", 2, ["a", "b"]),
        ("Order completed", "unplanned_event", "event", 1, ["d"]),
    ]


def test_planned_names_are_found_in_their_columns(desk: Desk) -> None:
    land_shop(desk)
    schema = message(
        {
            "orderId": {"type": "string", "pattern": "^[0-9]$"},
            "total": {"type": "number"},
            "address": {
                "type": "object",
                "properties": {"city": {"enum": ["X"]}, "zip": {"type": "string"}},
                "required": ["city"],
            },
            "items": {"type": "array", "items": {"type": "integer"}},
        },
        "orderId",
    )
    common = {
        "properties": {"userId": {"type": "string"}, "context": {"properties": {"app": {}}}},
        "required": ["messageId"],
    }
    plan = public(
        rule("Order Completed", schema), rule("Signed Up", {}), rule(None, common, "COMMON")
    )
    findings = try_plan(desk, plan)
    assert [(one.event_type, one.field) for one in findings] == []


def test_an_object_under_a_reserved_word_is_found_in_its_columns(desk: Desk) -> None:
    desk.land(track("Paid", properties={"order": {"id": "o1"}, "select": 1}))
    schema = message({"order": {"type": "object"}, "select": {"type": "integer"}}, "order")
    assert try_plan(desk, public(rule("Paid", schema))) == []


def test_versions_are_read_from_the_context(desk: Desk) -> None:
    newer = message({"total": {"type": "string"}})
    desk.land(
        track("A", properties={"total": 1}),
        track("A", properties={"total": 1}, context={"protocols": {"event_version": 2}}),
    )
    found = try_plan(desk, public(rule("A", ORDER), rule("A", newer, version=2)))
    assert [(one.kind, one.events) for one in found] == [("wrong_type", 1)]


def test_a_plan_reads_the_tables_of_a_source_named_as_rudderstack_does(desk: Desk) -> None:
    (desk.folder / "weft.yml").write_text(
        "sources:\n  web: {files: events/*, naming: rudderstack}\n"
    )
    desk.land(track("HTTPServer Called", messageId="a", properties={"userURLPath": 5, "_own": 1}))
    schema = message({"userURLPath": {"type": "string"}}, "userURLPath")
    (desk.folder / "plan.yml").write_text(yaml.safe_dump(public(rule("HTTPServer Called", schema))))
    plan = open_plan(desk.folder, TrackingPlanSettings(file="plan.yml"))
    found = check(desk.warehouse, "web", plan, naming=RUDDERSTACK).findings
    assert [(one.kind, one.field) for one in found] == [
        ("unplanned_property", "properties._own"),
        ("wrong_type", "properties.userURLPath"),
    ]
    (event,) = infer(desk.warehouse, "web", naming=RUDDERSTACK)["rules"]["events"]
    assert event["rules"]["properties"]["properties"]["required"] == ["_own", "user_url_path"]
