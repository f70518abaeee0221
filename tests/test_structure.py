"""The house keeps its shape: imports run one way, and engines are told apart in one place."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "warehouse": {"warehouse"},
    "loaders": {"loaders", "warehouse"},
    "reverse_etl": {"reverse_etl", "warehouse"},
    "explore": {"explore", "warehouse"},
    "sample_data": {"sample_data"},
    "cli": {"cli", "loaders", "reverse_etl", "explore", "warehouse", "sample_data"},
    "reference": {"reference", "reverse_etl", "warehouse"},
}
BRANCH_ON_ENGINE = re.compile(
    r"(dialect|engine|adapter\.type\(\)|target\.type|output\[.type.\])\s*(==|!=|in)\s"
    r"|isinstance\([^)]*DuckDBWarehouse"
)


def python_files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported_packages(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names & set(MAY_IMPORT)


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_run_one_way(package: str) -> None:
    files = python_files(package)
    assert files
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported_packages(path) - MAY_IMPORT[package]
    }
    assert not wrong


@pytest.mark.parametrize("package", ["loaders", "reverse_etl", "explore", "cli"])
def test_only_the_warehouse_tells_engines_apart(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files(package)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if BRANCH_ON_ENGINE.search(line)
    ]
    assert not wrong


def test_macros_leave_engines_to_dispatch() -> None:
    files = sorted((ROOT / "dbt_project").glob("m*/**/*.sql"))
    assert files
    assert not [path for path in files if BRANCH_ON_ENGINE.search(path.read_text("utf-8"))]


@pytest.mark.parametrize("package", ["loaders", "reverse_etl", "explore", "cli", "sample_data"])
def test_only_the_warehouse_imports_dbt(package: str) -> None:
    pattern = re.compile(r"^\s*(from|import) dbt[._ ]", re.MULTILINE)
    assert not [path for path in python_files(package) if pattern.search(path.read_text("utf-8"))]


def test_modules_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for package in MAY_IMPORT
        for path in python_files(package)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert not long
