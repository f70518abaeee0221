"""The core of weft as a dbt package inside a user's project, without any hub."""

import filecmp
import shutil
from pathlib import Path

PACKAGE = "weft"
INSTALLED = Path(__file__).resolve().parent.parent / "dbt_project"

STARTER_MODELS = ("traits", "audiences", "syncs")
"""Folders of models that a project gets as its own, to edit; the package brings the core only.

dbt refuses two descriptions of models with one name, even where one of them is disabled.
"""

# What makes dbt_project/ a project that runs by itself, and what running it leaves behind.
_NOT_PACKAGE = {"profiles.yml", "weft.yml", "target", "logs", "dbt_packages"}


def install_package(project_folder: Path) -> bool:
    """Put the installed weft's dbt package into ``dbt_packages/``; whether it had to be written.

    ``dbt deps`` empties that folder, and an upgrade of weft brings another package: both are
    mended here, before every dbt run. The weft project itself needs no copy.
    """
    if project_folder.resolve() == INSTALLED:
        return False
    place = project_folder / "dbt_packages" / PACKAGE
    arriving = place.with_name(f".{PACKAGE}.arriving")
    shutil.rmtree(arriving, ignore_errors=True)
    shutil.copytree(INSTALLED, arriving, ignore=_left_out)
    if place.exists() and _same_tree(arriving, place):
        shutil.rmtree(arriving)
        return False
    shutil.rmtree(place, ignore_errors=True)
    arriving.rename(place)
    return True


def _left_out(folder: str, names: list[str]) -> set[str]:
    if Path(folder) == INSTALLED:
        return {name for name in names if name in _NOT_PACKAGE or name.startswith(".")}
    return set(STARTER_MODELS) if Path(folder) == INSTALLED / "models" else set()


def _same_tree(left: Path, right: Path) -> bool:
    files = [_files(folder) for folder in (left, right)]
    if files[0] != files[1]:
        return False
    _, different, unreadable = filecmp.cmpfiles(left, right, files[0], shallow=False)
    return not different and not unreadable


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
