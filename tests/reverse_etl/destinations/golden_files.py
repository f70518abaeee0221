"""Golden files: what a vendor is asked and what it answers, from its own documents.

``golden/<type>/settings.yml`` holds the settings of all files of a destination. Any other file is
a story in steps: the rows of the model, the requests that must arrive and their answers, and what
becomes of each key.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "golden"
SECRET = "planted-secret"
"""Every secret in the settings of a golden file holds it."""


@dataclass(frozen=True)
class Golden:
    """One golden file."""

    type: str
    scenario: str
    document: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the destination."""
        return {
            "type": self.type,
            **common_settings(self.type),
            **self.document.get("settings", {}),
        }

    def __str__(self) -> str:
        return f"{self.type}-{self.scenario}"


@cache
def common_settings(kind: str) -> dict[str, Any]:
    """The settings of all golden files of a destination."""
    return dict(_read(FOLDER / kind / "settings.yml") or {})


def golden_types() -> list[str]:
    """The types that have golden files."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def goldens(*scenarios: str) -> list[Golden]:
    """The golden files with a name, or all but the probes."""
    return [
        Golden(path.parent.name, path.stem, _read(path))
        for path in sorted(FOLDER.glob("*/*.yml"))
        if path.stem != "settings"
        and (path.stem in scenarios if scenarios else path.stem != "probe")
    ]


def _read(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
