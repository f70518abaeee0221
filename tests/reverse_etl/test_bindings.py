"""A snapshot is trusted only where it was made, for the account it speaks of."""

import json
import shutil
from pathlib import Path

import pytest

from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver
from warehouse.errors import BlockedError

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)


@pytest.mark.skipif("config.getoption('engine') != 'duckdb'", reason="copies DuckDB's file")
def test_a_copied_warehouse_needs_an_approval(tmp_path: Path, receiver: Receiver) -> None:
    destination = webhook(receiver.url)
    with House(tmp_path / "one", destination=destination) as house:
        house.fill([ADA])
        house.push()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    with House(tmp_path / "two", destination=destination) as copy:
        assert copy.plan().guards == ()
        copy.fill([ADA, BOB])
        plan = copy.plan()
        assert len(plan.guards) == 1
        assert "is a copy, or was moved" in plan.guards[0]
        with pytest.raises(BlockedError, match="is a copy"):
            copy.push()
        assert len(receiver.members) == 1
        copy.push(approve=plan.plan_id)
        assert len(receiver.members) == 2
        copy.fill([BOB])
        assert copy.plan().guards == ()


def test_another_account_needs_an_approval(house: House, receiver: Receiver) -> None:
    house.fill([ADA])
    house.push()
    house.destinations["crm"]["url"] = receiver.url.replace("/hook", "/other-hook")
    house.write()
    plan = house.plan()
    assert len(plan.guards) == 1
    assert "is another account now" in plan.guards[0]
    assert "in-the-query" not in plan.guards[0]
    assert house.push(approve=plan.plan_id).succeeded.added == 1
    house.fill([ADA, BOB])
    assert house.plan().guards == ()


def test_a_lost_snapshot_needs_an_approval(house: House) -> None:
    house.fill([ADA, BOB])
    house.push()
    house.warehouse.execute("delete from weft.sync_snapshot")
    plan = house.plan()
    assert (plan.added, plan.removed) == (2, 0)
    assert "The snapshot of 'customers_to_crm' is gone" in plan.guards[0]


@pytest.mark.parametrize(
    ("node", "status", "blocked"),
    [
        ("model.shop.orders", "error", True),
        ("model.shop.customers", "skipped", True),
        ("test.shop.unique_orders.1a", "fail", True),
        ("test.shop.unique_orders.1a", "warn", False),
        ("model.shop.other", "error", False),
        ("test.shop.elsewhere.2b", "fail", False),
    ],
)
def test_a_failure_upstream_in_the_last_build_blocks(
    house: House, node: str, status: str, blocked: bool
) -> None:
    house.fill([ADA])
    path = house.folder / "target" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    nodes = manifest["nodes"]
    nodes["model.shop.customers"]["depends_on"] = {"nodes": ["model.shop.orders"]}
    nodes["model.shop.orders"] = {**nodes["model.shop.customers"], "depends_on": {"nodes": []}}
    for name, tested in (
        ("test.shop.unique_orders.1a", "model.shop.orders"),
        ("test.shop.elsewhere.2b", "model.shop.other"),
    ):
        nodes[name] = {"resource_type": "test", "attached_node": tested}
    path.write_text(json.dumps(manifest), "utf-8")
    results = {"results": [{"unique_id": node, "status": status}], "args": {"target": "prod"}}
    (house.folder / "target" / "run_results.json").write_text(json.dumps(results), "utf-8")
    guards = house.plan().guards
    assert bool(guards) is blocked
    if blocked:
        assert node.split(".")[2] in guards[0]
        with pytest.raises(BlockedError, match="the last build failed"):
            house.push()
        results["args"] = {"target": "another"}
        (house.folder / "target" / "run_results.json").write_text(json.dumps(results), "utf-8")
        del house.__dict__["sync"]
        assert house.plan().guards == ()
