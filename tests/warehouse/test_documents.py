from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from warehouse.documents import read_document, resolve_env_vars, validate
from warehouse.errors import ConfigurationError, UnknownNameError


class Shelf(BaseModel):
    model_config = ConfigDict(extra="forbid")

    depth: int
    colour: str = "oak"


def write(folder: Path, text: str) -> Path:
    path = folder / "weft.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_value_knows_its_line(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, "shelves:\n  # a comment\n  low:\n    depth: 3\n"))
    assert document.line(("shelves", "low", "depth")) == 4
    assert document.line(("shelves", "low", "absent")) == 3


def test_an_unknown_setting_is_named_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, "low:\n  depth: 3\n  color: red\n"))
    with pytest.raises(UnknownNameError) as error:
        validate(Shelf, document.values["low"], document, ("low",))
    assert "weft.yml:3" in str(error.value)
    assert "did you mean 'colour'?" in str(error.value)


def test_a_missing_setting_is_named_with_its_line(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, "\nlow:\n  colour: red\n"))
    with pytest.raises(ConfigurationError, match=r"weft.yml:2 lacks the setting low.depth"):
        validate(Shelf, document.values["low"], document, ("low",))


def test_a_wrong_value_is_named_with_its_line_and_reason(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, "low:\n  depth: deep\n"))
    with pytest.raises(ConfigurationError, match=r"weft.yml:2: low.depth is not valid: .*integer"):
        validate(Shelf, document.values["low"], document, ("low",))


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "a: 'b"])
def test_what_is_no_mapping_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_document(write(tmp_path, text))
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no file"):
        read_document(tmp_path / "weft.yml")


def test_env_vars_are_resolved_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "shop.example.com")
    values = {
        "url": "https://{{ env_var('HOST') }}/x",
        "list": ['{{ env_var("NONE", "n") }}'],
        "n": 1,
    }
    assert resolve_env_vars(values, "destination 'crm'") == {
        "url": "https://shop.example.com/x",
        "list": ["n"],
        "n": 1,
    }


def test_a_missing_env_var_names_who_needs_it() -> None:
    with pytest.raises(ConfigurationError, match="Destination 'crm' needs .* NOT_SET_ANYWHERE"):
        resolve_env_vars("{{ env_var('NOT_SET_ANYWHERE') }}", "destination 'crm'")
