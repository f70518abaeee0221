"""The example of docs/tracking-plans.md does what the page says."""

import re
from pathlib import Path

import yaml

from tests.loaders.tracking_plans.arrivals import Door

PAGE = (Path(__file__).parents[3] / "docs" / "tracking-plans.md").read_text(encoding="utf-8")


def block(language: str, number: int = 0) -> str:
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return blocks[number]


def test_the_example(door: Door) -> None:
    door.write_plan(yaml.safe_load(block("yaml", 1)))
    settings = yaml.safe_load(block("yaml"))["sources"]["web"]["tracking_plan"]
    result = door.enforce(*block("json").splitlines(), **{**settings, "file": "plan.json"})
    found = door.warehouse.rows(block("sql"))
    cells = "".join(f"| {' | '.join(str(value) for value in row.values())} |\n" for row in found)
    assert cells in PAGE
    assert (result.blocked, result.omitted) == (2, 1)
    assert len(door.documents("properties")) == 2
