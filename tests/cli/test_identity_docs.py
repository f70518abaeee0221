"""What docs/looking-at-identity.md shows is what happens."""

import re
from pathlib import Path

import pytest

from tests.conftest import Shop

DOCS = Path(__file__).parent.parent.parent / "docs" / "looking-at-identity.md"
BLOCKS = re.findall(r"```text\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
SINCE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?=  2026-09-29$)", re.MULTILINE)
RULES = """
identifiers:
  - {type: user_id, from: [user_id]}
  - {type: email, normalize: [trim, lower], from: [identifies.email, context_traits_email]}
  - {type: phone, normalize: [e164], from: [identifies.phone, context_traits_phone]}
  - {type: anonymous_id, from: [anonymous_id, previous_id]}
"""


@pytest.mark.parametrize(
    ("arguments", "block"),
    [
        (["profile", "show", "team@example.com", "--limit", "3"], 0),
        (["identity", "check", "--limit", "3"], 1),
        (["identity", "simulate", "--rules"], 2),
    ],
    ids=["profile", "check", "simulate"],
)
def test_the_page_shows_real_output(
    next_day: Shop, tmp_path: Path, arguments: list[str], block: int
) -> None:
    if arguments[-1] == "--rules":
        (tmp_path / "rules.yml").write_text(RULES, "utf-8")
        arguments = [*arguments, str(tmp_path / "rules.yml")]
    finished = next_day.weft(*arguments)
    assert finished.exit_code == 0, finished.errors
    # When a build ran differs; what it found does not.
    assert SINCE.sub("<since>", finished.output) == SINCE.sub("<since>", BLOCKS[block])
