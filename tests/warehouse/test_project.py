from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import find_project

DBT_PROJECT = "name: shop\nprofile: shop\nvars:\n  timezone: Europe/Berlin\n"
PROFILES = (
    "shop:\n  target: dev\n  outputs:\n"
    "    dev: {type: duckdb, path: \"{{ env_var('SHOP_PATH', 'dev.duckdb') }}\", schema: a}\n"
    "    prod: {type: duckdb, path: prod.duckdb, schema: a}\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    (tmp_path / "dbt_project.yml").write_text(DBT_PROJECT)
    (tmp_path / "profiles.yml").write_text(PROFILES)
    (tmp_path / "weft.yml").write_text("sources: {}\n")
    return tmp_path


def test_the_profile_decides_target_and_path(folder: Path) -> None:
    project = find_project(folder)
    assert (project.name, project.target) == ("shop", "dev")
    assert project.output["path"] == "dev.duckdb"
    assert project.zone == ZoneInfo("Europe/Berlin")
    assert find_project(folder, target="prod").output["path"] == "prod.duckdb"


def test_an_unknown_target_suggests_the_nearest(folder: Path) -> None:
    with pytest.raises(UnknownNameError, match="'prd'.*did you mean 'prod'"):
        find_project(folder, target="prd")


def test_an_unknown_section_names_its_line(folder: Path) -> None:
    (folder / "weft.yml").write_text("sources: {}\ndestination: {}\n")
    with pytest.raises(UnknownNameError, match=r"weft.yml:2; did you mean 'destinations'"):
        find_project(folder)


def test_an_unknown_time_zone_names_its_line(folder: Path) -> None:
    (folder / "dbt_project.yml").write_text(DBT_PROJECT.replace("Berlin", "Berlinn"))
    with pytest.raises(ConfigurationError, match=r"dbt_project.yml:4: .*'Europe/Berlinn'"):
        find_project(folder)


def test_a_folder_without_a_project_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="weft init"):
        find_project(tmp_path)


def test_a_profile_of_another_name_is_named(folder: Path) -> None:
    (folder / "profiles.yml").write_text(PROFILES.replace("shop:", "shopp:", 1))
    with pytest.raises(UnknownNameError, match="no profile 'shop'.*did you mean 'shopp'"):
        find_project(folder)


def test_an_engine_weft_does_not_have_is_named(folder: Path) -> None:
    (folder / "profiles.yml").write_text(PROFILES.replace("duckdb,", "oracle,"))
    with pytest.raises(ConfigurationError, match="'oracle'.*duckdb"):
        find_project(folder).open()
