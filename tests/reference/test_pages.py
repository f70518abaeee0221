"""Generated pages are what the code says today."""

from pathlib import Path

import pytest

from reference.pages import generated_pages

ROOT = Path(__file__).parents[2]
PAGES = generated_pages(ROOT)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_what_the_code_says(name: str) -> None:
    written = (ROOT / name).read_text("utf-8")
    assert written == PAGES[name], "run scripts/reference"


def test_no_page_is_left_over() -> None:
    folder = ROOT / "docs" / "destinations"
    found = {f"docs/destinations/{path.name}" for path in folder.glob("*.md")}
    assert found <= PAGES.keys()
