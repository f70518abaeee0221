import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.commands.tracking_plan import command
from cli.context import Options
from tests.loaders.desk import Desk
from tests.loaders.examples import track
from tests.loaders.tracking_plans.plans import SHOP


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "shop")
    yield desk
    desk.warehouse.close()


def invoke(desk: Desk, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, obj=Options(desk.folder, None, None))


def test_infer_then_check(desk: Desk) -> None:
    desk.land(track("Order Completed", properties={"total": 5}))
    for name in ("plan.yml", "plan.json"):
        path = desk.folder / "plans" / name
        result = invoke(desk, "infer", "web", "-o", str(path))
        assert (result.exit_code, result.output.endswith("1 event.\n")) == (0, True)
        result = invoke(desk, "check", "web", "--plan", str(path))
        assert result.exit_code == 0
        assert result.output == "Tracking plan: all of 1 landed events satisfy it.\n"


def test_check_says_what_is_wrong(desk: Desk) -> None:
    desk.land(track("Order Completed", messageId="m-1", properties={"total": -1}))
    path = desk.folder / "plan.json"
    path.write_text(json.dumps(SHOP))
    result = invoke(desk, "check", "web", "--plan", str(path))
    assert result.exit_code == 1
    assert "invalid_value  properties.total       1  m-1" in result.output
    result = invoke(desk, "check", "web", "--plan", str(path), "--json")
    assert json.loads(result.output)["findings"] == [
        {
            "event_type": "track",
            "event_name": "Order Completed",
            "kind": "invalid_value",
            "field": "properties.total",
            "events": 1,
            "samples": ["m-1"],
        }
    ]


def test_the_command_follows_the_naming_of_the_source(desk: Desk) -> None:
    sources = "sources:\n  web: {files: events/*, naming: rudderstack}\n"
    (desk.folder / "weft.yml").write_text(sources)
    desk.land(track("HTTPServer Called", properties={"userURL": 5}))
    path = desk.folder / "plan.yml"
    assert invoke(desk, "infer", "web", "-o", str(path)).exit_code == 0
    assert "user_url" in path.read_text()
    result = invoke(desk, "check", "web", "--plan", str(path))
    assert (result.exit_code, "all of 1 landed events" in result.output) == (0, True)


def test_a_source_that_does_not_exist_is_named(desk: Desk) -> None:
    for command_name in ("check", "infer"):
        result = invoke(desk, command_name, "wep")
        assert "did you mean 'web'" in str(result.exception)
