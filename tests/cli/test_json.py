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
    [["load"], ["build", "--as-of", AS_OF], ["plan"], ["sync"], ["run", "--as-of", AS_OF]],
    ids=lambda arguments: str(arguments[0]),
)
def test_every_field_is_documented(next_day: Shop, tmp_path: Path, arguments: list[str]) -> None:
    shop = next_day.copy(tmp_path / "shop")
    finished = shop.weft(*arguments, "--json")
    assert finished.exit_code == 0, finished.errors
    document: dict[str, Any] = json.loads(finished.output)
    assert document.pop("format_version") == 1
    for field in documented_fields(document):
        assert f"`{field}`" in DOCUMENTED, field


def documented_fields(document: dict[str, Any]) -> set[str]:
    """Fields at the top, and of what a list at the top holds."""
    fields = set(document)
    for value in document.values():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                fields |= set(inner)
    return fields - UNPROMISED


# Shown for completeness, and free to change.
UNPROMISED = {
    *("run_id", "account", "base_version", "mapping_hash", "source_rows", "acknowledged"),
    *("leaving",),
}
