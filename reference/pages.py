"""Every page of docs/ that is made from the code, by its path."""

import re
from pathlib import Path

from reference.destinations import api_destinations, destination_page, destination_table

_TABLE = re.compile(r"(?<=<!-- table of destinations -->\n).*?(?=<!-- end -->)", re.DOTALL)


def generated_pages(root: Path) -> dict[str, str]:
    """Path and text of each page; a page that is generated in part keeps the rest of it."""
    overview = (root / "docs" / "destinations.md").read_text("utf-8")
    pages = {
        f"docs/destinations/{name}.md": destination_page(name, description)
        for name, description in api_destinations().items()
    }
    return {**pages, "docs/destinations.md": _TABLE.sub(lambda _: destination_table(), overview)}
