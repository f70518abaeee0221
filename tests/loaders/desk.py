"""A project with the source ``web``, and ways to load it and look at it."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from loaders.load import load
from loaders.report import LoadReport
from warehouse.engines import Table
from warehouse.project import find_project
from warehouse.runs import record_run

Event = dict[str, Any]

DUCKDB = {"type": "duckdb", "path": "warehouse.duckdb", "schema": "analytics"}


class Desk:
    """A project's folder. The files of its source are ``events/*``."""

    def __init__(self, folder: Path, output: Mapping[str, Any] = DUCKDB) -> None:
        self.folder = folder
        (folder / "events").mkdir(parents=True)
        (folder / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
        profiles = {"shop": {"target": "dev", "outputs": {"dev": dict(output)}}}
        (folder / "profiles.yml").write_text(yaml.safe_dump(profiles))
        (folder / "weft.yml").write_text("sources:\n  web: {files: events/*}\n")
        self.open()

    def open(self) -> None:
        """Open the warehouse. It is held, so that opening it once more costs nothing."""
        self.warehouse = find_project(self.folder).open()

    def write(self, events: Iterable[Event | str], name: str = "one.ndjson") -> Path:
        """Write a file of the source: events as JSON, texts as they are."""
        lines = [one if isinstance(one, str) else json.dumps(one) for one in events]
        return self.write_bytes("".join(line + "\n" for line in lines).encode(), name)

    def write_bytes(self, content: bytes, name: str) -> Path:
        """Write a file of the source, compressed if its name says so."""
        path = self.folder / "events" / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    def load(self, sources: Sequence[str] = (), **options: Any) -> LoadReport:
        """Run the command."""
        project = find_project(self.folder)
        with (
            project.open() as warehouse,
            record_run(
                warehouse, command="load", target=project.target, as_of=project.today()
            ) as run,
        ):
            return load(warehouse, project, sources, run=run, **options)

    def land(self, *events: Event | str, name: str = "one.ndjson") -> LoadReport:
        """Write a file and load it."""
        self.write(events, name)
        return self.load()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the warehouse."""
        return self.warehouse.rows(sql)

    def values(self, sql: str) -> list[Any]:
        """The first column of rows of the warehouse."""
        return [next(iter(row.values())) for row in self.rows(sql)]

    def types(self, table: str) -> dict[str, str]:
        """The columns of a landed table with their types."""
        return dict(self.warehouse.columns(Table("web", table)))

    def discards(self) -> list[tuple[str, str, str, str]]:
        """Table, column, value and reason of the discards, ordered."""
        rows = self.rows("select * from weft.discards")
        return sorted(
            (row["table_name"], row["column_name"], row["column_value"], row["reason"])
            for row in rows
        )
