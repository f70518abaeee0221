"""A user's project: templates of its own files, and the starter set of models."""

import re
import shutil
from pathlib import Path
from string import Template

from warehouse.dbt_package import INSTALLED, PACKAGE, STARTER_MODELS, install_package
from warehouse.errors import ConfigurationError

TEMPLATES = Path(__file__).resolve().parent / "project"


def write_project(folder: Path, *, target: str = "dev") -> list[Path]:
    """Write a new project into a folder; the files written, relative to it.

    ``target`` becomes the default target of profiles.yml. Raises ConfigurationError when the
    folder holds a dbt project already, or is a file.
    """
    if (folder / "dbt_project.yml").exists():
        raise ConfigurationError(
            f"{folder} holds a dbt project already; name a new folder, or add weft to that "
            "project as its docs say."
        )
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder} is a file; name a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    _write_templates(folder, name=project_name(folder), target=target)
    for part in STARTER_MODELS:
        shutil.copytree(INSTALLED / "models" / part, folder / "models" / part, dirs_exist_ok=True)
    written = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    install_package(folder)
    return written


def project_name(folder: Path) -> str:
    """A dbt project's name for a folder: small letters, digits and underscores."""
    words = re.findall("[a-z0-9]+", folder.resolve().name.lower())
    name = "_".join(words) or "shop"
    if name[0].isdigit() or name == PACKAGE:
        return f"project_{name}"
    return name


def _write_templates(folder: Path, *, name: str, target: str) -> None:
    for template in sorted(TEMPLATES.iterdir()):
        place = folder / (".gitignore" if template.name == "gitignore" else template.name)
        if not place.exists():
            text = Template(template.read_text(encoding="utf-8"))
            place.write_text(text.substitute(name=name, target=target), encoding="utf-8")
