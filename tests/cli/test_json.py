"""The documents of --json are those that docs/json.md describes."""

import json
from pathlib import Path
from typing import Any

import pytest

import sample_data
from tests.conftest import Shop

DOCUMENTED = (Path(__file__).parent.parent.parent / "docs" / "json.md").read_text("utf-8")
AS_OF = sample_data.NEXT_AS_OF.isoformat()


@pytest.mark.parametrize(
    "arguments",
    [
        ["load"],
        ["build", "--as-of", AS_OF],
        ["plan"],
        ["sync"],
        ["run", "--as-of", AS_OF],
        ["profile", "show", "team@example.com"],
        ["identity", "check"],
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_every_field_is_documented(next_day: Shop, tmp_path: Path, arguments: list[str]) -> None:
    shop = next_day.copy(tmp_path / "shop")
    shop.build_only("high_value_customers", "lapsed_customers", "cart_abandoners")
    finished = shop.weft(*arguments, "--json")
    assert finished.exit_code == 0, finished.errors
    document: dict[str, Any] = json.loads(finished.output)
    assert document.pop("format_version") == 1
    assert undocumented(document) == set()


def undocumented(document: dict[str, Any]) -> set[str]:
    """What docs/json.md lacks of the fields at the top and of what a list at the top holds."""
    fields = set(document)
    # What stands under these is a project's own to name.
    for value in (value for name, value in document.items() if name != "traits"):
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                fields |= set(inner)
    return {field for field in fields - UNPROMISED if f"`{field}`" not in DOCUMENTED}


# Shown for completeness, and free to change.
UNPROMISED = {
    *("run_id", "account", "base_version", "mapping_hash", "source_rows", "acknowledged"),
    *("leaving",),
}
