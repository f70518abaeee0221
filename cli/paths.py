"""How paths are shown."""

from pathlib import Path


def shown_path(path: Path) -> str:
    """A path as a person would type it from where they are."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
