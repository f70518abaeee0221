"""Rules of the house for dbt models, over the manifest."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.command import run_weft
from warehouse.dbt import parse
from warehouse.project import find_project

PACKAGE = Path(__file__).parent.parent.parent / "dbt_project"
KEY_TESTS = ("unique", "unique_combination")
CALLS = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
COMMENTS = re.compile(r"--[^\n]*")
RELATION = re.compile(r"\b(?:from|join)\s+([a-z_]\w*\.[\w.]+)", re.IGNORECASE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manifest") / "shop"
    assert run_weft("init", str(folder)).exit_code == 0
    return folder


# Warnings are errors: a deprecation, an unused setting, an unknown key.
STRICT = ["--warn-error", "--no-partial-parse", "--show-all-deprecations"]


@pytest.fixture(scope="module")
def manifest(folder: Path) -> dict[str, Any]:
    parse(find_project(folder), STRICT)
    values: dict[str, Any] = json.loads((folder / "target" / "manifest.json").read_text("utf-8"))
    return values


def nodes(manifest: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == kind]
    assert found
    return found


def test_the_project_parses_without_a_warning(manifest: dict[str, Any]) -> None:
    assert {model["package_name"] for model in nodes(manifest, "model")} == {"shop", "weft"}


def test_weft_own_project_parses_without_a_warning(tmp_path: Path) -> None:
    options = ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]
    parse(find_project(PACKAGE), [*STRICT, *options])


def test_every_model_says_its_grain(manifest: dict[str, Any]) -> None:
    wrong = [
        model["name"]
        for model in nodes(manifest, "model")
        if not model["description"].startswith("One row per ")
    ]
    assert not wrong


def test_every_described_column_says_something(manifest: dict[str, Any]) -> None:
    wrong = [
        f"{model['name']}.{column['name']}"
        for model in nodes(manifest, "model")
        for column in model["columns"].values()
        if not column["description"].strip()
    ]
    assert not wrong


def test_every_key_is_tested(manifest: dict[str, Any]) -> None:
    tested = {
        test["attached_node"]
        for test in nodes(manifest, "test")
        if test["test_metadata"]["name"] in KEY_TESTS
    }
    # A ledger has no key: a profile may enter and leave an audience any number of times.
    wrong = [
        model["name"]
        for model in nodes(manifest, "model")
        if model["unique_id"] not in tested and model["config"]["materialized"] != "ledger"
    ]
    assert not wrong


def test_no_model_names_a_relation_itself(manifest: dict[str, Any]) -> None:
    wrong = {
        model["name"]: found
        for model in nodes(manifest, "model")
        if (found := RELATION.findall(COMMENTS.sub("", CALLS.sub("", model["raw_code"]))))
    }
    assert not wrong


def test_no_model_asks_what_time_it_is(manifest: dict[str, Any]) -> None:
    pattern = re.compile(r"\b(now\(\)|current_(date|timestamp)|get_current_timestamp)", re.I)
    assert not [
        model["name"] for model in nodes(manifest, "model") if pattern.search(model["raw_code"])
    ]


def test_every_exposure_and_macro_file_has_a_description(manifest: dict[str, Any]) -> None:
    assert not [
        exposure["name"]
        for exposure in manifest["exposures"].values()
        if not exposure["description"]
    ]
    undocumented = [
        path.name
        for path in (PACKAGE / "macros").rglob("*.sql")
        if not path.read_text("utf-8").startswith("{#-")
    ]
    assert not undocumented


def test_the_scaffold_has_the_identity_rules_of_the_package(folder: Path) -> None:
    import yaml

    own, given = (
        yaml.safe_load((place / "dbt_project.yml").read_text("utf-8"))["vars"]
        for place in (folder, PACKAGE)
    )
    assert own["identity"] == given["identity"]
    assert own["custom_traits"] == given["custom_traits"]
