import json
from pathlib import Path

import pytest

from loaders.tracking_plans.settings import KINDS, TrackingPlanSettings
from loaders.tracking_plans.source import plan_of, plan_settings
from tests.loaders.tracking_plans.plans import SHOP
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import Project, find_project

PROFILES = "shop: {target: dev, outputs: {dev: {type: duckdb, path: w.duckdb}}}\n"


def project(folder: Path, tracking_plan: str) -> Project:
    (folder / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (folder / "profiles.yml").write_text(PROFILES)
    (folder / "weft.yml").write_text(f"sources:\n  web: {{files: '*', {tracking_plan}}}\n")
    (folder / "plan.json").write_text(json.dumps(SHOP))
    return find_project(folder)


def test_everything_is_allowed_by_default() -> None:
    settings = TrackingPlanSettings(file="plan.json")
    assert {settings.action(kind) for kind in KINDS} == {"allow"}


def test_a_kind_may_have_its_own_action() -> None:
    settings = TrackingPlanSettings(
        file="plan.json", violations="omit", wrong_type="block", common_violations="allow"
    )
    assert settings.action("wrong_type") == "block"
    assert settings.action("invalid_value") == "omit"
    assert settings.action("wrong_type", common=True) == "allow"
    assert settings.action("unplanned_property", common=True) == "allow"


def test_the_plan_of_a_source(tmp_path: Path) -> None:
    found = project(tmp_path, "tracking_plan: {file: plan.json, violations: block}")
    assert plan_of(found, "web").settings.violations == "block"
    assert plan_of(found, "web", tmp_path / "plan.json").settings.violations == "allow"


def test_wrong_settings(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'violations'"):
        plan_settings(project(tmp_path, "tracking_plan: {file: a, violation: block}"), "web")
    with pytest.raises(ConfigurationError, match="unplanned_events is not valid"):
        plan_settings(project(tmp_path, "tracking_plan: {file: a, unplanned_events: omit}"), "web")
    with pytest.raises(ConfigurationError, match="has no tracking_plan"):
        plan_of(project(tmp_path, "format: ndjson"), "web")
    with pytest.raises(UnknownNameError, match="no source 'wbe'"):
        plan_of(project(tmp_path, "format: ndjson"), "wbe")
