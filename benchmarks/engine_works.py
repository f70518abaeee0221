"""What ``benchmarks/engines.py`` times, each in a fresh process: the path's steps, and a bulk load.

A project is what ``weft init`` writes; only the output of its profile differs between engines.
"""

import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

SYNC = "profiles_to_files"
SOURCE = "web"
IDENTITY = "+profile_identifiers"
AS_OF = date(2026, 3, 31)
_SYNCS = f"""
exposures:
  - name: {SYNC}
    type: application
    owner: {{name: Growth, email: growth@example.com}}
    depends_on: [ref('profiles')]
    config:
      meta:
        sync:
          destination: exports
          mode: mirror
          key: profile_id
          fields: {{email: email, first_name: first_name}}
"""
_WEFT = """
sources:
  web: {files: events/*.ndjson}
destinations:
  exports: {type: files, folder: exports, format: csv}
"""


def make_project(folder: Path, output: Mapping[str, Any]) -> Path:
    """A new project whose targets are one warehouse, empty as yet."""
    import yaml

    from cli.scaffold import write_project

    shutil.rmtree(folder, ignore_errors=True)
    write_project(folder)
    profiles = yaml.safe_load((folder / "profiles.yml").read_text())
    for profile in profiles.values():
        profile["outputs"] = {target: dict(output) for target in profile["outputs"]}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profiles))
    (folder / "weft.yml").write_text(_WEFT)
    (folder / "models" / "syncs" / "syncs.yml").write_text(_SYNCS)
    return folder


def load(project: Path, pattern: str) -> Callable[[], object]:
    """``weft load`` of some files."""
    from loaders.load import load as load_files

    return _recorded(
        project,
        "load",
        lambda warehouse, found, run: load_files(
            warehouse, found, run=run, file_globs=[pattern], source=SOURCE
        ),
    )


def build(project: Path, *select: str) -> Callable[[], object]:
    """``weft build`` without tests, of the chosen models or of all."""
    import dbt.cli.main  # noqa: F401  # not to be timed

    from warehouse.dbt import build as build_models
    from warehouse.dbt import parse
    from warehouse.project import find_project

    found = find_project(project)
    if not (project / "target" / "manifest.json").exists():
        parse(found)
    options = ["--exclude-resource-type", "test", *(("--select", *select) if select else ())]

    def timed() -> None:
        result = build_models(found, as_of=AS_OF, run_id="benchmark", options=options)
        if result.failures:
            sys.exit(f"The build failed: {result.failures}")

    return timed


def plan(project: Path) -> Callable[[], object]:
    """``weft plan`` of every profile, none of which has been sent."""
    from reverse_etl.plan import make_plan
    from reverse_etl.syncs import read_syncs
    from warehouse.manifest import Manifest

    def planned(warehouse: Any, found: Any, run: Any) -> None:
        syncs = read_syncs(found, Manifest(project / "target" / "manifest.json"))
        make_plan(warehouse, found, syncs[SYNC], run)

    return _recorded(project, "plan", planned)


def ingest(output: Mapping[str, Any], data: Path, schema: str) -> Callable[[], object]:
    """The reference: ``adbc_ingest`` of Arrow data that is in memory, each file a new table."""
    import pyarrow.parquet as pq
    from adbc_driver_postgresql import dbapi

    tables = {file.stem: pq.read_table(file) for file in sorted(data.glob("*.parquet"))}
    address = f"postgresql://{output['user']}:@/{output['dbname']}?host={output['host']}"

    def timed() -> None:
        with dbapi.connect(address) as connection, connection.cursor() as cursor:
            cursor.execute(f"drop schema if exists {schema} cascade")
            cursor.execute(f"create schema {schema}")
            for name, table in tables.items():
                cursor.adbc_ingest(name, table, mode="create", db_schema_name=schema)
            connection.commit()

    return timed


def append(project: Path, data: Path) -> Callable[[], object]:
    """What a load does with rows once they are parsed: append them to landed tables, and commit."""
    from loaders.catalog import Catalog
    from warehouse.engines import Table, quote
    from warehouse.project import find_project

    warehouse = find_project(project).open()
    names = [file.stem for file in sorted(data.glob("*.parquet"))]
    for name in names:
        file = str(data / f"{name}.parquet").replace("'", "''")
        warehouse.parser.execute(f"create temp table {quote(name)} as from '{file}'")

    def timed() -> None:
        with warehouse.transaction():
            warehouse.execute(f"drop schema if exists {SOURCE} cascade")
            warehouse.execute(f"create schema {SOURCE}")
            catalog = Catalog(warehouse, SOURCE)
            for name in names:
                parsed = warehouse.parser.table(name)
                catalog.evolve(name, zip(parsed.columns, map(str, parsed.types), strict=True))
                columns = ", ".join(map(quote, parsed.columns))
                warehouse.insert_parsed(
                    Table(SOURCE, name), parsed.columns, f"select {columns} from {quote(name)}"
                )
        warehouse.close()

    return timed


def keep_landed(project: Path, data: Path) -> Callable[[], object]:
    """Write what has landed to Parquet files, a file per table."""
    import pyarrow.parquet as pq

    from warehouse.project import find_project

    def timed() -> None:
        data.mkdir(parents=True, exist_ok=True)
        with find_project(project).open() as warehouse:
            for table in warehouse.schema_columns(SOURCE):
                pq.write_table(
                    warehouse.arrow(f'select * from {SOURCE}."{table}"'), data / f"{table}.parquet"
                )

    return timed


def figures(project: Path, queries: Mapping[str, str]) -> dict[str, int]:
    """Numbers that queries find in a warehouse, by name."""
    from warehouse.project import find_project

    with find_project(project).open() as warehouse:
        return {name: int(warehouse.value(sql)) for name, sql in queries.items()}


def _recorded(
    project: Path, command: str, work: Callable[[Any, Any, Any], object]
) -> Callable[[], object]:
    """A command in a project, opening and closing of the warehouse included."""
    from warehouse.project import find_project
    from warehouse.runs import record_run

    def timed() -> None:
        found = find_project(project)
        with (
            found.open() as warehouse,
            record_run(warehouse, command=command, target=found.target, as_of=AS_OF) as run,
        ):
            work(warehouse, found, run)

    return timed
