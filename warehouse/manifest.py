"""dbt's manifest, read only for what weft needs: models, exposures and where they lie."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.engines import Table
from warehouse.errors import UnknownNameError, WeftError


@dataclass(frozen=True)
class Model:
    """A dbt model and the table it builds."""

    unique_id: str
    name: str
    package: str
    table: Table
    materialization: str
    path: str
    description: str = ""
    depends_on: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Exposure:
    """A dbt exposure with its ``config.meta`` and the file it stands in."""

    name: str
    package: str
    path: str
    depends_on: tuple[str, ...]
    meta: Mapping[str, Any]


class Manifest:
    """The parsed dbt project. Raises WeftError when the file is not one we understand."""

    def __init__(self, path: Path) -> None:
        try:
            self._values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            self._nodes: dict[str, Any] = self._values["nodes"]
        except (OSError, ValueError, KeyError) as error:
            raise WeftError(
                f"{path} is no dbt manifest ({error}); delete it and run the command again."
            ) from None

    @property
    def environment(self) -> Mapping[str, str]:
        """The DBT_ENV_CUSTOM_ENV_ variables under which the manifest was written."""
        return dict(self._values.get("metadata", {}).get("env", {}))

    def models(self) -> Iterator[Model]:
        """Every enabled model."""
        for unique_id, node in self._nodes.items():
            if node["resource_type"] == "model":
                yield Model(
                    unique_id=unique_id,
                    name=node["name"],
                    package=node["package_name"],
                    table=Table(node["schema"], node.get("alias") or node["name"]),
                    materialization=node["config"]["materialized"],
                    path=node["original_file_path"],
                    description=node["description"],
                    depends_on=tuple(node["depends_on"]["nodes"]),
                    meta=node["config"].get("meta") or {},
                )

    def model(self, unique_id: str) -> Model:
        """The model of a unique id. Raises UnknownNameError when it is no enabled model."""
        for model in self.models():
            if model.unique_id == unique_id:
                return model
        raise UnknownNameError(
            "model", unique_id.split(".")[-1], (model.name for model in self.models())
        )

    def upstream_nodes(self, unique_id: str) -> frozenset[str]:
        """The unique ids of everything a node is made from, its own among them, with the tests.

        A test belongs to the node it is attached to, else to each that it reads.
        """
        found = self._made_from([unique_id])
        tests = {
            name
            for name, node in self._nodes.items()
            if node["resource_type"] == "test" and found & set(_tested_nodes(node))
        }
        return frozenset(found | tests)

    def _made_from(self, waiting: list[str]) -> set[str]:
        found: set[str] = set()
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self._nodes.get(one, {}).get("depends_on", {}).get("nodes", ())
        return found

    def table(self, name: str) -> Table:
        """The table of a model by its name, of whichever package. Raises UnknownNameError."""
        tables = {model.name: model.table for model in self.models()}
        if name not in tables:
            raise UnknownNameError("model", name, tables)
        return tables[name]

    def upstream(self, name: str) -> list[Model]:
        """A model and all models it is made from, by name. Raises UnknownNameError."""
        models = {model.unique_id: model for model in self.models()}
        named = [key for key, model in models.items() if model.name == name]
        if not named:
            raise UnknownNameError("model", name, (model.name for model in models.values()))
        found = [models[key] for key in self._made_from(named) if key in models]
        return sorted(found, key=lambda model: model.name)

    def audiences(self) -> list[Model]:
        """The models in materialization ``audience``, by name."""
        audiences = (model for model in self.models() if model.materialization == "audience")
        return sorted(audiences, key=lambda model: model.name)

    def exposures(self, package: str) -> list[Exposure]:
        """The enabled exposures of one package, by name."""
        exposures = [
            Exposure(
                name=exposure["name"],
                package=exposure["package_name"],
                path=exposure["original_file_path"],
                depends_on=tuple(exposure["depends_on"]["nodes"]),
                meta=exposure.get("config", {}).get("meta") or exposure.get("meta") or {},
            )
            for exposure in self._values.get("exposures", {}).values()
            if exposure["package_name"] == package
        ]
        return sorted(exposures, key=lambda exposure: exposure.name)


def _tested_nodes(test: Mapping[str, Any]) -> list[str]:
    attached = test.get("attached_node")
    return [attached] if attached else list(test.get("depends_on", {}).get("nodes", ()))
