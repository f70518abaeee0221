import json
from pathlib import Path

import pytest
import yaml

from loaders.tracking_plans.plan import Plan, read_plan
from loaders.tracking_plans.schema import compile_plan
from tests.loaders.tracking_plans.plans import ORDER, SHOP, Schema, config, message, public, rule
from warehouse.errors import ConfigurationError


def read(folder: Path, plan: object, name: str = "plan.json") -> Plan:
    path = folder / name
    path.write_text(json.dumps(plan) if name.endswith("json") else yaml.safe_dump(plan))
    return read_plan(path)


@pytest.mark.parametrize("name", ["plan.json", "plan.yaml"])
def test_both_shapes_say_the_same(tmp_path: Path, name: str) -> None:
    public_shape = read(tmp_path, SHOP, name)
    config_shape = read(tmp_path, config({"name": "Order Completed", "rules": ORDER}), name)
    for plan in (public_shape, config_shape):
        assert plan.name == "Shop"
        assert [(one.type, one.key, one.version, one.schema) for one in plan.rules] == [
            ("TRACK", "Order Completed", 1, ORDER)
        ]


def test_config_api_has_rules_for_traits_and_for_all(tmp_path: Path) -> None:
    traits = message({"email": {"type": "string"}}, part="traits")
    plan = read(
        tmp_path, config(identify_traits=traits, group_traits=traits, **{"global": {"a": 1}})
    )
    assert [one.type for one in plan.rules] == ["COMMON", "IDENTIFY", "GROUP"]
    assert plan.rule("identify", None, None) == 1


def test_typewriter_leaves_the_message_out(tmp_path: Path) -> None:
    schema: Schema = {"properties": {"total": {"type": "number"}}, "required": ["total"]}
    plan = read(tmp_path, public(rule("Order Completed", schema)))
    assert plan.rules[0].schema["properties"]["properties"] == schema
    assert plan.rules[0].schema["required"] == ["properties"]


def test_an_answer_of_the_api_is_a_plan(tmp_path: Path) -> None:
    assert read(tmp_path, {"data": {"trackingPlan": SHOP}}).rules == read(tmp_path, SHOP).rules


def test_names_match_exactly_and_pages_by_their_name(tmp_path: Path) -> None:
    plan = read(
        tmp_path, public(rule("Signed Up", {}), rule("Page Viewed", {}), rule(None, {}, "SCREEN"))
    )
    assert plan.rule("track", "Signed Up", None) == 0
    assert plan.rule("track", "signed up", None) is None
    assert plan.rule("page", None, None) == 1
    assert plan.rule("screen", None, None) == 2
    assert plan.rule("alias", None, None) is None


def test_the_oldest_version_holds_unless_the_event_names_another(tmp_path: Path) -> None:
    plan = read(tmp_path, public(rule("A", {}, version=3), rule("A", {}, version=2)))
    assert plan.has_versions
    assert [plan.rule("track", "A", version) for version in (None, "9", "3", "2")] == [1, 1, 0, 1]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([], "must be a mapping"),
        ({"rules": 5}, "is no tracking plan: its rules must be a list"),
        (public(rule("A", {}, "TRCK")), r"plan.json: rule 1 has the type 'TRCK'"),
        (public(rule(None, {})), r"rule 1 \(TRACK\) lacks its key"),
        (public(rule("A", {}), rule("A", {})), r"rule 2 \(TRACK 'A'\) is there twice"),
        (public(rule("A", {"type": "strin"})), r"rule 1 \(TRACK 'A'\): the schema is no draft-07"),
        (public(rule("A", message({"b": {"pattern": "("}}))), r"rule 1 \(TRACK 'A'\)"),
        (config({"rules": {}}), "event 1 lacks its name"),
        ({"rules": {"evnts": []}}, "has rules for 'evnts'"),
    ],
)
def test_errors_name_file_and_rule(tmp_path: Path, plan: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        compile_plan(read(tmp_path, plan))


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no tracking plan"):
        read_plan(tmp_path / "plan.json")
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_plan(tmp_path / "plan.json")
