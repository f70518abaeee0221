"""What is timed: a load by weft, DuckDB's own read, and dlt's. Each runs in a fresh process."""

import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import connect

_PROFILES = """
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: warehouse.duckdb, schema: analytics}
"""


def make_project(folder: Path, plan: str | None = None) -> Path:
    """A project without a warehouse yet, whose source ``web`` takes the files it is given.

    ``plan`` is the file of a tracking plan, from the folder; what breaks it is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (folder / "profiles.yml").write_text(_PROFILES)
    held_to = f", tracking_plan: {{file: {plan}}}" if plan else ""
    (folder / "weft.yml").write_text(
        f"sources:\n  web: {{files: 'events/*.ndjson', max_columns: 5000{held_to}}}\n"
    )
    for name in ("warehouse.duckdb", "warehouse.duckdb.wal"):
        (folder / name).unlink(missing_ok=True)
    return folder


def weft(folder: Path, pattern: str) -> Callable[[], object]:
    """``weft load --source web --file PATTERN``, opening and closing of the warehouse included."""
    from loaders.load import load
    from warehouse.project import find_project
    from warehouse.runs import record_run

    def timed() -> None:
        project = find_project(folder)
        with (
            project.open() as warehouse,
            record_run(warehouse, command="load", target="dev", as_of=project.today()) as run,
        ):
            load(warehouse, project, run=run, file_globs=[pattern], source="web")

    return timed


def duckdb_read(database: Path, file: Path) -> Callable[[], object]:
    """``create table as select * from read_json_auto(file)`` into a new database file."""

    def timed() -> None:
        database.unlink(missing_ok=True)
        with connect(database) as connection:
            connection.execute(
                "create table events as select * from read_json_auto(?)", [str(file)]
            )

    return timed


def dlt_read(folder: Path, file: Path) -> Callable[[], object]:
    """The same file through dlt into DuckDB, one table per event name as it is used to."""
    dlt = importlib.import_module("dlt")

    def events() -> Iterator[object]:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)

    def timed() -> None:
        destination = dlt.destinations.duckdb(str(folder / "dlt.duckdb"))
        pipeline = dlt.pipeline("events", pipelines_dir=str(folder), destination=destination)
        pipeline.run(events(), table_name="events")

    return timed
