"""A load under a tracking plan, from file to tables."""

import json

from tests.command import run_weft
from tests.loaders.desk import Desk
from tests.loaders.examples import identify, track
from tests.loaders.tracking_plans.plans import SHOP

PLAN = "{file: plan.json, unplanned_events: block, violations: block, unplanned_properties: omit}"


def configure(desk: Desk, plan: str) -> None:
    (desk.folder / "plan.json").write_text(json.dumps(SHOP))
    (desk.folder / "weft.yml").write_text(
        f"sources:\n  web: {{files: events/*, tracking_plan: {plan}}}\n"
    )


def test_a_plan_blocks_leaves_out_and_lets_through(desk: Desk) -> None:
    configure(desk, PLAN)
    order = track("Order Completed", properties={"total": 1, "x": 5})
    deep = json.dumps(order).replace("5}", "[" * 300 + "]" * 300 + "}")
    unplanned = track("No Such Event")
    total = desk.land(
        track("Order Completed", properties={"total": 1}),
        track("Order Completed", properties={"total": 1, "colour": 2}),
        track("Order Completed", properties={}),
        unplanned,
        "{",
        identify(),
        deep,
    ).total
    assert (total.read, total.landed, total.rejected, total.blocked) == (7, 3, 2, 2)
    assert desk.values("select context_protocols_omitted from web.order_completed order by 1") == [
        '["colour"]',
        None,
    ]
    assert "colour" not in desk.types("order_completed")
    payloads = desk.values("select payload from weft.blocked")
    assert json.dumps(unplanned) in payloads or unplanned in map(json.loads, payloads)
    [load] = desk.rows("select * from weft.loads")
    parts = ("landed", "duplicate", "rejected", "blocked")
    assert load["read"] == sum(load[part] for part in parts) == 7


def test_blocked_events_land_when_the_plan_lets_them(desk: Desk) -> None:
    configure(desk, PLAN)
    assert desk.land(track("No Such Event", messageId="m1")).total.blocked == 1
    desk.warehouse.close()
    replay = ["--project-dir", str(desk.folder), "load", "--replay-rejects"]

    still = run_weft(*replay)
    assert still.exit_code == 0, still.errors
    assert "0 landed, 0 had landed otherwise, 1 are held back" in still.output

    configure(desk, "{file: plan.json}")
    landed = run_weft(*replay)
    assert "1 landed" in landed.output
    assert "0 rejected lines tried again" in run_weft(*replay).output
