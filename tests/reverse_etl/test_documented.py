"""docs/syncs.md names every setting there is."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from reverse_etl.keeping import Keep
from reverse_etl.notify import NotificationSettings
from reverse_etl.syncs import Guard, SyncSettings

PAGE = (Path(__file__).parents[2] / "docs" / "syncs.md").read_text("utf-8")


@pytest.mark.parametrize("model", [SyncSettings, Guard])
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    assert not [name for name in model.model_fields if f"`{name}`" not in PAGE]


@pytest.mark.parametrize(
    ("model", "left_out"), [(Keep, set()), (NotificationSettings, {"syncs", "headers"})]
)
def test_every_key_is_shown(model: type[BaseModel], left_out: set[str]) -> None:
    assert not [name for name in set(model.model_fields) - left_out if f"{name}:" not in PAGE]


@pytest.mark.parametrize("mode", ["upsert", "update", "create", "mirror", "audience", "append"])
def test_every_mode_has_its_line(mode: str) -> None:
    assert f"\n| `{mode}` |" in PAGE
