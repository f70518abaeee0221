"""A project whose trait models a test writes itself, with each model twice: kept and stateless."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.command import Finished
from tests.dbt_project.forget import forget_rows
from tests.dbt_project.shop import EventShop

Definitions = Mapping[str, Mapping[str, Any]]

KEPT = "{{ config(materialized='computed_traits') }}\n{{ weft.computed_traits() }}\n"
STATELESS = "{{ config(materialized='table') }}\n{{ weft.computed_traits() }}\n"


class TraitShop(EventShop):
    """Has no trait models, audiences or syncs but those a test writes."""

    @staticmethod
    def write(folder: Path) -> None:
        """Write what every project of this kind begins with."""
        EventShop.write(folder)
        for part in ("traits", "audiences"):
            for path in (folder / "models" / part).iterdir():
                path.unlink()
        replace(folder / "dbt_project.yml", "[purchase_traits, browsing_traits]", "[]")

    @property
    def configuration(self) -> Path:
        """The project's ``dbt_project.yml``."""
        return self.folder / "dbt_project.yml"

    def configure(self, setting: str, other: str) -> None:
        """Write another setting in place of one that is there."""
        replace(self.configuration, setting, other)

    def define(self, name: str, traits: Definitions, sql: str = KEPT) -> Path:
        """Write a trait model; the path of its YAML."""
        folder = self.folder / "models" / "traits"
        (folder / f"{name}.sql").write_text(sql, "utf-8")
        meta = {"meta": {"traits": traits}}
        model = {"name": name, "description": "One row per profile.", "config": meta}
        path = folder / f"{name}.yml"
        path.write_text(json.dumps({"models": [model]}, indent=1), "utf-8")
        return path

    def join(self, *models: str) -> None:
        """Join trait models to ``profiles``."""
        text = self.configuration.read_text("utf-8")
        text = re.sub(r"trait_models: \[.*?\]", f"trait_models: [{', '.join(models)}]", text)
        self.configuration.write_text(text, "utf-8")

    def build_for(self, *models: str, as_of: str = "2026-09-29") -> Finished:
        """Build some models and all they are made from."""
        chosen = " ".join(f"+{model}" for model in models)
        return self.build_models("--select", chosen, as_of=as_of)

    def forget(self, reason: str) -> None:
        """Say that landed rows were deleted, as whoever deletes them has to."""
        forget_rows(self.folder, reason)

    def dump(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table of profiles, by profile."""
        return self.rows(f"select * from analytics.{table} order by profile_id")

    def last_build(self, model: str) -> dict[str, Any]:
        """What the ledger says of the last build of a model."""
        [row] = self.rows(
            f"select * from analytics.trait_builds where model_name = '{model}'"
            " order by build desc limit 1"
        )
        return row


def replace(file: Path, before: str, after: str) -> None:
    """Write a text in place of one that is in a file."""
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
