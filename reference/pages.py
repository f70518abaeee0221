"""Every page of docs/ that is made from the code, by its path."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from reference.destinations import api_destinations, destination_page, destination_table
from reference.engines import compiled_engines_table
from reference.scale import sending_table
from reference.scale_path import sizes_table, steps_table

_PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "docs/destinations.md": {"table of destinations": destination_table},
    "docs/engines-compiled.md": {"table of engines": compiled_engines_table},
    "docs/scale.md": {
        "table of steps": steps_table,
        "table of sizes": sizes_table,
        "table of limits": sending_table,
    },
}


def generated_pages(root: Path) -> dict[str, str]:
    """Path and text of each page; a page that is generated in part keeps the rest of it."""
    pages = {
        f"docs/destinations/{name}.md": destination_page(name, description)
        for name, description in api_destinations().items()
    }
    for name, parts in _PARTS.items():
        text = (root / name).read_text("utf-8")
        for mark, make in parts.items():
            text = _put(text, mark, make())
        pages[name] = text
    return pages


def _put(page: str, mark: str, part: str) -> str:
    """The page with a part where its mark stands."""
    place = re.compile(rf"(?<=<!-- {mark} -->\n).*?(?=<!-- end -->)", re.DOTALL)
    return place.sub(lambda _: part, page, count=1)
