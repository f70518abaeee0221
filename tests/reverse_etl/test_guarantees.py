"""Every promise of docs/guarantees.md names a test that exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "promise |" not in line]


def names_in(path: Path) -> set[str]:
    """Functions and classes of a module, and what is assigned at its top."""
    names: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def test_every_promise_names_a_test() -> None:
    assert len(ROWS) > 30
    assert [
        row for row in ROWS if not re.search(r"\| `tests/[^`]+\.py::[Tt]est\w+` \|$", row)
    ] == []


def test_every_named_test_exists() -> None:
    named = re.findall(r"`(tests/[^`]+\.py)::(\w+)`", PAGE)
    assert [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or name not in names_in(ROOT / path)
    ] == []
