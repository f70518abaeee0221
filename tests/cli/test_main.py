"""Manners of the command: help, errors, exit codes."""

import importlib
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from cli.main import COMMANDS
from tests.command import run_weft

README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project") / "shop"
    assert run_weft("init", str(folder)).exit_code == 0
    return folder


def assert_one_sentence(errors: str) -> None:
    messages = [line for line in errors.splitlines() if line.startswith("Error: ")]
    assert len(messages) == 1
    assert "Traceback" not in errors


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    finished = run_weft(name, "-h")
    assert finished.exit_code == 0
    assert "Example: weft " in finished.output
    command: click.Command = importlib.import_module(COMMANDS[name]).command
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option)), (
        "an option without help"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_a_group_has_help_with_an_example(name: str) -> None:
    group: click.Command = importlib.import_module(COMMANDS[name]).command
    for part, command in getattr(group, "commands", {}).items():
        finished = run_weft(name, part, "-h")
        assert finished.exit_code == 0
        assert f"Example: weft {name} {part} " in finished.output
        assert all(option.help for option in command.params if isinstance(option, click.Option))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"weft {name}" in README


def test_help_answers_at_once() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "from cli.main import main; main()", "--help"],
            check=True,
            capture_output=True,
        )
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 0.3


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from cli.main import run\n"
        "assert run(['--help']) == 0\n"
        "heavy = {'dbt', 'duckdb', 'pyarrow', 'httpx', 'sqlglot', 'pydantic', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert finished.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "names", "suggests"),
    [
        (["laod"], "'laod'", "'load'"),
        (["load", "wbe"], "'wbe'", "'web'"),
        (["load", "--file", "nothing/*.gz", "--source", "web"], "nothing/*.gz", ""),
        (["load", "--file", "x.gz", "--source", "wen"], "'wen'", "'web'"),
        (["load", "--file", "x.gz"], "--source", ""),
        (["plan", "-s", "cart_abandoner_to_webhook"], "'cart_abandoner_to_webhook'", "webhook'"),
        (["sync", "-s", "x"], "'x'", "cart_abandoners_to_webhook"),
        (["build", "--select", "profile"], "profile", "profiles"),
        (["build", "--as-of", "yesterday"], "'yesterday'", "2026-09-30"),
        (["run", "--asof", "2026-09-30"], "--asof", "--as-of"),
    ],
)
def test_a_name_that_does_not_exist_is_one_sentence(
    project: Path, arguments: list[str], names: str, suggests: str
) -> None:
    finished = run_weft("--project-dir", str(project), *arguments)
    assert finished.exit_code == 2
    assert_one_sentence(finished.errors)
    assert names in finished.errors
    assert suggests in finished.errors


def test_an_unknown_target_is_one_sentence(project: Path) -> None:
    finished = run_weft("--project-dir", str(project), "--target", "prodd", "status")
    assert finished.exit_code == 2
    assert "did you mean 'prod'?" in finished.errors


def test_a_folder_that_is_no_project_is_one_sentence(tmp_path: Path) -> None:
    finished = run_weft("--project-dir", str(tmp_path), "status")
    assert finished.exit_code == 2
    assert_one_sentence(finished.errors)
    assert "weft init" in finished.errors


def test_init_does_not_touch_a_project_that_is_there(project: Path) -> None:
    finished = run_weft("init", str(project))
    assert finished.exit_code == 2
    assert_one_sentence(finished.errors)
