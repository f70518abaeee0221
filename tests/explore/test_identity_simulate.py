"""weft identity simulate: what other rules would do, without doing it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.test_json import undocumented
from tests.command import Finished, run_weft
from tests.dbt_project.shop import EventShop
from tests.explore.conftest import CROWD
from warehouse.engines.duckdb import DuckDBWarehouse

USER = {"type": "user_id", "unique": True, "from": ["user_id"]}
EMAIL = {"type": "email", "normalize": ["trim", "lower"], "from": ["identifies.email"]}
PHONE = {"type": "phone", "normalize": ["e164"], "from": ["identifies.phone"]}
ANONYMOUS = {"type": "anonymous_id", "from": ["anonymous_id", "previous_id"]}


def simulate(folder: Path, rules: dict[str, Any] | Path, *options: str) -> Finished:
    path = rules if isinstance(rules, Path) else folder.parent / "rules.yml"
    if isinstance(rules, dict):
        path.write_text(yaml.safe_dump(rules), "utf-8")
    arguments = ["identity", "simulate", "--rules", str(path), *options]
    return run_weft("--project-dir", str(folder), *arguments)


def figures(folder: Path, *identifiers: dict[str, Any], **block: Any) -> dict[str, Any]:
    rules = {"identity": {"identifiers": list(identifiers), **block}}
    finished = simulate(folder, rules, "--json")
    assert finished.exit_code == 0, finished.errors
    document: dict[str, Any] = json.loads(finished.output)
    assert document["format_version"] == 1
    assert undocumented(document) == set()
    return document


def content(folder: Path) -> dict[str, Any]:
    """All that is stored: a digest per table and view."""
    with DuckDBWarehouse(folder / "dev.duckdb") as warehouse:
        tables = warehouse.rows(
            "select table_schema || '.' || table_name as name from information_schema.tables"
            " order by 1"
        )
        return {
            row["name"]: warehouse.value(
                f"select md5(string_agg(cast(rows as text), '' order by cast(rows as text)))"
                f" from {row['name']} as rows"
            )
            for row in tables
        }


@pytest.fixture
def copy(town: EventShop, tmp_path: Path) -> Path:
    """A copy of the town, to change."""
    shutil.copytree(town.folder, tmp_path / "shop")
    return tmp_path / "shop"


def names(part: dict[str, Any]) -> set[str]:
    return {one["identifier_value"] for one in part["identifiers"]}


def test_without_a_unique_type_a_shared_phone_makes_two_people_one(copy: Path) -> None:
    before = content(copy)
    result = figures(copy, USER | {"unique": False}, EMAIL, PHONE, ANONYMOUS)
    assert content(copy) == before
    assert (result["merges"], result["merged_profiles"]) == (1, 2)
    assert (result["splits"], result["split_parts"]) == (0, 0)
    assert result["profiles_after"] == result["profiles_before"] - 1
    assert (result["identifiers_gone"], result["identifiers_new"]) == (0, 0)
    [example] = result["examples"]
    assert example["kind"] == "merge"
    assert example["profile_id"] is None
    assert [names(part) for part in example["parts"]] == [
        {"ann", "ann-web", "ann-phone", "ann@example.com"},
        {"bob", "bob-web"},
    ]
    with DuckDBWarehouse(copy / "dev.duckdb") as warehouse:
        ids = [
            warehouse.value(
                "select profile_id from analytics.profile_identifiers where identifier_value = ?",
                [user],
            )
            for user in ("ann", "bob")
        ]
    assert [part["profile_id"] for part in example["parts"]] == ids


@pytest.mark.slow
def test_without_e_mails_a_crowd_falls_apart(town: EventShop) -> None:
    result = figures(town.folder, USER, PHONE, ANONYMOUS)
    # Ann's phone is Bob's then, who signed in on it, and every browser of the crowd is its own.
    assert (result["splits"], result["split_parts"]) == (2, CROWD + 2)
    assert result["identifiers_gone"] == 2
    assert [one["identifiers"] for one in result["largest_before"][:2]] == [CROWD + 1, 4]
    assert [one["identifiers"] for one in result["largest_after"][:3]] == [3, 2, 2]
    assert result["largest_after"][0]["example"]["identifier_value"] == "bob"
    assert (result["merges"], result["merged_profiles"]) == (1, 2)
    bob, crowd, ann = result["examples"]
    assert [one["kind"] for one in result["examples"]] == ["merge", "split", "split"]
    assert [names(part) for part in bob["parts"]] == [{"bob", "bob-web"}, {"ann-phone"}]
    assert (crowd["parts_total"], len(crowd["parts"])) == (CROWD, 5)
    assert [names(part) for part in ann["parts"]] == [{"ann", "ann-web"}, {"ann-phone"}]


@pytest.mark.slow
def test_the_same_rules_change_nothing(town: EventShop) -> None:
    project = yaml.safe_load((town.folder / "dbt_project.yml").read_text("utf-8"))
    finished = simulate(town.folder, town.folder / "dbt_project.yml")
    assert finished.exit_code == 0, finished.errors
    assert project["vars"]["identity"]["identifiers"]
    assert "0 would merge into 0, 0 would split into 0" in finished.output
    assert "0 identifiers would be none, 0 would be new" in finished.output
    assert "Would become" not in finished.output


@pytest.mark.slow
def test_a_person_reads_the_same(town: EventShop) -> None:
    rules = {"identifiers": [USER, ANONYMOUS], "block": {"values": ["123"]}}
    finished = simulate(town.folder, rules)
    assert finished.exit_code == 0, finished.errors
    assert f"and {CROWD - 5:,} more" in finished.output
    assert "    - user_id:ann, anonymous_id:ann-web\n" in finished.output
    assert "Would become several, 2 of 2" in finished.output


@pytest.mark.slow
def test_what_fails_on_the_way_leaves_nothing_behind(copy: Path) -> None:
    with DuckDBWarehouse(copy / "dev.duckdb") as warehouse:
        warehouse.execute("create schema weft_scratch")
        warehouse.execute("create table weft_scratch.left_by_a_killed_process (n integer)")
    rules = {"identifiers": [USER], "block": {"patterns": ["(?=no look-ahead)"]}}
    finished = simulate(copy, rules)
    assert finished.exit_code == 1
    assert "could not be built aside" in finished.errors
    assert not [name for name in content(copy) if name.startswith("weft_scratch")]


def test_a_rule_that_is_wrong_is_named_before_anything_is_built(town: EventShop) -> None:
    finished = simulate(town.folder, {"identifiers": [USER | {"uniqe": True}]})
    assert finished.exit_code == 2
    assert "identifiers: user_id" in finished.errors
    assert "'uniqe'" in finished.errors


@pytest.mark.slow
def test_a_project_that_pins_its_schemas_is_refused(copy: Path) -> None:
    (copy / "macros").mkdir()
    (copy / "macros" / "schemas.sql").write_text(
        "{% macro generate_schema_name(name, node) %}analytics{% endmacro %}"
    )
    before = content(copy)
    finished = simulate(copy, {"identifiers": [ANONYMOUS]})
    assert finished.exit_code == 2
    assert "'analytics'" in finished.errors
    assert "generate_schema_name" in finished.errors
    assert content(copy) == before


@pytest.mark.parametrize(
    ("text", "advice"),
    [(None, "There is no file"), ("rules: []\n", "identifiers:"), ("- a\n", "mapping")],
)
def test_a_file_without_rules_is_one_sentence(
    town: EventShop, tmp_path: Path, text: str | None, advice: str
) -> None:
    path = tmp_path / "rules.yml"
    if text is not None:
        path.write_text(text, "utf-8")
    finished = simulate(town.folder, path)
    assert finished.exit_code == 2
    assert len(finished.errors.splitlines()) == 1
    assert advice in finished.errors


def test_before_the_first_build_it_says_so(tmp_path: Path) -> None:
    shop = EventShop(tmp_path / "shop")
    finished = simulate(shop.folder, {"identifiers": [USER]})
    assert finished.exit_code == 2
    assert "weft build" in finished.errors
