"""What weft.yml may say about sources."""

import pytest

from loaders.sources import read_sources
from tests.loaders.desk import Desk
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import find_project


def _read(desk: Desk, text: str) -> dict[str, list[str]]:
    (desk.folder / "weft.yml").write_text(text)
    return {name: one.files for name, one in read_sources(find_project(desk.folder)).items()}


def test_files_are_one_pattern_or_a_list(desk: Desk) -> None:
    text = "sources:\n  web: {files: 'a/*'}\n  app:\n    files: [b, c]\n    format: ndjson\n"
    assert _read(desk, text) == {"web": ["a/*"], "app": ["b", "c"]}


def test_an_unknown_setting_is_named_with_its_line(desk: Desk) -> None:
    with pytest.raises(UnknownNameError, match=r"weft.yml:4.*did you mean 'files'"):
        _read(desk, "sources:\n  web:\n    files: a\n    fils: b\n")


def test_a_source_needs_files(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match=r"weft.yml:2: .*either files or tables"):
        _read(desk, "sources:\n  web: {}\n")


@pytest.mark.parametrize("name", ["Web", "1web", "my-web", "wéb", '"we b"', "3"])
def test_a_name_must_be_able_to_name_a_schema(desk: Desk, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"weft.yml:2.*snake_case"):
        _read(desk, f"sources:\n  {name}: {{files: a}}\n")


@pytest.mark.parametrize("name", ["weft", "main", "temp", "information_schema", "analytics"])
def test_a_name_must_not_be_that_of_another_schema(desk: Desk, name: str) -> None:
    with pytest.raises(ConfigurationError, match="would share the schema"):
        _read(desk, f"sources:\n  {name}: {{files: a}}\n")
