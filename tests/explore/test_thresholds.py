"""Thresholds of weft identity check, from dbt_project.yml and from options."""

from pathlib import Path

import pytest

from explore.identity.thresholds import Thresholds, read_thresholds
from tests.command import run_weft
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import Project, find_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    assert run_weft("init", str(tmp_path / "shop")).exit_code == 0
    return find_project(tmp_path / "shop")


def set_checks(project: Project, checks: str) -> None:
    path = project.folder / "dbt_project.yml"
    text = path.read_text("utf-8")
    assert "\n  identity:\n" in text
    path.write_text(
        text.replace("\n  identity:\n", f"\n  identity:\n    checks: {checks}\n"), "utf-8"
    )


def test_without_any_the_defaults_hold(project: Project) -> None:
    assert read_thresholds(project, {"max_identifiers": None}) == Thresholds()


def test_an_option_counts_before_the_project_and_that_before_the_default(
    project: Project,
) -> None:
    set_checks(project, "{max_churn_percent: 5, max_identifiers: null, min_match_percent: 30}")
    assert read_thresholds(project, {"max_churn_percent": 7.5}) == Thresholds(
        max_churn_percent=7.5, max_identifiers=None, max_refused_links=None, min_match_percent=30
    )


def test_a_threshold_that_does_not_exist_suggests_the_nearest(project: Project) -> None:
    set_checks(project, "{max_churn: 5}")
    with pytest.raises(UnknownNameError, match=r"dbt_project.yml:\d+; .*'max_churn_percent'"):
        read_thresholds(project, {})


def test_a_threshold_that_is_no_number_is_named(project: Project) -> None:
    set_checks(project, "{max_identifiers: many}")
    with pytest.raises(ConfigurationError, match="max_identifiers must be a number"):
        read_thresholds(project, {})
