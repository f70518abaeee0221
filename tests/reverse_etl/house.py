"""A weft project by hand, without dbt: one model, one sync, a warehouse in a DuckDB file."""

import atexit
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

import yaml

from reverse_etl.plan import Plan, make_plan
from reverse_etl.report import SyncReport
from reverse_etl.selection import EVERYTHING, Selection
from reverse_etl.sync import sync
from reverse_etl.syncs import Sync, read_syncs
from warehouse.engines import Warehouse, open_engine
from warehouse.manifest import Manifest
from warehouse.project import Project, find_project
from warehouse.runs import record_run
from warehouse.system_tables import migrate

SYNC = "customers_to_crm"
QUICK = {
    "attempts": 3,
    "budget_seconds": 5,
    "first_delay_seconds": 0.01,
    "longest_delay_seconds": 0.05,
}


class House:
    """A project in a folder and its open warehouse."""

    output: ClassVar[Mapping[str, Any]] = {"type": "duckdb", "path": "warehouse.duckdb"}

    def __init__(
        self,
        folder: Path,
        *,
        destination: dict[str, Any],
        target: str = "prod",
        **sync_settings: Any,
    ) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = {
            "destination": "crm",
            "mode": "mirror",
            "key": "email",
            "fields": {"name": "name", "total": "spent"},
            **sync_settings,
        }
        self.destinations = {"crm": destination}
        self.target = target
        self.write()
        self._warehouse: Warehouse | None = None

    def write(self) -> None:
        """Write every file of the project from what the attributes say."""
        for read in ("project", "sync"):
            self.__dict__.pop(read, None)
        outputs = {"prod": dict(self.output), "dev": dict(self.output)}
        files: dict[str, Any] = {
            "dbt_project.yml": {"name": "shop", "profile": "shop"},
            "profiles.yml": {"shop": {"target": "prod", "outputs": outputs}},
            "weft.yml": {"destinations": self.destinations},
            "models/exposures.yml": {
                "exposures": [{"name": SYNC, "config": {"meta": {"sync": self.settings}}}]
            },
        }
        for name, values in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
        manifest = self.folder / "target" / "manifest.json"
        manifest.parent.mkdir(exist_ok=True)
        manifest.write_text(json.dumps(self._manifest()), encoding="utf-8")

    @cached_property
    def project(self) -> Project:
        return find_project(self.folder, target=self.target)

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.folder / "target" / "manifest.json")

    @cached_property
    def sync(self) -> Sync:
        return read_syncs(self.project, self.manifest)[SYNC]

    @property
    def warehouse(self) -> Warehouse:
        if self._warehouse is None:
            if "path" in self.output:
                path = self.folder / self.output["path"]
                if not path.exists():
                    shutil.copyfile(_new_warehouse(), path)
            self._warehouse = self.project.open()
            # Costs one small query where the tables are there.
            migrate(self._warehouse)
        return self._warehouse

    def close(self) -> None:
        if self._warehouse is not None:
            self._warehouse.close()
            self._warehouse = None

    def __enter__(self) -> "House":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def build(self, select: str) -> None:
        """Make the model's table from a query."""
        self.warehouse.execute("create schema if not exists shop")
        self.warehouse.execute(f"create or replace table shop.customers as {select}")

    def fill(self, customers: Iterable[tuple[Any, ...]]) -> None:
        """Make the model's table from (email, name, spent)."""
        self.build(
            "select cast(null as varchar) as email, cast(null as varchar) as name,"
            " cast(null as decimal(38, 9)) as spent where false"
        )
        rows = list(customers)
        if rows:
            marks = ", ".join("(?, ?, ?)" for _ in rows)
            self.warehouse.execute(
                f"insert into shop.customers values {marks}",
                [value for row in rows for value in row],
            )

    def plan(self, selection: Selection = EVERYTHING) -> Plan:
        """``weft plan``."""
        with self._run("plan") as run:
            return make_plan(self.warehouse, self.project, self.sync, run, selection)

    def push(self, *, run_id: str | None = None, **options: Any) -> SyncReport:
        """``weft sync``."""
        with self._run("sync", run_id) as run:
            return sync(self.warehouse, self.project, self.sync, run, **options)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        return self.warehouse.rows(sql, parameters)

    def acknowledged(self) -> dict[str, Any]:
        """The fields in the snapshot by key, tombstones left out."""
        rows = self.rows("select key, payload from weft.sync_snapshot where not removed")
        return {row["key"]: json.loads(row["payload"]) for row in rows}

    def outcomes(self) -> list[str]:
        """The recorded outcomes, in order."""
        rows = self.rows("select outcome from weft.sync_attempts order by attempted_at, attempt")
        return [row["outcome"] for row in rows]

    def _run(self, command: str, run_id: str | None = None) -> Any:
        return record_run(
            self.warehouse,
            command=command,
            target=self.target,
            as_of=date(2026, 1, 31),
            run_id=run_id,
        )

    def _manifest(self) -> dict[str, Any]:
        model = {
            "resource_type": "model",
            "name": "customers",
            "package_name": "shop",
            "schema": "shop",
            "config": {"materialized": "table"},
            "original_file_path": "models/customers.sql",
            "description": "One row per customer.",
            "depends_on": {"nodes": []},
        }
        exposure = {
            "name": SYNC,
            "package_name": "shop",
            "original_file_path": "models/exposures.yml",
            "depends_on": {"nodes": ["model.shop.customers"]},
            "config": {"meta": {"sync": self.settings}},
        }
        identifiers = {**model, "name": "profile_identifiers"}
        return {
            "nodes": {
                "model.shop.customers": model,
                "model.shop.profile_identifiers": identifiers,
            },
            "exposures": {f"exposure.shop.{SYNC}": exposure},
        }


@cache
def _new_warehouse() -> Path:
    """A warehouse with system tables and nothing else, which is quicker copied than made."""
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder)
    path = folder / "new.duckdb"
    with open_engine({"type": "duckdb", "path": str(path)}, folder) as warehouse:
        migrate(warehouse)
    return path


def webhook(url: str, **settings: Any) -> dict[str, Any]:
    """A webhook that loses patience quickly."""
    return {
        "type": "webhook",
        "url": url,
        "allow_private_addresses": True,
        "retry": QUICK,
        "breaker": {"failures": 10, "pause_seconds": 0.02, "pauses": 1},
        **settings,
    }
